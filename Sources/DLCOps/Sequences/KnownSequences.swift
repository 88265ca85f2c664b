import DLCGraph

/// Sequences whose structure is known where files are read: those that a `sequence` of this graph makes.
extension ONNXReader {
    /// The tensors of an operand that is such a sequence.
    func knownSequence(_ index: Int) -> [Value]? { operand(index).flatMap { builder.knownSequence($0) } }

    /// The sequence of some tensors of an element type as the node's result.
    mutating func addSequence(of type: ElementType, _ tensors: [Value]) throws -> [Value] {
        // The type says something where there are no tensors only.
        try add(tensors.isEmpty ? MakeSequence(type: type) : MakeSequence(), tensors)
    }

    /// A position that does not depend on data.
    func knownPosition(_ index: Int) throws -> Int? {
        guard let known = try InferenceRules.known(required(index), builder), known.count == 1 else { return nil }
        return known[0].constant
    }
}

extension GraphBuilder {
    /// The tensors of a sequence whose structure is known.
    public func knownSequence(_ value: Value) -> [Value]? {
        guard let maker = producer(of: value), maker.op is MakeSequence else { return nil }
        return maker.operands.compactMap(\.self)
    }
}
