import DLCGraph

/// RMSProp, centred and with momentum where wanted.
public struct RMSProp: ElementwiseOptimiser {
    public var rate: Hyperparameter = 1e-2
    public var alpha: Hyperparameter = 0.99
    public var epsilon = 1e-8
    public var momentum: Hyperparameter = 0
    public var centred = false
    public var weightDecay: Hyperparameter = 0

    public init(
        rate: Hyperparameter = 1e-2, alpha: Hyperparameter = 0.99, epsilon: Double = 1e-8, momentum: Hyperparameter = 0,
        centred: Bool = false,
        weightDecay: Hyperparameter = 0
    ) {
        (self.rate, self.alpha, self.epsilon) = (rate, alpha, epsilon)
        (self.momentum, self.centred, self.weightDecay) = (momentum, centred, weightDecay)
    }

    public var definition: MethodDefinition { Self.definition }

    public static let definition = MethodDefinition(
        .optimiser, Self(), name: "rmsProp", doc: "`p - rate · g / (√s + epsilon)` with an average s of g².",
        source: "Tieleman and Hinton, 2012; centred: Graves, 2013"
    ) {
        Argument("rate", \.rate, "how far a parameter moves", .positional)
        Argument("alpha", \.alpha, "what stays of the averages")
        Argument("epsilon", \.epsilon, "added to the root")
        Argument("momentum", \.momentum, "the part of the last movement that stays")
        Argument("centred", \.centred, "whether the square of the average gradient is taken from s, so that it is a variance")
        Argument("weightDecay", \.weightDecay, "this times the parameter is added to its gradient")
    }

    public func check() throws {
        try rate.checkRate()
        try alpha.check("alpha", 0...1)
        try nonNegative(epsilon, "epsilon")
        try momentum.check("momentum", 0...1)
        try weightDecay.checkDecay()
    }

    public func update(_ step: ParameterStep) throws -> TensorValue {
        let gradient = try step.gradient(decay: weightDecay)
        let keep = try step.value(alpha)
        var square = try step.average("square_avg", of: gradient * gradient, keeping: keep)
        if centred {
            let mean = try step.average("grad_avg", of: gradient, keeping: keep)
            square = try square - mean * mean
        }
        var movement = try gradient / (square.squareRoot() + .number(epsilon))
        if !momentum.isAlways(0) {
            movement = try step.keep("momentum_buffer", step.kept("momentum_buffer") * step.value(momentum) + movement)
        }
        return try step.parameter - movement * step.rate
    }
}
