import DLCGraph
import DLCOps

/// Adam with steps in proportion to the length of each parameter, for large batches.
public struct LAMB: ElementwiseOptimiser {
    public var rate: Hyperparameter = 1e-3
    public var beta1: Hyperparameter = 0.9
    public var beta2: Hyperparameter = 0.999
    public var epsilon = 1e-6
    public var weightDecay: Hyperparameter = 0

    public init(
        rate: Hyperparameter = 1e-3, beta1: Hyperparameter = 0.9, beta2: Hyperparameter = 0.999, epsilon: Double = 1e-6,
        weightDecay: Hyperparameter = 0
    ) {
        (self.rate, self.beta1, self.beta2, self.epsilon, self.weightDecay) = (rate, beta1, beta2, epsilon, weightDecay)
    }

    public var definition: MethodDefinition { Self.definition }

    public static let definition = MethodDefinition(
        .optimiser, Self(), name: "lamb",
        doc:
            "`p - rate · |p| / |r| · r` with Adam's direction and the decay, `r = m / (√v + epsilon) + weightDecay · p`, for each parameter by itself.",
        source: "You et al., 2019, algorithm 2"
    ) {
        Argument("rate", \.rate, "how far a parameter moves", .positional)
        Argument("beta1", \.beta1, "what stays of the average of gradients")
        Argument("beta2", \.beta2, "what stays of the average of their squares")
        Argument("epsilon", \.epsilon, "added to the root")
        Argument("weightDecay", \.weightDecay, "this times the parameter is added to the direction")
    }

    public func check() throws { try checkMoments(rate, beta1, beta2, epsilon, weightDecay) }

    public func update(_ step: ParameterStep) throws -> TensorValue {
        let (keep1, keep2) = (try step.value(beta1), try step.value(beta2))
        let mean = try step.average("exp_avg", of: step.gradient, keeping: keep1) / (1.0 - keep1.power(step.count))
        let square = try step.average("exp_avg_sq", of: step.gradient * step.gradient, keeping: keep2) / (1.0 - keep2.power(step.count))
        var direction = try mean / (square.squareRoot() + .number(epsilon))
        if step.decays, !weightDecay.isAlways(0) { direction = try direction + step.parameter * step.value(weightDecay) }
        let (length, size) = (try step.parameter.length(), try direction.length())
        // 1 where either is 0.
        let zero = try length.builder.scalar(0, like: length)
        let one = try length.builder.scalar(1, like: length)
        let isPositive = try length.apply(Binary(.mul), size).apply(Binary(.greater), zero)
        let trust = try (length / size).kept(where: isPositive, else: one)
        return try step.parameter - direction * (trust * step.rate)
    }
}
