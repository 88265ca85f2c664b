import DLCGraph
import DLCRuntime

/// The number of tensors in a sequence, `i64[]` (ONNX SequenceLength).
public struct SequenceLength: ReadsContainers {
    public init() {}

    public var definition: OperatorDefinition { Self.definition }

    public static let definition = OperatorDefinition(
        SequenceLength(), name: "sequence_length", operands: ["sequence"],
        onnx: [
            ONNXMapping(
                "SequenceLength",
                read: { reader in
                    try reader.allowAttributes([])
                    if let tensors = reader.knownSequence(0) { return [reader.constant(try Tensor([Int64(tensors.count)], shape: []))] }
                    return try reader.add(SequenceLength(), reader.operands)
                },
                write: { writer in
                    try writer.require(11, "SequenceLength")
                    writer.node("SequenceLength")
                })
        ], examples: { [] })

    public func infer(_ context: inout InferContext) throws -> [Fact] {
        _ = try context.sequence(0)
        return [Fact(.int64, [])]
    }

    public func evaluate(values: [Datum?]) throws -> [Datum] {
        [.tensor(try Tensor([Int64(Oracle.sequence(values, 0).count)], shape: []))]
    }
}

extension SequenceLength: ScheduledOperator {
    package func item(_ node: Node, _ graph: Graph) throws -> ScheduledItem { ScheduledItem(.sequenceLength) }
}
