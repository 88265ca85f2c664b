import DLCGraph

/// A fixed rate, after a warm-up.
public struct WarmupSchedule: Schedule {
    public var rate = 0.1
    public var warmup = 1

    public init(_ rate: Double = 0.1, steps: Int = 1) { (self.rate, self.warmup) = (rate, steps) }

    public var definition: MethodDefinition { Self.definition }

    public static let definition = MethodDefinition(
        .schedule, Self(), name: "warmup", doc: "`rate · (t + 1) / steps` up to the rate, which stays.",
        source: "Goyal et al., 2017, section 2.2"
    ) {
        Argument("rate", \.rate, "what it rises to", .required)
        Argument("steps", \.warmup, "updates over which it rises", .required)
    }

    public func check() throws { try positive(warmup, "steps") }

    public func value(_ rate: Scalar, at update: Scalar) throws -> Scalar { rate }
}

/// A rate that falls to an end as a power of what is left.
public struct PolynomialSchedule: Schedule {
    public var rate = 0.1
    public var steps = 1
    public var power = 1.0
    public var end = 0.0
    public var warmup = 0

    public init(_ rate: Double = 0.1, steps: Int = 1, power: Double = 1, end: Double = 0, warmup: Int = 0) {
        (self.rate, self.steps, self.power, self.end, self.warmup) = (rate, steps, power, end, warmup)
    }

    public var definition: MethodDefinition { Self.definition }

    public static let definition = MethodDefinition(
        .schedule, Self(), name: "polynomial",
        doc: "`end + (rate - end) · (1 - t / T) ** power` at update t of T, then `end`; T is `steps` without the warm-up."
    ) {
        Argument("rate", \.rate, "what it begins from", .required)
        Argument("steps", \.steps, "the updates of the whole training", .required)
        Argument("power", \.power, "1 for a straight line")
        Argument("end", \.end, "what it falls to")
        Argument("warmup", \.warmup, "updates over which the rate first rises")
    }

    public func check() throws {
        try nonNegative(power, "power")
        try checkSteps(steps)
    }

    public func value(_ rate: Scalar, at update: Scalar) throws -> Scalar {
        let part = try (update / .number(Double(steps - warmup))).minimum(1.0)
        return try .number(end) + (rate - .number(end)) * (1.0 - part).power(.number(power))
    }
}

/// A rate that falls with the root of the number of updates.
public struct InverseRootSchedule: Schedule {
    public var rate = 0.1
    public var warmup = 1

    public init(_ rate: Double = 0.1, warmup: Int = 1) { (self.rate, self.warmup) = (rate, warmup) }

    public var definition: MethodDefinition { Self.definition }

    public static let definition = MethodDefinition(
        .schedule, Self(), name: "inverseRoot", doc: "After the warm-up `rate · √(warmup / (t + 1))` at update t of the whole training.",
        source: "Vaswani et al., 2017, section 5.3"
    ) {
        Argument("rate", \.rate, "the largest", .required)
        Argument("warmup", \.warmup, "updates over which the rate first rises")
    }

    public func check() throws { try positive(warmup, "warmup") }

    public func value(_ rate: Scalar, at update: Scalar) throws -> Scalar {
        let count = Scalar.number(Double(warmup))
        return try rate * (count / (update + count + 1.0)).squareRoot()
    }
}

extension Schedule {
    func checkSteps(_ steps: Int) throws {
        try checkWarmup()
        guard steps > warmup else { throw DLCError("steps is \(steps) and warmup is \(warmup); expected steps to be more") }
    }
}
