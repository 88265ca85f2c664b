import DLCGraph

/// Adam that adapts only once the variance of its rate is bounded.
public struct RAdam: ElementwiseOptimiser {
    public var rate: Hyperparameter = 1e-3
    public var beta1: Hyperparameter = 0.9
    public var beta2: Hyperparameter = 0.999
    public var epsilon = 1e-8
    public var weightDecay: Hyperparameter = 0
    public var decoupled = false

    public init(
        rate: Hyperparameter = 1e-3, beta1: Hyperparameter = 0.9, beta2: Hyperparameter = 0.999, epsilon: Double = 1e-8,
        weightDecay: Hyperparameter = 0, decoupled: Bool = false
    ) {
        (self.rate, self.beta1, self.beta2, self.epsilon) = (rate, beta1, beta2, epsilon)
        (self.weightDecay, self.decoupled) = (weightDecay, decoupled)
    }

    public var definition: MethodDefinition { Self.definition }

    public static let definition = MethodDefinition(
        .optimiser, Self(), name: "rAdam", doc: "Adam whose first updates do not divide by √v, and whose next ones do so less.",
        source: "Liu et al., 2019"
    ) {
        Argument("rate", \.rate, "how far a parameter moves", .positional)
        Argument("beta1", \.beta1, "what stays of the average of gradients")
        Argument("beta2", \.beta2, "what stays of the average of their squares")
        Argument("epsilon", \.epsilon, "added to the root")
        Argument(
            "weightDecay", \.weightDecay,
            "this times the parameter is added to its gradient, or with decoupled, times the rate, taken from it")
        Argument("decoupled", \.decoupled, "whether weight decay is no part of the gradient")
    }

    public func check() throws { try checkMoments(rate, beta1, beta2, epsilon, weightDecay) }

    public func update(_ step: ParameterStep) throws -> TensorValue {
        let gradient = decoupled ? step.gradient : try step.gradient(decay: weightDecay)
        let parameter = decoupled ? try step.decayed(by: weightDecay) : step.parameter
        let (keep1, keep2, count) = (try step.value(beta1), try step.value(beta2), try step.count)
        let mean = try step.average("exp_avg", of: gradient, keeping: keep1)
        let square = try step.average("exp_avg_sq", of: gradient * gradient, keeping: keep2)
        let (unbiased1, unbiased2) = (try 1.0 - keep1.power(count), try 1.0 - keep2.power(count))
        // The length of the simple average that is like the exponential one, in the limit and now.
        let limit = try 2.0 / (1.0 - keep2) - 1.0
        let length = try limit - 2.0 * count * keep2.power(count) / unbiased2
        let numerator = try (length - 4.0) * (length - 2.0) * limit
        let rectified = try (numerator / ((limit - 4.0) * (limit - 2.0) * length)).maximum(0.0).squareRoot()
        // 1 over the size while nothing adapts, √(1 - beta2^t) times the correction over √v + epsilon after.
        let size = try square.squareRoot() + .number(epsilon)
        let adapts = try Scalar.number(5).below(length, then: 1.0, else: 0.0)
        let factor = try step.rate / unbiased1
        let plain = try mean * (factor * (1.0 - adapts))
        return try parameter - plain - mean / size * (factor * rectified * unbiased2.squareRoot() * adapts)
    }
}
