import DLCGraph
import DLCRuntime

/// A sequence of tensors of one element type (ONNX SequenceConstruct; SequenceEmpty where there are none).
public struct MakeSequence: ReadsContainers {
    /// The element type where there are no tensors.
    public var type: ElementType

    public init(type: ElementType = .float32) { self.type = type }

    public var definition: OperatorDefinition { Self.definition }

    public static let definition = OperatorDefinition(
        MakeSequence(), name: "sequence", operands: ["x...?"],
        onnx: [
            ONNXMapping(
                "SequenceConstruct",
                read: { reader in
                    try reader.allowAttributes([])
                    _ = try reader.fact(0)
                    return try reader.add(MakeSequence(), reader.operands)
                }, write: write),
            ONNXMapping(
                "SequenceEmpty",
                read: { reader in
                    try reader.allowAttributes(["dtype"])
                    let code: Int = try reader.attribute("dtype") ?? ElementType.float32.onnx
                    guard let type = ElementType(onnx: code) else { throw DLCError("element type \(code) of dtype is not supported") }
                    return try reader.add(MakeSequence(type: type), [])
                }, write: write),
        ], examples: { [] }
    ) {
        Attribute("type", \.type)
    }

    private static let write: @Sendable (inout ONNXWriter) throws -> Void = { writer in
        try writer.require(11, "a sequence")
        guard writer.inputs.isEmpty, let op = writer.op as? MakeSequence else { return writer.node("SequenceConstruct") }
        writer.node("SequenceEmpty", attributes: [("dtype", .int(op.type.onnx))])
    }

    public func infer(_ context: inout InferContext) throws -> [Fact] {
        var (element, elements) = (type, Container.Elements.none)
        for index in 0..<context.count {
            let fact = try context.tensor(index)
            if index == 0 { element = fact.element }
            guard fact.element == element else {
                throw DLCError("tensor \(index) is \(fact.type), the first is \(element); a sequence has one element type")
            }
            elements = elements.joined(with: fact.type.elements)
        }
        return [Fact(TensorType(element, Container(.sequence, elements)))]
    }

    public func evaluate(values: [Datum?]) throws -> [Datum] {
        [
            .sequence(
                try values.map { value in
                    guard let value else { throw DLCError("a tensor of the sequence is missing") }
                    return try value.tensor
                })
        ]
    }
}

extension MakeSequence: ScheduledOperator {
    package func item(_ node: Node, _ graph: Graph) throws -> ScheduledItem { ScheduledItem(.sequence) }
}
