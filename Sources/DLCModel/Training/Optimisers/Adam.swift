import DLCGraph

/// Adam, AMSGrad and AdamW.
public struct Adam: ElementwiseOptimiser {
    public enum Kind: String, Sendable, CaseIterable { case adam, amsgrad, adamW }

    public let kind: Kind
    public var rate: Hyperparameter = 1e-3
    public var beta1: Hyperparameter = 0.9
    public var beta2: Hyperparameter = 0.999
    public var epsilon = 1e-8
    public var weightDecay: Hyperparameter = 0

    public init(
        _ kind: Kind = .adam, rate: Hyperparameter = 1e-3, beta1: Hyperparameter = 0.9, beta2: Hyperparameter = 0.999,
        epsilon: Double = 1e-8,
        weightDecay: Hyperparameter? = nil
    ) {
        (self.kind, self.rate, self.beta1, self.beta2, self.epsilon) = (kind, rate, beta1, beta2, epsilon)
        self.weightDecay = weightDecay ?? (kind == .adamW ? 1e-2 : 0)
    }

    public var definition: MethodDefinition {
        switch kind {
        case .adam: Self.adam
        case .amsgrad: Self.amsgrad
        case .adamW: Self.adamW
        }
    }

    static let adam = define(
        .adam, "`p - rate · m / (√v + epsilon)` with averages m of the gradient and v of its square, both without bias.",
        "Kingma and Ba, 2014", "this times the parameter is added to its gradient")
    static let amsgrad = define(
        .amsgrad, "Adam with the largest v so far.", "Reddi et al., 2018", "this times the parameter is added to its gradient")
    static let adamW = define(
        .adamW, "Adam with weight decay that is no part of the gradient.", "Loshchilov and Hutter, 2017",
        "this times the rate is what a parameter shrinks by")

    private static func define(_ kind: Kind, _ doc: String, _ source: String, _ decay: String) -> MethodDefinition {
        MethodDefinition(.optimiser, Self(kind), name: kind.rawValue, doc: doc, source: source) {
            Argument("rate", \.rate, "how far a parameter moves", .positional)
            Argument("beta1", \.beta1, "what stays of the average of gradients")
            Argument("beta2", \.beta2, "what stays of the average of their squares")
            Argument("epsilon", \.epsilon, "added to the root")
            Argument("weightDecay", \.weightDecay, decay)
        }
    }

    public func check() throws { try checkMoments(rate, beta1, beta2, epsilon, weightDecay) }

    public func update(_ step: ParameterStep) throws -> TensorValue {
        let gradient = kind == .adamW ? step.gradient : try step.gradient(decay: weightDecay)
        let parameter = kind == .adamW ? try step.decayed(by: weightDecay) : step.parameter
        let (keep1, keep2) = (try step.value(beta1), try step.value(beta2))
        let mean = try step.average("exp_avg", of: gradient, keeping: keep1)
        var square = try step.average("exp_avg_sq", of: gradient * gradient, keeping: keep2)
        if kind == .amsgrad { square = try step.keep("max_exp_avg_sq", step.kept("max_exp_avg_sq").largest(square)) }
        let (unbiased1, unbiased2) = (try 1.0 - keep1.power(step.count), try 1.0 - keep2.power(step.count))
        // A factor for all elements: a division less for each of them.
        let size = try square.squareRoot() * (1.0 / unbiased2.squareRoot()) + .number(epsilon)
        return try parameter - mean / size * (step.rate / unbiased1)
    }
}
