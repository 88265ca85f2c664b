import DLCGraph

/// x broadcast to a shape.
public struct Expand: Operator {
    /// The result's whole shape.
    public var shape: [Dim]

    public init(shape: [Dim] = []) { self.shape = shape }

    public var definition: OperatorDefinition { Self.definition }

    public static let definition = OperatorDefinition(
        Expand(), name: "expand", operands: ["x"], traits: [.movesData],
        onnx: [
            ONNXMapping(
                "Expand",
                read: { reader in
                    try reader.allowAttributes([])
                    let x = try reader.fact(0)
                    guard let wanted = try reader.dims(1, "shape") else { throw DLCError("shape is missing") }
                    let shape = try InferenceRules.broadcast([x.shape, wanted])
                    return shape == x.shape ? [try reader.required(0)] : try reader.add(Expand(shape: shape), [reader.operand(0)])
                },
                write: { writer in
                    guard let op = writer.op as? Expand else { return }
                    try writer.require(8, "Expand")
                    writer.node("Expand", inputs: [writer.inputs[0], try writer.dimensions(op.shape)])
                })
        ],
        examples: {
            [
                Example("rows", Expand(shape: [2, 3, 4]), [try Tensor.random(seed: 1, shape: [3, 1])]),
                Example("scalar", Expand(shape: [2, 2]), [try Tensor.random(seed: 2, shape: [])]),
                Example("bool", Expand(shape: [3, 2]), [try Tensor.random(seed: 3, type: .bool, shape: [1, 2])], isDifferentiable: false),
                Example("to nothing", Expand(shape: [0, 2]), [try Tensor.random(seed: 4, shape: [1, 2])]),
            ]
        }
    ) {
        Attribute("shape", \.shape)
    }

    public func infer(_ context: inout InferContext) throws -> [Fact] {
        let x = try context.operand(0)
        try context.require(x.shape, expandsTo: shape, "\(x.type) broadcasts to \(shape.text)")
        return [Fact(x.element, shape)]
    }

    public func evaluate(_ operands: [Tensor?]) throws -> [Tensor] {
        [try Oracle.operand(operands, 0).broadcast(to: Oracle.numbers(shape, "shape"))]
    }
}
