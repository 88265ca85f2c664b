import DLCTensor

/// What a schedule does with sequences and optionals.
///
/// A sequence holds its tensors where they lie. It grows and shrinks in place where nobody else holds it.
enum SequenceOperation {
    /// The result of an item over sequences or optionals.
    /// - Parameters:
    ///   - operands: the first is gone afterwards where its sequence has become the result's.
    ///   - limit: the most tensors that a sequence may hold.
    /// - Throws: where an operand is missing or of another kind, a position outside, or the result beyond the limit.
    static func run(_ item: Schedule.Item, _ operands: inout [Datum?], limit: Int) throws -> Datum {
        switch item.kind {
        case .sequenceInsert, .sequenceErase: return try changed(item.kind, &operands, limit)
        default: return try run(item, operands, limit: limit)
        }
    }

    private static func run(_ item: Schedule.Item, _ operands: [Datum?], limit: Int) throws -> Datum {
        func operand(_ index: Int) throws -> Datum {
            guard index < operands.count, let value = operands[index] else { throw DLCError("operand \(index) is missing") }
            return value
        }
        switch item.kind {
        case .sequence: return .sequence(try held(operands.indices.map { try operand($0).tensor }, limit))
        case .sequenceAt:
            let tensors = try operand(0).tensors
            return .tensor(tensors[try place(position(operands, 1) ?? -1, of: tensors.count)])
        case .sequenceLength: return .tensor(try Tensor([Int64(operand(0).tensors.count)], shape: []))
        case .splitToSequence:
            let sizes = operands.count > 1 ? try operands[1]?.tensor : nil
            let (axis, keepsAxis) = (item.parameters[0], item.parameters[1] != 0)
            return .sequence(try split(operand(0).tensor, sizes, axis: axis, keepsAxis: keepsAxis, limit))
        case .concatFromSequence: return .tensor(try joined(operand(0).tensors, axis: item.parameters[0], isNewAxis: item.parameters[1] != 0))
        case .optional: return operands.isEmpty ? .absent : try operand(0)
        case .hasElement: return .tensor(try Tensor([!operand(0).isAbsent], shape: []))
        case .getElement:
            let value = try operand(0)
            if value.isAbsent { throw DLCError("the optional holds nothing") }
            return value
        default: throw DLCError("\(item.kind.choiceName ?? "an item") is not computed here")
        }
    }

    /// The sequence with one tensor more or one less.
    private static func changed(_ kind: Schedule.Kind, _ operands: inout [Datum?], _ limit: Int) throws -> Datum {
        guard !operands.isEmpty, var tensors = try operands[0]?.tensors else { throw DLCError("operand 0 is missing") }
        // From here on the array has one holder, if nobody outside has it.
        operands[0] = nil
        if kind == .sequenceErase {
            tensors.remove(at: try place(position(operands, 1) ?? -1, of: tensors.count))
        } else {
            guard operands.count > 1, let x = try operands[1]?.tensor else { throw DLCError("operand 1 is missing") }
            if let first = tensors.first { try check(x, beside: first) }
            try check(tensors.count + 1, limit)
            tensors.insert(x, at: try place(position(operands, 2) ?? tensors.count, of: tensors.count, isNew: true))
        }
        return .sequence(tensors)
    }

    /// The integer that an operand holds; nil where it is left out.
    private static func position(_ operands: [Datum?], _ index: Int) throws -> Int? {
        guard index < operands.count, let value = operands[index] else { return nil }
        let tensor = try value.tensor
        guard tensor.count == 1, [.int64, .int32].contains(tensor.type) else {
            throw DLCError("the position is \(tensor.type)\(tensor.shape); expected one integer")
        }
        return Int(try tensor.integers()[0])
    }

    /// A position counted from the front.
    private static func place(_ position: Int, of length: Int, isNew: Bool = false) throws -> Int {
        let most = isNew ? length : length - 1
        guard position >= -length, position <= most else {
            let expected = length == 0 && !isNew ? "there are none" : "expected \(-length) ... \(most)"
            throw DLCError("position \(position) is outside a sequence of \(length) tensors; \(expected)")
        }
        return position < 0 ? position + length : position
    }

