import DLCGraph

/// x itself, of whose gradient only what is positive goes on: in front of each ReLU it makes backpropagation guided
/// (Springenberg et al., "Striving for simplicity", 2014, section 3.4).
///
/// The pass `differentiate` lets the node go.
public struct RectifyGradient: Operator {
    public init() {}

    public var definition: OperatorDefinition { Self.definition }

    public static let definition = OperatorDefinition(
        RectifyGradient(), name: "rectify_gradient", operands: ["x"],
        examples: {
            [Example("matrix", RectifyGradient(), [try Tensor.random(seed: 1, shape: [2, 3])], isDifferentiable: false)]
        })

    public func infer(_ context: inout InferContext) throws -> [Fact] {
        let x = try context.operand(0)
        return [Fact(x.element, x.shape)]
    }

    public func evaluate(_ operands: [Tensor?]) throws -> [Tensor] { [try Oracle.operand(operands, 0)] }
}
