import DLCTensor

/// What a schedule computes itself because only the data say how large the results are.
enum ScheduleOperation {
    /// The results of an item that is neither a program nor runs blocks.
    /// - Throws: where an operand is missing or of another type or shape than the kind takes.
    static func run(_ item: Schedule.Item, _ operands: [Tensor?]) throws -> [Tensor] {
        func operand(_ index: Int) throws -> Tensor {
            guard index < operands.count, let tensor = operands[index] else { throw DLCError("operand \(index) is missing") }
            return tensor
        }
        switch item.kind {
        case .numbers:
            let x = try operand(0)
            return [x, try x.asExtents(isSigned: item.parameters[0] != 0)]
        case .measure: return [try operand(0)]
        case .nonZero: return [try nonZero(operand(0))]
        case .compress: return [try compress(operand(0), operand(1), axis: item.parameters.first)]
        case .unique:
            return try unique(operand(0), isSorted: item.parameters[0] != 0, axis: item.parameters.count > 1 ? item.parameters[1] : nil)
        case .picture:
            guard let format = PictureDecoding.Format(rawValue: item.parameters[0]) else { throw DLCError("pixels have an unknown format") }
            return [try PictureDecoding.decode(operand(0), format)]
        case .range: return [try Tensor.range((0..<3).map(operand))]
        default: throw DLCError("\(item.kind.choiceName ?? "an item") is not computed here")
        }
    }

    /// The places of elements other than zero, one column each, in row-major order.
    private static func nonZero(_ x: Tensor) throws -> Tensor {
        let found = try x.withUnsafeBytes { bytes in
            switch (x.type.size, x.type.isFloat) {
            // Narrow floats have zeros of two signs or of one.
            case (1, true): try x.doubles().enumerated().filter { $0.element != 0 }.map(\.offset)
            case (1, _): places(of: UInt8.max, in: bytes)
            case (2, let isFloat): places(of: UInt16.max >> (isFloat ? 1 : 0), in: bytes)
            case (4, let isFloat): places(of: UInt32.max >> (isFloat ? 1 : 0), in: bytes)
            default: places(of: UInt64.max >> (x.type.isFloat ? 1 : 0), in: bytes)
            }
        }
        return try Tensor(type: .int64, shape: [x.rank, found.count]) { target in
            guard x.rank > 0, let rows = target.bindMemory(to: Int64.self).baseAddress else { return }
            // Places ascend, so that the row which holds one is found from the row of the one before.
            let extent = x.shape[x.rank - 1]
            var coordinates = [Int](repeating: 0, count: x.rank - 1)
            var begin = 0
            for (index, place) in found.enumerated() {
                while place - begin >= extent {
                    begin += extent
                    for axis in coordinates.indices.reversed() {
                        coordinates[axis] += 1
                        if coordinates[axis] < x.shape[axis] { break }
                        coordinates[axis] = 0
                    }
                }
                for axis in coordinates.indices { rows[axis * found.count + index] = Int64(coordinates[axis]) }
                rows[coordinates.count * found.count + index] = Int64(place - begin)
            }
        }
    }

    /// Where elements have bits under a mask; a float's sign says nothing.
    private static func places<T: FixedWidthInteger>(of mask: T, in bytes: UnsafeRawBufferPointer) -> [Int] {
        let elements = 0..<bytes.count / MemoryLayout<T>.size
        func isOther(_ index: Int) -> Int { bytes.loadUnaligned(fromByteOffset: index * MemoryLayout<T>.size, as: T.self) & mask != 0 ? 1 : 0 }
        let count = elements.reduce(0) { $0 + isOther($1) }
        // Every place is written, and stays where the element counts; the last one that does not is written behind all others.
        return Array(unsafeUninitializedCapacity: count + 1) { places, found in
            for index in elements {
                places[found] = index
                found += isOther(index)
            }
        }
    }

    private static func compress(_ x: Tensor, _ condition: Tensor, axis: Int?) throws -> Tensor {
        let axis = axis ?? -1
        guard condition.type == .bool, condition.rank == 1, axis < x.rank, axis >= -1 else {
            throw DLCError("the condition is \(condition.type)\(condition.shape)")
        }
        let shape = axis < 0 ? [x.count] : x.shape
        let place = max(axis, 0)
        guard condition.count <= shape[place] else { throw DLCError("the condition has \(condition.count) elements for \(shape[place])") }
        let chosen = condition.withUnsafeBytes { bytes in bytes.indices.filter { bytes[$0] != 0 } }
        let row = shape[(place + 1)...].reduce(x.type.size, *)
        var result = shape
        result[place] = chosen.count
        return try Tensor(type: x.type, shape: result) { target in
            x.withUnsafeBytes { source in
                guard row > 0, var write = target.baseAddress, let start = source.baseAddress else { return }
                for outer in 0..<shape[..<place].reduce(1, *) {
                    for index in chosen {
                        write.copyMemory(from: start + (outer * shape[place] + index) * row, byteCount: row)
                        write += row
                    }
                }
            }
        }
    }
}
