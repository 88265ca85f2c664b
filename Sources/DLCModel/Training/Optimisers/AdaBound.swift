import DLCGraph

/// Adam whose rates are held within bounds that close in on one rate.
public struct AdaBound: ElementwiseOptimiser {
    public var rate: Hyperparameter = 1e-3
    public var beta1: Hyperparameter = 0.9
    public var beta2: Hyperparameter = 0.999
    public var finalRate = 0.1
    public var gamma = 1e-3
    public var epsilon = 1e-8
    public var weightDecay: Hyperparameter = 0

    public init(
        rate: Hyperparameter = 1e-3, beta1: Hyperparameter = 0.9, beta2: Hyperparameter = 0.999, finalRate: Double = 0.1,
        gamma: Double = 1e-3,
        epsilon: Double = 1e-8, weightDecay: Hyperparameter = 0
    ) {
        (self.rate, self.beta1, self.beta2, self.finalRate) = (rate, beta1, beta2, finalRate)
        (self.gamma, self.epsilon, self.weightDecay) = (gamma, epsilon, weightDecay)
    }

    public var definition: MethodDefinition { Self.definition }

    public static let definition = MethodDefinition(
        .optimiser, Self(), name: "adaBound",
        doc: "Adam whose rate per element is at update t at least `finalRate · (1 - 1 / (gamma · t + 1))` and at most "
            + "`finalRate · (1 + 1 / (gamma · t))`, so that it ends as gradient descent.",
        source: "Luo et al., 2019"
    ) {
        Argument("rate", \.rate, "how far a parameter moves", .positional)
        Argument("beta1", \.beta1, "what stays of the average of gradients")
        Argument("beta2", \.beta2, "what stays of the average of their squares")
        Argument("finalRate", \.finalRate, "what the bounds close in on; it follows the rate's schedule")
        Argument("gamma", \.gamma, "how fast they do")
        Argument("epsilon", \.epsilon, "added to the root")
        Argument("weightDecay", \.weightDecay, "this times the parameter is added to its gradient")
    }

    public func check() throws {
        try checkMoments(rate, beta1, beta2, epsilon, weightDecay)
        try nonNegative(finalRate, "finalRate")
        guard gamma > 0 else { throw DLCError("gamma is \(gamma); expected more than 0") }
    }

    /// The rate before any schedule.
    private var base: Double? {
        switch rate {
        case .number(let number): number
        case .schedule(let schedule): schedule.rate
        case .tensor: nil
        }
    }

    public func update(_ step: ParameterStep) throws -> TensorValue {
        let gradient = try step.gradient(decay: weightDecay)
        let (keep1, keep2, count) = (try step.value(beta1), try step.value(beta2), try step.count)
        let mean = try step.average("exp_avg", of: gradient, keeping: keep1)
        let square = try step.average("exp_avg_sq", of: gradient * gradient, keeping: keep2)
        let factor = try step.rate * (1.0 - keep2.power(count)).squareRoot() / (1.0 - keep1.power(count))
        var final = Scalar.number(finalRate)
        if let base, base > 0 { final = try step.rate * .number(finalRate / base) }
        let low = try final * (1.0 - 1.0 / (count * .number(gamma) + 1.0))
        let high = try final * (1.0 + 1.0 / (count * .number(gamma)))
        let free = try step.parameter.scalar(factor) / (square.squareRoot() + .number(epsilon))
        let bounded = try free.largest(step.parameter.scalar(low)).smallest(step.parameter.scalar(high))
        return try step.parameter - bounded * mean
    }
}
