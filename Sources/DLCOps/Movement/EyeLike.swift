import DLCGraph

/// Ones on the `k`-th diagonal of a matrix, zeros elsewhere (ONNX EyeLike, which takes the shape from a tensor).
public struct EyeLike: Operator {
    public var shape: [Dim]
    public var k: Int
    public var to: ElementType

    public init(shape: [Dim] = [0, 0], k: Int = 0, to: ElementType = .float32) {
        self.shape = shape
        self.k = k
        self.to = to
    }

    public var definition: OperatorDefinition { Self.definition }

    public static let definition = OperatorDefinition(
        EyeLike(), name: "eye_like", operands: [],
        onnx: [
            ONNXMapping(
                "EyeLike",
                read: { reader in
                    try reader.allowAttributes(["dtype", "k"])
                    let x = try reader.fact(0)
                    var type = x.element
                    if let code: Int = try reader.attribute("dtype") {
                        guard let given = ElementType(onnx: code) else { throw DLCError("element type \(code) of dtype is not supported") }
                        type = given
                    }
                    return try reader.add(EyeLike(shape: x.shape, k: reader.attribute("k") ?? 0, to: type), [])
                },
                write: { writer in
                    guard let op = writer.op as? EyeLike else { return }
                    try writer.require(9, "EyeLike")
                    let zeros = writer.intermediate("ConstantOfShape", [try writer.dimensions(op.shape)])
                    writer.node("EyeLike", inputs: [zeros], attributes: [("dtype", .int(op.to.onnx)), ("k", .int(op.k))])
                })
        ],
        examples: {
            [
                Example("square", EyeLike(shape: [3, 3]), []),
                Example("above", EyeLike(shape: [2, 4], k: 1, to: .int32), [], isDifferentiable: false),
                Example("below", EyeLike(shape: [3, 2], k: -1, to: .float64), []),
            ]
        }
    ) {
        Attribute("shape", \.shape)
        Attribute("k", \.k)
        Attribute("to", \.to)
    }

    public func infer(_ context: inout InferContext) throws -> [Fact] {
        guard shape.count == 2 else { throw DLCError("shape \(shape.text) is no matrix") }
        return [Fact(to, shape)]
    }

    public func evaluate(_ operands: [Tensor?]) throws -> [Tensor] {
        let shape = try Oracle.numbers(shape, "shape")
        var values: [Double] = []
        Oracle.forEach(shape) { values.append($0[1].subtractingReportingOverflow($0[0]).partialValue == k ? 1 : 0) }
        return [try Tensor(doubles: values, type: to, shape: shape)]
    }
}
