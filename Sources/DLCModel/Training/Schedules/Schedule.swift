import DLCGraph

/// How a rate, or another number of an optimiser, follows the number of the update.
public protocol Schedule: TrainingMethod {
    /// The number that it begins from or rises to, which a session may change.
    var rate: Double { get }
    /// Over how many updates it rises in equal steps to the rate before the schedule itself begins.
    var warmup: Int { get }

    /// The number at an update.
    /// - Parameters:
    ///   - rate: as the session has it.
    ///   - update: from 0, counted after the warm-up.
    func value(_ rate: Scalar, at update: Scalar) throws -> Scalar
}

extension Schedule {
    /// The number at an update counted from 0, warm-up included: `rate · (update + 1) / warmup`, then the schedule.
    func value(_ rate: Scalar, atUpdate update: Scalar) throws -> Scalar {
        guard warmup > 0 else { return try value(rate, at: update) }
        let rising = try rate * (update + 1.0) / .number(Double(warmup))
        let after = try (update - .number(Double(warmup))).maximum(0.0)
        return try update.below(.number(Double(warmup)), then: rising, else: value(rate, at: after))
    }

    func checkWarmup() throws {
        guard warmup >= 0 else { throw DLCError("warmup is \(warmup); expected at least 0") }
    }
}
