import DLCGraph
import DLCRuntime

/// The tensors of a sequence one after another along an axis, or stacked along a new one (ONNX ConcatFromSequence).
public struct ConcatFromSequence: ReadsContainers {
    public var axis: Int
    public var isNewAxis: Bool

    public init(axis: Int = 0, isNewAxis: Bool = false) { (self.axis, self.isNewAxis) = (axis, isNewAxis) }

    public var definition: OperatorDefinition { Self.definition }

    public static let definition = OperatorDefinition(
        ConcatFromSequence(), name: "concat_from_sequence", operands: ["sequence"],
        onnx: [
            ONNXMapping(
                "ConcatFromSequence",
                read: { reader in
                    guard reader.attributes["axis"] != nil else { throw DLCError("attribute axis is missing") }
                    let op: ConcatFromSequence = try reader.configured(ConcatFromSequence())
                    guard let tensors = reader.knownSequence(0), !tensors.isEmpty else { return try reader.add(op, reader.operands) }
                    return try reader.add(Concat(axis: op.axis), op.isNewAxis ? tensors.map { try op.widened($0, &reader) } : tensors)
                },
                write: { writer in
                    try writer.require(11, "ConcatFromSequence")
                    guard let op = writer.op as? ConcatFromSequence else { return }
                    let attributes: [(name: String, value: AttributeValue)] = [("axis", .int(op.axis)), ("new_axis", .bool(op.isNewAxis))]
                    writer.node("ConcatFromSequence", attributes: attributes)
                })
        ], examples: { [] }
    ) {
        Attribute("axis", \.axis)
        Attribute("new_axis", \.isNewAxis)
    }

    private func widened(_ value: Value, _ reader: inout ONNXReader) throws -> Value {
        var shape = reader.builder.shape(value)
        shape.insert(1, at: try InferenceRules.axis(axis, rank: shape.count + 1))
        return try reader.add1(Reshape(shape: shape), [value])
    }

    public func infer(_ context: inout InferContext) throws -> [Fact] {
        let (element, known) = try context.extents(0)
        var extents = known
        let axis = try InferenceRules.axis(axis, rank: extents.count + (isNewAxis ? 1 : 0))
        if isNewAxis { extents.insert(nil, at: axis) } else { extents[axis] = nil }
        return [Fact(element, context.opened(extents, "joined"))]
    }

    public func evaluate(values: [Datum?]) throws -> [Datum] {
        var tensors = try Oracle.sequence(values, 0)
        guard let first = tensors.first else { throw DLCError("the sequence is empty; there is nothing to join") }
        guard tensors.allSatisfy({ $0.rank == first.rank }) else { throw DLCError("tensors to join differ in rank") }
        let axis = try InferenceRules.axis(axis, rank: first.rank + (isNewAxis ? 1 : 0))
        if isNewAxis {
            tensors = try tensors.map { tensor in
                var shape = tensor.shape
                shape.insert(1, at: axis)
                return try tensor.reshaped(shape)
            }
        }
        for tensor in tensors {
            for other in tensor.shape.indices where other != axis && tensor.shape[other] != tensors[0].shape[other] {
                throw DLCError("tensors \(tensors[0].shape) and \(tensor.shape) do not join along dimension \(axis)")
            }
        }
        return [.tensor(try Concat.joined(tensors, axis: axis))]
    }
}

extension ConcatFromSequence: ScheduledOperator {
    package func item(_ node: Node, _ graph: Graph) throws -> ScheduledItem {
        let rank = graph.shape(node.results[0]).count
        return ScheduledItem(.concatFromSequence, [try InferenceRules.axis(axis, rank: rank), isNewAxis ? 1 : 0])
    }
}
