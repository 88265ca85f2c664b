import DLCGraph

/// Adam that divides by how far gradients stray from their average.
public struct AdaBelief: ElementwiseOptimiser {
    public var rate: Hyperparameter = 1e-3
    public var beta1: Hyperparameter = 0.9
    public var beta2: Hyperparameter = 0.999
    public var epsilon = 1e-16
    public var weightDecay: Hyperparameter = 0

    public init(
        rate: Hyperparameter = 1e-3, beta1: Hyperparameter = 0.9, beta2: Hyperparameter = 0.999, epsilon: Double = 1e-16,
        weightDecay: Hyperparameter = 0
    ) {
        (self.rate, self.beta1, self.beta2, self.epsilon, self.weightDecay) = (rate, beta1, beta2, epsilon, weightDecay)
    }

    public var definition: MethodDefinition { Self.definition }

    public static let definition = MethodDefinition(
        .optimiser, Self(), name: "adaBelief",
        doc: "`p - rate · m / (√s + epsilon)` with averages m of the gradient and s of `(g - m)² + epsilon`, both without bias.",
        source: "Zhuang et al., 2020"
    ) {
        Argument("rate", \.rate, "how far a parameter moves", .positional)
        Argument("beta1", \.beta1, "what stays of the average of gradients")
        Argument("beta2", \.beta2, "what stays of the average of squares")
        Argument("epsilon", \.epsilon, "added to the square and to the root")
        Argument("weightDecay", \.weightDecay, "this times the rate is what a parameter shrinks by")
    }

    public func check() throws { try checkMoments(rate, beta1, beta2, epsilon, weightDecay) }

    public func update(_ step: ParameterStep) throws -> TensorValue {
        let (keep1, keep2) = (try step.value(beta1), try step.value(beta2))
        let mean = try step.average("exp_avg", of: step.gradient, keeping: keep1)
        let surprise = try step.gradient - mean
        let square = try step.kept("exp_avg_var") * keep2 + surprise * surprise * (1.0 - keep2) + .number(epsilon)
        try step.keep("exp_avg_var", square)
        let size = try square.squareRoot() / (1.0 - keep2.power(step.count)).squareRoot() + .number(epsilon)
        return try step.decayed(by: weightDecay) - mean / size * (step.rate / (1.0 - keep1.power(step.count)))
    }
}
