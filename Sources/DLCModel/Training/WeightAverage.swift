import DLCGraph
import DLCOps

/// An average of a parameter over updates, which evaluation takes in its place. It begins as the parameter.
public protocol WeightAverage: TrainingMethod {
    /// The average after an update, numbered from 0.
    func next(_ average: TensorValue, _ parameter: TensorValue, at update: Scalar) throws -> TensorValue
}

/// The exponential moving average.
public struct ExponentialAverage: WeightAverage {
    public var decay = 0.999

    public init(_ decay: Double = 0.999) { self.decay = decay }

    public var definition: MethodDefinition { Self.definition }

    public static let definition = MethodDefinition(
        .average, Self(), name: "ema", doc: "`decay · average + (1 - decay) · p` after every update.", source: "Polyak and Juditsky, 1992"
    ) {
        Argument("decay", \.decay, "what stays of the average", .positional)
    }

    public func check() throws { try within(decay, "decay", 0...1) }

    public func next(_ average: TensorValue, _ parameter: TensorValue, at update: Scalar) throws -> TensorValue {
        try average * decay + parameter * (1 - decay)
    }
}

/// The plain average of the weights at some updates.
public struct StochasticWeightAverage: WeightAverage {
    public var start = 0
    public var every = 1

    public init(start: Int = 0, every: Int = 1) { (self.start, self.every) = (start, every) }

    public var definition: MethodDefinition { Self.definition }

    public static let definition = MethodDefinition(
        .average, Self(), name: "swa",
        doc: "The plain average of the weights after update `start`, counted from 0, and after every `every` from there; "
            + "before it the weights themselves.",
        source: "Izmailov et al., 2018"
    ) {
        Argument("start", \.start, "the first update that counts", .positional)
        Argument("every", \.every, "the updates from one that counts to the next")
    }

    public func check() throws {
        guard start >= 0 else { throw DLCError("start is \(start); expected at least 0") }
        try positive(every, "every")
    }

    public func next(_ average: TensorValue, _ parameter: TensorValue, at update: Scalar) throws -> TensorValue {
        // How many averaged weights there are before this update: 0 up to the start, whose weights are the first.
        let since = try (update - .number(Double(start))).maximum(0.0)
        let count = try (since / .number(Double(every))).roundedDown()
        let rest = try since - count * .number(Double(every))
        let weight = try rest.below(0.5, then: 1.0 / (count + 1.0), else: 0.0)
        return try average + (parameter - average) * weight
    }
}
