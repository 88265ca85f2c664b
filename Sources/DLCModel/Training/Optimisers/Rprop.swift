import DLCGraph
import DLCOps

/// Resilient backpropagation: every element has a step of its own that grows while the gradient keeps its sign. For full batches.
public struct Rprop: ElementwiseOptimiser {
    public var rate: Hyperparameter = 1e-2
    public var shrink = 0.5
    public var grow = 1.2
    public var least = 1e-6
    public var most = 50.0

    public init(rate: Hyperparameter = 1e-2, shrink: Double = 0.5, grow: Double = 1.2, least: Double = 1e-6, most: Double = 50) {
        (self.rate, self.shrink, self.grow, self.least, self.most) = (rate, shrink, grow, least, most)
    }

    public var definition: MethodDefinition { Self.definition }

    public static let definition = MethodDefinition(
        .optimiser, Self(), name: "rprop",
        doc: "Steps against the sign of the gradient, whose size grows while it stays and shrinks where it changes.",
        source: "Riedmiller and Braun, 1993"
    ) {
        Argument("rate", \.rate, "the size of the first step, a number", .positional)
        Argument("shrink", \.shrink, "the factor where the sign changes")
        Argument("grow", \.grow, "the factor where it stays")
        Argument("least", \.least, "the smallest step")
        Argument("most", \.most, "the largest step")
    }

    public func check() throws {
        guard case .number(let first) = rate else {
            throw DLCError("rate is \(rate.argumentValue.found); expected a number, since steps have sizes of their own")
        }
        try nonNegative(first, "rate")
        try within(shrink, "shrink", 0...1)
        guard grow >= 1 else { throw DLCError("grow is \(grow); expected at least 1") }
        guard 0...most ~= least else { throw DLCError("least is \(least) and most is \(most); expected least to be at most most") }
    }

    public func update(_ step: ParameterStep) throws -> TensorValue {
        guard case .number(let first) = rate else { throw DLCError("the rate of rprop is a number") }
        let product = try step.gradient * step.kept("prev")
        let zero = try product.builder.scalar(0, like: product)
        let (stays, turns) = (try product.apply(Binary(.greater), zero), try product.apply(Binary(.less), zero))
        let same = try product.builder.scalar(1, like: product)
        let factor = try product.builder.scalar(grow, like: product).kept(
            where: stays, else: product.builder.scalar(shrink, like: product).kept(where: turns, else: same))
        let size = try (step.kept("step_size", initial: first) * factor).clamp(least, most)
        try step.keep("step_size", size)
        // Where the sign changed nothing moves, and the next product is 0.
        let gradient = try zero.kept(where: turns, else: step.gradient)
        try step.keep("prev", gradient)
        return try step.parameter - gradient.sign() * size
    }
}
