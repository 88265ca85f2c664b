import DLCGraph

/// Operators over values that hold tensors: sequences and optionals.
///
/// Where files are read, what is known of a sequence's structure is followed (`KnownSequences`), so these remain where only data
/// know a length or a position, and where sequences are inputs and outputs. Each is a step of a schedule of its own.
enum SequenceOps {
    static let definitions: [OperatorDefinition] = [
        MakeSequence.definition, SequenceAt.definition, SequenceInsert.definition, SequenceErase.definition, SequenceLength.definition,
        SplitToSequence.definition, ConcatFromSequence.definition, MakeOptional.definition, OptionalHasElement.definition,
        OptionalGetElement.definition,
    ]
}

/// Places in sequences.
enum SequencePosition {
    /// The place counted from the front.
    /// - Parameter isNew: whether it is one to insert at, which may be behind the last tensor.
    /// - Throws: where there is no such place.
    static func resolve(_ position: Int, of length: Int, isNew: Bool = false) throws -> Int {
        let most = isNew ? length : length - 1
        guard position >= -length, position <= most else {
            throw DLCError("position \(position) is outside a sequence of \(length) tensors; expected \(-length) ... \(most)")
        }
        return position < 0 ? position + length : position
    }

    /// The number of an operand that holds one.
    static func read(_ values: [Datum?], _ index: Int) throws -> Int? {
        guard index < values.count, let tensor = try values[index]?.tensor else { return nil }
        guard tensor.count == 1 else { throw DLCError("the position is \(tensor.type)\(tensor.shape); expected one number") }
        return Int(try tensor.integers()[0])
    }
}

extension InferContext {
    /// Throws where an operand that may be left out is no position.
    func expectPosition(_ index: Int) throws {
        guard optional(index) != nil else { return }
        try expect(index, "position", [.int32, .int64])
        let type = try operand(index).type
        guard type.container == nil, try type.shape.product() == 1 || type.shape.constants == nil else {
            throw DLCError("position is \(type); expected one number")
        }
    }

    /// A shape in which each extent that is not known is one of its own.
    func opened(_ extents: [Int?], _ hint: String) -> Shape { extents.map { $0.map { Dim($0) } ?? unknown(hint) } }

    /// The extents of a sequence's tensors.
    /// - Throws: where their ranks are not known.
    func extents(_ index: Int) throws -> (element: ElementType, extents: [Int?]) {
        let (element, elements) = try sequence(index)
        switch elements {
        case .shape(let extents): return (element, extents)
        case .any:
            throw DLCError(
                "the number of dimensions of the tensors in \(try operand(index).type) must be known; give the sequence's tensors a shape")
        case .none: throw DLCError("the sequence is empty; there is no tensor in \(try operand(index).type) whose shape could be known")
        }
    }
}

extension Oracle {
    /// A required operand that is a sequence.
    static func sequence(_ values: [Datum?], _ index: Int) throws -> [Tensor] {
        guard index < values.count, let value = values[index] else { throw DLCError("operand \(index) is missing") }
        return try value.tensors
    }
}
