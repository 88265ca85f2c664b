import DLCGraph

/// The same elements in row-major order under another shape. Flatten, Squeeze and Unsqueeze are read as this.
public struct Reshape: Operator {
    public var shape: [Dim] = []

    public init(shape: [Dim] = []) { self.shape = shape }

    public var definition: OperatorDefinition { Self.definition }

    public static let definition = OperatorDefinition(
        Reshape(), name: "reshape", operands: ["x"], traits: [.movesData, .inPlaceable],
        onnx: [ONNXMapping("Reshape", read: readReshape, write: write)] + mappings,
        examples: {
            [
                Example("matrix", Reshape(shape: [3, 4]), [try Tensor.random(seed: 1, shape: [2, 6])]),
                Example("to scalar", Reshape(shape: []), [try Tensor.random(seed: 2, shape: [1, 1])]),
                Example("empty", Reshape(shape: [0, 7]), [try Tensor.random(seed: 3, shape: [3, 0])]),
                Example("i64", Reshape(shape: [4]), [try Tensor.random(seed: 4, type: .int64, shape: [2, 2])], isDifferentiable: false),
            ]
        }
    ) {
        Attribute("shape", \.shape)
    }

    public func infer(_ context: inout InferContext) throws -> [Fact] {
        let x = try context.operand(0)
        let (from, to) = (try x.shape.product(), try shape.product())
        if let a = from.constant, let b = to.constant, a != b {
            throw DLCError("\(x.type) has \(a) elements, shape \(shape.text) has \(b)")
        }
        try context.require(from, equals: to, "\(x.type) has as many elements as \(shape.text)")
        for dim in shape { try context.require(.atLeast, dim, 0, "\(dim) is an extent of the shape \(shape.text)") }
        return [Fact(x.element, shape)]
    }

    public func evaluate(_ operands: [Tensor?]) throws -> [Tensor] {
        [try Oracle.operand(operands, 0).reshaped(Oracle.numbers(shape, "shape"))]
    }
}
