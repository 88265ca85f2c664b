import DLCGraph

/// A rate that is multiplied by a factor every so many updates.
public struct StepSchedule: Schedule {
    public var rate = 0.1
    public var every = 1
    public var factor = 0.1
    public var warmup = 0

    public init(_ rate: Double = 0.1, every: Int = 1, factor: Double = 0.1, warmup: Int = 0) {
        (self.rate, self.every, self.factor, self.warmup) = (rate, every, factor, warmup)
    }

    public var definition: MethodDefinition { Self.definition }

    public static let definition = MethodDefinition(
        .schedule, Self(), name: "steps", doc: "`rate · factor ** (t ~/ every)` at update t, counted from 0."
    ) {
        Argument("rate", \.rate, "what it begins from", .required)
        Argument("every", \.every, "the updates between two changes", .required)
        Argument("factor", \.factor, "what is multiplied")
        Argument("warmup", \.warmup, "updates over which the rate first rises")
    }

    public func check() throws {
        try positive(every, "every")
        try nonNegative(factor, "factor")
        try checkWarmup()
    }

    public func value(_ rate: Scalar, at update: Scalar) throws -> Scalar {
        try rate * Scalar.number(factor).power((update / .number(Double(every))).roundedDown())
    }
}

/// A rate that is multiplied by a factor at given updates.
public struct MultiStepSchedule: Schedule {
    public var rate = 0.1
    public var at: [Int] = []
    public var factor = 0.1
    public var warmup = 0

    public init(_ rate: Double = 0.1, at: [Int] = [], factor: Double = 0.1, warmup: Int = 0) {
        (self.rate, self.at, self.factor, self.warmup) = (rate, at, factor, warmup)
    }

    public var definition: MethodDefinition { Self.definition }

    public static let definition = MethodDefinition(
        .schedule, Self(), name: "multiStep", doc: "The rate times `factor` for each of the updates that have come."
    ) {
        Argument("rate", \.rate, "what it begins from", .required)
        Argument("at", \.at, "the updates at which it changes, in order", .required)
        Argument("factor", \.factor, "what is multiplied")
        Argument("warmup", \.warmup, "updates over which the rate first rises")
    }

    public func check() throws {
        guard !at.isEmpty, zip(at, at.dropFirst()).allSatisfy({ $0 < $1 }), at[0] >= 0, at.count <= 1000 else {
            throw DLCError("at is \(at.argumentValue.text); expected up to 1000 updates from 0 in order, each later than the one before")
        }
        try nonNegative(factor, "factor")
        try checkWarmup()
    }

    public func value(_ rate: Scalar, at update: Scalar) throws -> Scalar {
        try at.reduce(rate) { try update.below(.number(Double($1)), then: $0, else: $0 * .number(factor)) }
    }
}

/// A rate that falls by a factor at every update.
public struct ExponentialSchedule: Schedule {
    public var rate = 0.1
    public var factor = 0.99
    public var warmup = 0

    public init(_ rate: Double = 0.1, factor: Double = 0.99, warmup: Int = 0) {
        (self.rate, self.factor, self.warmup) = (rate, factor, warmup)
    }

    public var definition: MethodDefinition { Self.definition }

    public static let definition = MethodDefinition(.schedule, Self(), name: "exponential", doc: "`rate · factor ** t` at update t.") {
        Argument("rate", \.rate, "what it begins from", .required)
        Argument("factor", \.factor, "what is multiplied at every update", .required)
        Argument("warmup", \.warmup, "updates over which the rate first rises")
    }

    public func check() throws {
        try nonNegative(factor, "factor")
        try checkWarmup()
    }

    public func value(_ rate: Scalar, at update: Scalar) throws -> Scalar { try rate * Scalar.number(factor).power(update) }
}
