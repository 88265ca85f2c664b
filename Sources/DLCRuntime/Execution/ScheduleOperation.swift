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
            return [x, try numbers(x, isSigned: item.parameters[0] != 0)]
        case .measure: return [try operand(0)]
        case .nonZero: return [try nonZero(operand(0))]
        case .compress: return [try compress(operand(0), operand(1), axis: item.parameters.first)]
        case .unique:
            return try unique(operand(0), isSorted: item.parameters[0] != 0, axis: item.parameters.count > 1 ? item.parameters[1] : nil)
        case .range: return [try range((0..<3).map(operand))]
        default: throw DLCError("\(item.kind.choiceName ?? "an item") is not computed here")
        }
    }

    private static func numbers(_ x: Tensor, isSigned: Bool) throws -> Tensor {
        guard !x.type.isFloat, x.count <= 64 else { throw DLCError("\(x.type)\(x.shape) holds no extents") }
        var extents = [0]
        for number in try x.integers() {
            // Beyond that no tensor has as many elements, and no sum overflows.
            let number = Int(max(-1 << 48, min(1 << 48, number)))
            if isSigned {
                extents += [max(number, 0), max(-number, 0)]
            } else {
                guard number >= 0 else { throw DLCError("a number of elements is \(number), as the data say; expected 0 or more") }
                extents.append(number)
            }
        }
        return try Tensor(type: .bool, shape: extents) { _ in }
    }

    /// `start + i · delta` up to but without `limit`.
    private static func range(_ operands: [Tensor]) throws -> Tensor {
        guard operands.allSatisfy({ $0.count == 1 && $0.type == operands[0].type }) else {
            throw DLCError("the limits are no scalars of one type")
        }
        let numbers = try operands.map { try $0.doubles()[0] }
        let steps = ((numbers[1] - numbers[0]) / numbers[2]).rounded(.up)
        guard steps.isFinite, steps < 0x1p40 else {
            throw DLCError("the range from \(numbers[0]) to \(numbers[1]) by \(numbers[2]) has no end")
        }
        let (count, type) = (Int(max(steps, 0)), operands[0].type)
        if type.isFloat { return try Tensor(doubles: (0..<count).map { numbers[0] + Double($0) * numbers[2] }, type: type, shape: [count]) }
        let (start, delta) = (try operands[0].integers()[0], try operands[2].integers()[0])
        return try Tensor(integers: (0..<count).map { start &+ Int64($0) &* delta }, type: type, shape: [count])
    }

    /// The places of elements other than zero, one column each, in row-major order.
    private static func nonZero(_ x: Tensor) throws -> Tensor {
        let found = x.withUnsafeBytes { bytes in
            switch (x.type.size, x.type.isFloat) {
            case (1, _): places(of: UInt8.max, in: bytes)
            case (2, let isFloat): places(of: UInt16.max >> (isFloat ? 1 : 0), in: bytes)
            case (4, let isFloat): places(of: UInt32.max >> (isFloat ? 1 : 0), in: bytes)
            default: places(of: UInt64.max >> (x.type.isFloat ? 1 : 0), in: bytes)
            }
        }
        return try Tensor(type: .int64, shape: [x.rank, found.count]) { target in
            var inner = 1
            for axis in (0..<x.rank).reversed() {
                let row = target.baseAddress.map { $0 + axis * found.count * 8 }
                let extent = x.shape[axis]
                for (index, place) in found.enumerated() {
                    row?.storeBytes(of: Int64(place / inner % extent), toByteOffset: index * 8, as: Int64.self)
                }
                inner *= extent
            }
        }
    }

    /// Where elements have bits under a mask; a float's sign says nothing.
    private static func places<T: FixedWidthInteger>(of mask: T, in bytes: UnsafeRawBufferPointer) -> [Int] {
        var found: [Int] = []
        for index in 0..<bytes.count / MemoryLayout<T>.size
        where bytes.loadUnaligned(fromByteOffset: index * MemoryLayout<T>.size, as: T.self) & mask != 0 { found.append(index) }
        return found
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
