import DLCGraph

/// Adam with Nesterov's momentum.
public struct NAdam: ElementwiseOptimiser {
    public var rate: Hyperparameter = 2e-3
    public var beta1: Hyperparameter = 0.9
    public var beta2: Hyperparameter = 0.999
    public var epsilon = 1e-8
    public var weightDecay: Hyperparameter = 0
    public var momentumDecay = 4e-3
    public var decoupled = false

    public init(
        rate: Hyperparameter = 2e-3, beta1: Hyperparameter = 0.9, beta2: Hyperparameter = 0.999, epsilon: Double = 1e-8,
        weightDecay: Hyperparameter = 0, momentumDecay: Double = 4e-3, decoupled: Bool = false
    ) {
        (self.rate, self.beta1, self.beta2, self.epsilon) = (rate, beta1, beta2, epsilon)
        (self.weightDecay, self.momentumDecay, self.decoupled) = (weightDecay, momentumDecay, decoupled)
    }

    public var definition: MethodDefinition { Self.definition }

    public static let definition = MethodDefinition(
        .optimiser, Self(), name: "nAdam",
        doc: "Adam whose step looks ahead, by a momentum that grows: `beta1 · (1 - 0.96 ** (t · momentumDecay) / 2)` at update t.",
        source: "Dozat, 2016"
    ) {
        Argument("rate", \.rate, "how far a parameter moves", .positional)
        Argument("beta1", \.beta1, "what stays of the average of gradients")
        Argument("beta2", \.beta2, "what stays of the average of their squares")
        Argument("epsilon", \.epsilon, "added to the root")
        Argument(
            "weightDecay", \.weightDecay,
            "this times the parameter is added to its gradient, or with decoupled, times the rate, taken from it")
        Argument("momentumDecay", \.momentumDecay, "how fast the momentum grows")
        Argument("decoupled", \.decoupled, "whether weight decay is no part of the gradient")
    }

    public func check() throws {
        try checkMoments(rate, beta1, beta2, epsilon, weightDecay)
        try nonNegative(momentumDecay, "momentumDecay")
    }

    public func update(_ step: ParameterStep) throws -> TensorValue {
        let gradient = decoupled ? step.gradient : try step.gradient(decay: weightDecay)
        let parameter = decoupled ? try step.decayed(by: weightDecay) : step.parameter
        let (keep1, keep2) = (try step.value(beta1), try step.value(beta2))
        func momentum(at count: Scalar) throws -> Scalar {
            try keep1 * (1.0 - Scalar.number(0.96).power(count * .number(momentumDecay)) * 0.5)
        }
        let (now, next) = (try momentum(at: step.count), try momentum(at: step.count + 1.0))
        let product = try step.update.shared("mu_product", initial: 1) { try $0 * now }.new
        let mean = try step.average("exp_avg", of: gradient, keeping: keep1)
        let square = try step.average("exp_avg_sq", of: gradient * gradient, keeping: keep2)
        let size = try (square / (1.0 - keep2.power(step.count))).squareRoot() + .number(epsilon)
        let ofGradient = try step.rate * (1.0 - now) / (1.0 - product)
        let ofMean = try step.rate * next / (1.0 - product * next)
        return try parameter - gradient / size * ofGradient - mean / size * ofMean
    }
}
