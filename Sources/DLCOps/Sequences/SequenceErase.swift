import DLCGraph
import DLCRuntime

/// A sequence without the tensor at a position, or without the last (ONNX SequenceErase).
public struct SequenceErase: ReadsContainers {
    public init() {}

    public var definition: OperatorDefinition { Self.definition }

    public static let definition = OperatorDefinition(
        SequenceErase(), name: "sequence_erase", operands: ["sequence", "position?"],
        onnx: [
            ONNXMapping(
                "SequenceErase",
                read: { reader in
                    try reader.allowAttributes([])
                    if var tensors = reader.knownSequence(0), let position = try reader.operand(1) == nil ? -1 : reader.knownPosition(1) {
                        tensors.remove(at: try SequencePosition.resolve(position, of: tensors.count))
                        return try reader.addSequence(of: reader.fact(0).element, tensors)
                    }
                    return try reader.add(SequenceErase(), reader.operands)
                },
                write: { writer in
                    try writer.require(11, "SequenceErase")
                    writer.node("SequenceErase")
                })
        ], examples: { [] })

    public func infer(_ context: inout InferContext) throws -> [Fact] {
        let (element, elements) = try context.sequence(0)
        try context.expectPosition(1)
        return [Fact(TensorType(element, Container(.sequence, elements)))]
    }

    public func evaluate(values: [Datum?]) throws -> [Datum] {
        var tensors = try Oracle.sequence(values, 0)
        tensors.remove(at: try SequencePosition.resolve(SequencePosition.read(values, 1) ?? -1, of: tensors.count))
        return [.sequence(tensors)]
    }
}

extension SequenceErase: ScheduledOperator {
    package func item(_ node: Node, _ graph: Graph) throws -> ScheduledItem { ScheduledItem(.sequenceErase) }
}
