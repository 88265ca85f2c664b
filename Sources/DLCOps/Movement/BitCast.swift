import DLCGraph

/// The same bytes as elements of another type of the same size (ONNX BitCast).
public struct BitCast: Operator {
    public var to: ElementType

    public init(to: ElementType = .int32) { self.to = to }

    public var definition: OperatorDefinition { Self.definition }

    public static let definition = OperatorDefinition(
        BitCast(), name: "bit_cast", operands: ["x"], traits: [.movesData, .inPlaceable],
        onnx: [
            ONNXMapping(
                "BitCast",
                read: { reader in
                    try reader.allowAttributes(["to"])
                    guard let code: Int = try reader.attribute("to"), let type = ElementType(onnx: code) else {
                        throw DLCError("attribute to is missing or names a type that is not supported")
                    }
                    return type == (try reader.fact(0)).element
                        ? [try reader.required(0)] : try reader.add(BitCast(to: type), [reader.required(0)])
                },
                write: { writer in
                    guard let op = writer.op as? BitCast else { return }
                    try writer.require(26, "BitCast")
                    writer.node("BitCast", attributes: [("to", .type(op.to))])
                })
        ],
        examples: {
            [
                Example("f32 to i32", BitCast(), [try .random(seed: 1, shape: [2, 3])], isDifferentiable: false),
                Example("u16 to i16", BitCast(to: .int16), [try .random(seed: 2, type: .uint16, shape: [5])], isDifferentiable: false),
            ]
        }
    ) {
        Attribute("to", \.to)
    }

    public func infer(_ context: inout InferContext) throws -> [Fact] {
        let x = try context.operand(0)
        guard x.element.size == to.size, x.element != .string, to != .string else { throw DLCError("x is \(x.type); \(to) has elements of another size") }
        return [Fact(to, x.shape)]
    }

    public func evaluate(_ operands: [Tensor?]) throws -> [Tensor] {
        let x = try Oracle.operand(operands, 0)
        return [
            try Tensor(type: to, shape: x.shape) { target in
                x.withUnsafeBytes { target.copyMemory(from: UnsafeRawBufferPointer(rebasing: $0[..<x.byteCount])) }
            }
        ]
    }
}
