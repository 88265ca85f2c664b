import DLCGraph

/// Adadelta: steps as large as the last ones were, in the parameter's own unit.
public struct Adadelta: ElementwiseOptimiser {
    public var rate: Hyperparameter = 1
    public var rho: Hyperparameter = 0.9
    public var epsilon = 1e-6
    public var weightDecay: Hyperparameter = 0

    public init(rate: Hyperparameter = 1, rho: Hyperparameter = 0.9, epsilon: Double = 1e-6, weightDecay: Hyperparameter = 0) {
        (self.rate, self.rho, self.epsilon, self.weightDecay) = (rate, rho, epsilon, weightDecay)
    }

    public var definition: MethodDefinition { Self.definition }

    public static let definition = MethodDefinition(
        .optimiser, Self(), name: "adadelta",
        doc: "`p - rate · d` with `d = √(a + epsilon) / √(s + epsilon) · g`, averages s of g² and a of the d² before.",
        source: "Zeiler, 2012"
    ) {
        Argument("rate", \.rate, "the factor of every step", .positional)
        Argument("rho", \.rho, "what stays of the averages")
        Argument("epsilon", \.epsilon, "added under the roots")
        Argument("weightDecay", \.weightDecay, "this times the parameter is added to its gradient")
    }

    public func check() throws {
        try rate.checkRate()
        try rho.check("rho", 0...1)
        try nonNegative(epsilon, "epsilon")
        try weightDecay.checkDecay()
    }

    public func update(_ step: ParameterStep) throws -> TensorValue {
        let gradient = try step.gradient(decay: weightDecay)
        let keep = try step.value(rho)
        let square = try step.average("square_avg", of: gradient * gradient, keeping: keep)
        let size = try (step.kept("acc_delta") + .number(epsilon)).squareRoot()
        let movement = try size / (square + .number(epsilon)).squareRoot() * gradient
        _ = try step.average("acc_delta", of: movement * movement, keeping: keep)
        return try step.parameter - movement * step.rate
    }
}
