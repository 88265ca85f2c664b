import DLCGraph
import DLCRuntime

/// A sequence with one more tensor, in front of that at a position, or at the end (ONNX SequenceInsert).
public struct SequenceInsert: ReadsContainers {
    public init() {}

    public var definition: OperatorDefinition { Self.definition }

    public static let definition = OperatorDefinition(
        SequenceInsert(), name: "sequence_insert", operands: ["sequence", "x", "position?"],
        onnx: [
            ONNXMapping(
                "SequenceInsert",
                read: { reader in
                    try reader.allowAttributes([])
                    if var tensors = reader.knownSequence(0) {
                        let position = try reader.operand(2) == nil ? tensors.count : reader.knownPosition(2)
                        if let position {
                            let place = try SequencePosition.resolve(position, of: tensors.count, isNew: true)
                            let type = try reader.fact(0).element
                            tensors.insert(try reader.required(1), at: place)
                            guard try reader.fact(1).element == type else {
                                throw DLCError("x is \(try reader.fact(1).type), the sequence holds \(type)")
                            }
                            return try reader.add(MakeSequence(), tensors)
                        }
                    }
                    return try reader.add(SequenceInsert(), reader.operands)
                },
                write: { writer in
                    try writer.require(11, "SequenceInsert")
                    writer.node("SequenceInsert")
                })
        ], examples: { [] })

    public func infer(_ context: inout InferContext) throws -> [Fact] {
        let (element, elements) = try context.sequence(0)
        let x = try context.tensor(1)
        guard x.element == element else { throw DLCError("x is \(x.type), the sequence holds \(element)") }
        try context.expectPosition(2)
        return [Fact(TensorType(element, Container(.sequence, elements.joined(with: x.type.elements))))]
    }

    public func evaluate(values: [Datum?]) throws -> [Datum] {
        var tensors = try Oracle.sequence(values, 0)
        guard let x = try values[1]?.tensor else { throw DLCError("operand 1 is missing") }
        let position = try SequencePosition.read(values, 2) ?? tensors.count
        tensors.insert(x, at: try SequencePosition.resolve(position, of: tensors.count, isNew: true))
        return [.sequence(tensors)]
    }
}

extension SequenceInsert: ScheduledOperator {
    package func item(_ node: Node, _ graph: Graph) throws -> ScheduledItem { ScheduledItem(.sequenceInsert) }
}
