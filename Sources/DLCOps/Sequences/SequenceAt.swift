import DLCGraph
import DLCRuntime

/// The tensor of a sequence at a position, from the end where it is below 0 (ONNX SequenceAt). Extents that differ from tensor to
/// tensor are known when it has run.
public struct SequenceAt: ReadsContainers {
    public init() {}

    public var definition: OperatorDefinition { Self.definition }

    public static let definition = OperatorDefinition(
        SequenceAt(), name: "sequence_at", operands: ["sequence", "position"],
        onnx: [
            ONNXMapping(
                "SequenceAt",
                read: { reader in
                    try reader.allowAttributes([])
                    if let tensors = reader.knownSequence(0), let position = try reader.knownPosition(1) {
                        return [tensors[try SequencePosition.resolve(position, of: tensors.count)]]
                    }
                    return try reader.add(SequenceAt(), reader.operands)
                },
                write: { writer in
                    try writer.require(11, "SequenceAt")
                    writer.node("SequenceAt")
                })
        ], examples: { [] })

    public func infer(_ context: inout InferContext) throws -> [Fact] {
        let (element, extents) = try context.extents(0)
        _ = try context.operand(1)
        try context.expectPosition(1)
        return [Fact(element, context.opened(extents, "at"))]
    }

    public func evaluate(values: [Datum?]) throws -> [Datum] {
        let tensors = try Oracle.sequence(values, 0)
        guard let position = try SequencePosition.read(values, 1) else { throw DLCError("operand 1 is missing") }
        return [.tensor(tensors[try SequencePosition.resolve(position, of: tensors.count)])]
    }
}

extension SequenceAt: ScheduledOperator {
    package func item(_ node: Node, _ graph: Graph) throws -> ScheduledItem { ScheduledItem(.sequenceAt) }
}
