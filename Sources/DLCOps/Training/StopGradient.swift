import DLCGraph

/// x itself, through which no gradient goes.
public struct StopGradient: Operator {
    public init() {}

    public var definition: OperatorDefinition { Self.definition }

    public static let definition = OperatorDefinition(
        StopGradient(), name: "stop_gradient", operands: ["x"],
        examples: {
            [Example("matrix", StopGradient(), [try Tensor.random(seed: 1, shape: [2, 3])], isDifferentiable: false)]
        })

    public func infer(_ context: inout InferContext) throws -> [Fact] {
        let x = try context.operand(0)
        return [Fact(x.element, x.shape)]
    }

    public func evaluate(_ operands: [Tensor?]) throws -> [Tensor] { [try Oracle.operand(operands, 0)] }
}
