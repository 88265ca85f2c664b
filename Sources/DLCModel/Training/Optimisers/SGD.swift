import DLCGraph

/// Gradient descent, with momentum where wanted.
public struct SGD: ElementwiseOptimiser {
    public var rate: Hyperparameter = 1e-3
    public var momentum: Hyperparameter = 0
    public var dampening = 0.0
    public var nesterov = false
    public var weightDecay: Hyperparameter = 0

    public init(
        rate: Hyperparameter = 1e-3, momentum: Hyperparameter = 0, dampening: Double = 0, nesterov: Bool = false,
        weightDecay: Hyperparameter = 0
    ) {
        (self.rate, self.momentum, self.dampening, self.nesterov, self.weightDecay) = (rate, momentum, dampening, nesterov, weightDecay)
    }

    public var definition: MethodDefinition { Self.definition }

    public static let definition = MethodDefinition(
        .optimiser, Self(), name: "sgd", doc: "Gradient descent: `p - rate · b` with `b = momentum · b + (1 - dampening) · g`.",
        source: "Robbins and Monro, 1951; Polyak, 1964; Nesterov, 1983, as in Sutskever et al., 2013"
    ) {
        Argument("rate", \.rate, "how far a parameter moves", .positional)
        Argument("momentum", \.momentum, "the part of the last movement that stays")
        Argument("dampening", \.dampening, "the part of the gradient that momentum leaves out, after the first update")
        Argument("nesterov", \.nesterov, "whether the gradient counts as after the movement")
        Argument("weightDecay", \.weightDecay, "this times the parameter is added to its gradient")
    }

    public func check() throws {
        try rate.checkRate()
        try momentum.check("momentum", 0...1)
        try weightDecay.checkDecay()
        if nesterov, momentum.isAlways(0) || dampening != 0 { throw DLCError("nesterov needs a momentum and no dampening") }
    }

    public func update(_ step: ParameterStep) throws -> TensorValue {
        let gradient = try step.gradient(decay: weightDecay)
        if momentum.isAlways(0) { return try step.parameter - gradient * step.rate }
        let keep = try step.value(momentum)
        var movement = try step.kept("momentum_buffer") * keep + gradient * .number(1 - dampening)
        if dampening != 0 {
            // The first movement is the gradient.
            let isFirst = try step.count.below(1.5, then: 1.0, else: 0.0)
            movement = try movement + gradient * (isFirst * .number(dampening))
        }
        try step.keep("momentum_buffer", movement)
        return try step.parameter - (nesterov ? gradient + movement * keep : movement) * step.rate
    }
}
