import DLCGraph

/// x where it is not negative, else slope · x. The slope broadcasts to x's shape (ONNX PRelu, unidirectional).
public struct PRelu: Operator {
    public init() {}

    public var definition: OperatorDefinition { Self.definition }

    public static let definition = OperatorDefinition(
        PRelu(), name: "prelu", operands: ["x", "slope"], traits: [.elementwise, .inPlaceable],
        onnx: [
            ONNXMapping(
                "PRelu",
                read: { reader in
                    let (x, slope) = (try reader.fact(0), try reader.fact(1))
                    // Before opset 7 a vector has a slope for each channel, whatever follows.
                    guard reader.opset < 7, slope.rank == 1, x.rank > 2 else {
                        return try reader.add(reader.configured(PRelu(), ignoring: ["consumed_inputs"]), reader.operands)
                    }
                    let channels = try reader.reshape(reader.required(1), slope.shape + Shape(repeating: 1, count: x.rank - 2))
                    return try reader.add(reader.configured(PRelu(), ignoring: ["consumed_inputs"]), [reader.operand(0), channels])
                },
                write: { writer in
                    try writer.require(7, "PRelu")
                    writer.node("PRelu")
                })
        ],
        examples: {
            let x = try Tensor.random(seed: 1, shape: [2, 3, 4, 5])
            return [
                Example("per channel", PRelu(), [x, try Tensor.random(seed: 2, shape: [3, 1, 1])]),
                Example("one slope", PRelu(), [x, try Tensor([0.25] as [Float], shape: [1])]),
                Example("f16", PRelu(), [try x.converted(to: .float16), try Tensor.random(seed: 3, type: .float16, shape: [5])]),
            ]
        })

    public func infer(_ context: inout InferContext) throws -> [Fact] {
        try context.expect(0, "x", ElementType.signedNumbers + [.uint32, .uint64])
        try context.expect(1, "slope", sameTypeAs: 0)
        let (x, slope) = (try context.operand(0), try context.operand(1))
        try context.require(slope.shape, expandsTo: x.shape, "slope \(slope.type) broadcasts to x \(x.type)")
        return [Fact(x.element, x.shape)]
    }

    public func evaluate(_ operands: [Tensor?]) throws -> [Tensor] {
        let x = try Oracle.operand(operands, 0)
        let slope = try Oracle.operand(operands, 1).broadcast(to: x.shape)
        if x.type.isFloat {
            let values = zip(try x.doubles(), try slope.doubles()).map { $0 < 0 ? $0 * $1 : $0 }
            return [try Tensor(doubles: values, type: x.type, shape: x.shape)]
        }
        let values = zip(try x.integers(), try slope.integers()).map { x.type.isSigned && $0 < 0 ? $0 &* $1 : $0 }
        return [try Tensor(integers: values, type: x.type, shape: x.shape)]
    }
}
