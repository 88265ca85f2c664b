import DLCGraph
import DLCOps

/// Steps of one size in the direction of the sign of an average gradient.
public struct Lion: ElementwiseOptimiser {
    public var rate: Hyperparameter = 1e-4
    public var beta1: Hyperparameter = 0.9
    public var beta2: Hyperparameter = 0.99
    public var weightDecay: Hyperparameter = 0

    public init(rate: Hyperparameter = 1e-4, beta1: Hyperparameter = 0.9, beta2: Hyperparameter = 0.99, weightDecay: Hyperparameter = 0) {
        (self.rate, self.beta1, self.beta2, self.weightDecay) = (rate, beta1, beta2, weightDecay)
    }

    public var definition: MethodDefinition { Self.definition }

    public static let definition = MethodDefinition(
        .optimiser, Self(), name: "lion", doc: "`p - rate · sign(beta1 · m + (1 - beta1) · g)` with an average m of g that beta2 keeps.",
        source: "Chen et al., 2023"
    ) {
        Argument("rate", \.rate, "how far a parameter moves", .positional)
        Argument("beta1", \.beta1, "what the average counts in a step")
        Argument("beta2", \.beta2, "what stays of the average")
        Argument("weightDecay", \.weightDecay, "this times the rate is what a parameter shrinks by")
    }

    public func check() throws { try checkMoments(rate, beta1, beta2, 0, weightDecay) }

    public func update(_ step: ParameterStep) throws -> TensorValue {
        let keep = try step.value(beta1)
        let direction = try (step.kept("exp_avg") * keep + step.gradient * (1.0 - keep)).sign()
        _ = try step.average("exp_avg", of: step.gradient, keeping: step.value(beta2))
        return try step.decayed(by: weightDecay) - direction * step.rate
    }
}
