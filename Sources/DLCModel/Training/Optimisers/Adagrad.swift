import DLCGraph

/// Adagrad: every element's rate falls with what its gradients have summed up to.
public struct Adagrad: ElementwiseOptimiser {
    public var rate: Hyperparameter = 1e-2
    public var rateDecay = 0.0
    public var initialSum = 0.0
    public var epsilon = 1e-10
    public var weightDecay: Hyperparameter = 0

    public init(
        rate: Hyperparameter = 1e-2, rateDecay: Double = 0, initialSum: Double = 0, epsilon: Double = 1e-10, weightDecay: Hyperparameter = 0
    ) {
        (self.rate, self.rateDecay, self.initialSum, self.epsilon, self.weightDecay) = (rate, rateDecay, initialSum, epsilon, weightDecay)
    }

    public var definition: MethodDefinition { Self.definition }

    public static let definition = MethodDefinition(
        .optimiser, Self(), name: "adagrad", doc: "`p - rate · g / (√s + epsilon)` with the sum s of all g².", source: "Duchi et al., 2011"
    ) {
        Argument("rate", \.rate, "how far a parameter moves", .positional)
        Argument("rateDecay", \.rateDecay, "the rate is divided by 1 + this times the number of updates before")
        Argument("initialSum", \.initialSum, "s before the first update")
        Argument("epsilon", \.epsilon, "added to the root")
        Argument("weightDecay", \.weightDecay, "this times the parameter is added to its gradient")
    }

    public func check() throws {
        try rate.checkRate()
        try nonNegative(rateDecay, "rateDecay")
        try nonNegative(initialSum, "initialSum")
        try nonNegative(epsilon, "epsilon")
        try weightDecay.checkDecay()
    }

    public func update(_ step: ParameterStep) throws -> TensorValue {
        let gradient = try step.gradient(decay: weightDecay)
        let sum = try step.keep("sum", step.kept("sum", initial: initialSum) + gradient * gradient)
        let rate = rateDecay == 0 ? step.rate : try step.rate / ((step.count - 1.0) * .number(rateDecay) + 1.0)
        return try step.parameter - gradient / (sum.squareRoot() + .number(epsilon)) * rate
    }
}