    /// Tensors that may be one sequence.
    private static func held(_ tensors: [Tensor], _ limit: Int) throws -> [Tensor] {
        try check(tensors.count, limit)
        for tensor in tensors.dropFirst() { try check(tensor, beside: tensors[0]) }
        return tensors
    }

    private static func check(_ tensor: Tensor, beside first: Tensor) throws {
        guard tensor.type == first.type else { throw DLCError("a sequence of \(first.type) is given \(tensor.type)\(tensor.shape)") }
    }

    private static func check(_ count: Int, _ limit: Int) throws {
        guard count <= limit else { throw DLCError("a sequence would hold \(count) tensors; the limit is \(limit)") }
    }

    /// Parts of x along an axis: of the extents that `sizes` says, of one extent that all but the last have, or slices.
    private static func split(_ x: Tensor, _ sizes: Tensor?, axis: Int, keepsAxis: Bool, _ limit: Int) throws -> [Tensor] {
        guard axis >= 0, axis < x.rank else { throw DLCError("axis \(axis) is outside \(x.type)\(x.shape)") }
        let extent = x.shape[axis]
        let parts: [Int]
        if let sizes, sizes.rank > 0 {
            try check(sizes.count, limit)
            parts = try sizes.integers().map { Int($0) }
            var rest = extent
            for part in parts {
                guard part >= 0, part <= rest else { throw DLCError("parts \(parts.prefix(16)) do not sum to dimension \(axis) of \(x.shape)") }
                rest -= part
            }
            guard rest == 0 else { throw DLCError("parts \(parts.prefix(16)) do not sum to dimension \(axis) of \(x.shape)") }
        } else {
            let part = try sizes.map { try Int($0.integers()[0]) } ?? 1
            guard part > 0 else { throw DLCError("parts have \(part) elements; expected at least 1") }
            let count = extent / part + (extent % part == 0 ? 0 : 1)
            try check(count, limit)
            parts = (0..<count).map { min(part, extent - $0 * part) }
        }
        let outer = x.shape[..<axis].reduce(1, *)
        let row = x.shape[(axis + 1)...].reduce(x.type.size, *)
        var start = 0
        return try parts.map { part in
            defer { start += part }
            var shape = x.shape
            if sizes == nil, !keepsAxis { shape.remove(at: axis) } else { shape[axis] = part }
            return try Tensor(type: x.type, shape: shape) { target in
                x.withUnsafeBytes { source in
                    guard row * part > 0, let write = target.baseAddress, let read = source.baseAddress else { return }
                    for index in 0..<outer {
                        (write + index * part * row).copyMemory(from: read + (index * extent + start) * row, byteCount: part * row)
                    }
                }
            }
        }
    }

    /// All tensors one after another along an axis, or stacked along a new one.
    private static func joined(_ tensors: [Tensor], axis: Int, isNewAxis: Bool) throws -> Tensor {
        guard let first = tensors.first else { throw DLCError("the sequence is empty; there is nothing to join") }
        guard axis >= 0, axis < first.rank + (isNewAxis ? 1 : 0) else {
            throw DLCError("axis \(axis) is outside \(first.type)\(first.shape)")
        }
        var shape = first.shape
        if isNewAxis { shape.insert(1, at: axis) }
        var total = 0
        for (index, tensor) in tensors.enumerated() {
            var own = tensor.shape
            if isNewAxis, axis <= own.count { own.insert(1, at: axis) }
            let fits =
                tensor.type == first.type && own.count == shape.count && own.indices.allSatisfy { $0 == axis || own[$0] == shape[$0] }
            guard fits else {
                throw DLCError("tensor \(index) of the sequence is \(tensor.shape), the first \(first.shape); they do not join along \(axis)")
            }
            total = try Checked.add(total, own[axis])
        }
        shape[axis] = total
        let outer = shape[..<axis].reduce(1, *)
        return try Tensor(type: first.type, shape: shape) { target in
            guard var write = target.baseAddress, target.count > 0 else { return }
            for index in 0..<outer {
                for tensor in tensors {
                    tensor.withUnsafeBytes { source in
                        let bytes = source.count / outer
                        guard bytes > 0, let read = source.baseAddress else { return }
                        write.copyMemory(from: read + index * bytes, byteCount: bytes)
                        write += bytes
                    }
                }
            }
        }
    }
}
