import DLCGraph

/// Adam with the largest gradient in place of the root of squares.
public struct Adamax: ElementwiseOptimiser {
    public var rate: Hyperparameter = 2e-3
    public var beta1: Hyperparameter = 0.9
    public var beta2: Hyperparameter = 0.999
    public var epsilon = 1e-8
    public var weightDecay: Hyperparameter = 0

    public init(
        rate: Hyperparameter = 2e-3, beta1: Hyperparameter = 0.9, beta2: Hyperparameter = 0.999, epsilon: Double = 1e-8,
        weightDecay: Hyperparameter = 0
    ) {
        (self.rate, self.beta1, self.beta2, self.epsilon, self.weightDecay) = (rate, beta1, beta2, epsilon, weightDecay)
    }

    public var definition: MethodDefinition { Self.definition }

    public static let definition = MethodDefinition(
        .optimiser, Self(), name: "adamax", doc: "`p - rate · m / u` with an average m of g and `u = max(beta2 · u, |g| + epsilon)`.",
        source: "Kingma and Ba, 2014, section 7.1"
    ) {
        Argument("rate", \.rate, "how far a parameter moves", .positional)
        Argument("beta1", \.beta1, "what stays of the average of gradients")
        Argument("beta2", \.beta2, "what stays of the largest one")
        Argument("epsilon", \.epsilon, "added to the magnitude")
        Argument("weightDecay", \.weightDecay, "this times the parameter is added to its gradient")
    }

    public func check() throws { try checkMoments(rate, beta1, beta2, epsilon, weightDecay) }

    public func update(_ step: ParameterStep) throws -> TensorValue {
        let gradient = try step.gradient(decay: weightDecay)
        let keep = try step.value(beta1)
        let mean = try step.average("exp_avg", of: gradient, keeping: keep)
        let largest = try (step.kept("exp_inf") * step.value(beta2)).largest(gradient.magnitude() + .number(epsilon))
        try step.keep("exp_inf", largest)
        return try step.parameter - mean / largest * (step.rate / (1.0 - keep.power(step.count)))
    }
}
