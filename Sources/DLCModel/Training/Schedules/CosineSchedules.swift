import DLCGraph

/// A rate that falls as half a cosine, once or again and again.
public struct CosineSchedule: Schedule {
    public var rate = 0.1
    public var steps = 1
    public var end = 0.0
    public var restarts = false
    public var growth = 1
    public var warmup = 0

    public init(_ rate: Double = 0.1, steps: Int = 1, end: Double = 0, restarts: Bool = false, growth: Int = 1, warmup: Int = 0) {
        (self.rate, self.steps, self.end, self.restarts, self.growth, self.warmup) = (rate, steps, end, restarts, growth, warmup)
    }

    public var definition: MethodDefinition { Self.definition }

    public static let definition = MethodDefinition(
        .schedule, Self(), name: "cosine",
        doc:
            "`end + (rate - end) · (1 + cos(π · t / T)) / 2` at update t of T, then `end`, or with restarts the same again, each time `growth` times "
            + "as long; T is `steps` without the warm-up.",
        source: "Loshchilov and Hutter, 2016"
    ) {
        Argument("rate", \.rate, "what it begins from", .required)
        Argument("steps", \.steps, "the updates of the whole training, or with restarts up to the first one", .required)
        Argument("end", \.end, "what it falls to")
        Argument("restarts", \.restarts, "whether it begins again")
        Argument("growth", \.growth, "how many times as long the next round is")
        Argument("warmup", \.warmup, "updates over which the rate first rises")
    }

    public func check() throws {
        try checkSteps(steps)
        try positive(growth, "growth")
        if growth > 1, !restarts { throw DLCError("growth is \(growth) without restarts") }
    }

    public func value(_ rate: Scalar, at update: Scalar) throws -> Scalar {
        let length = Scalar.number(Double(steps - warmup))
        var part = try update / length
        if !restarts {
            part = try part.minimum(1.0)
        } else if growth == 1 {
            part = try part - part.roundedDown()
        } else {
            // Round n begins at (growth^n - 1) / (growth - 1) lengths; what is added keeps the floor from falling short of a start.
            let ratio = Double(growth)
            let round = try ((part * .number(ratio - 1) + .number(1 + 1e-9)).logarithm() / .number(logarithm(ratio))).roundedDown()
            let scale = try Scalar.number(ratio).power(round)
            part = try ((part - (scale - 1.0) / .number(ratio - 1)) / scale).maximum(0.0)
        }
        return try .number(end) + (rate - .number(end)) * (1.0 + (part * .number(.pi)).cosine()) * 0.5
    }
}

/// Up to a rate and down again, in one round.
public struct OneCycleSchedule: Schedule {
    public var rate = 0.1
    public var steps = 1
    public var start: Double?
    public var end: Double?
    public var rise = 0.3
    public var linear = false
    public var warmup: Int { 0 }

    public init(_ rate: Double = 0.1, steps: Int = 1, start: Double? = nil, end: Double? = nil, rise: Double = 0.3, linear: Bool = false) {
        (self.rate, self.steps, self.start, self.end, self.rise, self.linear) = (rate, steps, start, end, rise, linear)
    }

    public var definition: MethodDefinition { Self.definition }

    public static let definition = MethodDefinition(
        .schedule, Self(), name: "oneCycle",
        doc:
            "From `start` to the rate over the first part of the updates, then down to `end`, each along half a cosine. For a momentum the rate is the "
            + "least: `momentum: oneCycle(0.85, steps: n, start: 0.95, end: 0.95)`.",
        source: "Smith and Topin, 2018"
    ) {
        Argument("rate", \.rate, "what it goes to", .required)
        Argument("steps", \.steps, "the updates of the whole training", .required)
        Argument("start", \.start, "what it begins from; a twenty-fifth of the rate where none")
        Argument("end", \.end, "what it ends with; a ten-thousandth of a twenty-fifth of the rate where none")
        Argument("rise", \.rise, "the part of the updates that lead to the rate")
        Argument("linear", \.linear, "whether both ways are straight lines")
    }

    public func check() throws {
        guard steps >= 2 else { throw DLCError("steps is \(steps); expected at least 2") }
        try within(rise, "rise", 0...1)
        let peak = rise * Double(steps) - 1
        guard peak > 0, peak < Double(steps - 1) else {
            throw DLCError("rise is \(rise), which leaves no updates before or after the rate; expected between 1 / steps and 1")
        }
    }

    /// PyTorch's `OneCycleLR`: the first way ends at update `rise · steps - 1`, the second at `steps - 1`.
    public func value(_ rate: Scalar, at update: Scalar) throws -> Scalar {
        let first = try start.map { .number($0) } ?? rate * .number(1 / 25.0)
        let last = try end.map { .number($0) } ?? rate * .number(1 / 25e4)
        let peak = rise * Double(steps) - 1
        func way(_ from: Scalar, _ to: Scalar, _ part: Scalar) throws -> Scalar {
            if linear { return try from + (to - from) * part }
            return try to + (from - to) * (1.0 + (part * .number(.pi)).cosine()) * 0.5
        }
        let up = try way(first, rate, update / .number(peak))
        let down = try way(rate, last, ((update - .number(peak)) / .number(Double(steps - 1) - peak)).minimum(1.0))
        // The update at the peak itself belongs to the first way, where both are the rate.
        return try Scalar.number(peak).below(update, then: down, else: up)
    }
}
