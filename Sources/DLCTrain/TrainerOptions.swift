import DLC

/// How long and how a training runs.
public struct TrainerOptions: Sendable {
    /// How often all examples are seen; nil where `steps` says when to end. Ten where neither is given.
    public var epochs: Int?
    /// Updates in all; nil where `epochs` says when to end.
    public var steps: Int?
    /// Examples in a step; nil takes what the training's inputs fix, else 32.
    public var batch: Int?
    /// Parameters, order and everything that layers draw are the same for the same seed.
    public var seed: UInt64 = 0
    /// Threads to compute with; nil takes the processors available. Results do not depend on it.
    public var threads: Int?
    /// The most batches of an epoch, and of a validation; nil for all.
    public var batchLimit: Int?
    /// The metric that says which epoch was the best; nil takes the first output. It is the validation's where there is
    /// one.
    public var monitor: Metric?
    /// After how many epochs in which the monitored metric has not become better the training ends; nil never.
    public var patience: Int?
    /// Seconds after which a checkpoint is written within an epoch.
    public var saveEvery = 30.0
    /// Whether the last step of each epoch tells what its layers compute: see `LayerWatch`. It takes longer, its results are the same.
    public var watches = false
    /// Inputs that are the same in every step, such as a rate.
    public var constants: [String: Tensor] = [:]
    /// Asked after every step; the training saves and ends where it says so.
    public var shouldStop: @Sendable () -> Bool = { false }

    public init() {}

    /// - Throws: where a number is out of its range.
    func check() throws {
        let numbers: [(name: String, value: Int?, least: Int)] = [
            ("epochs", epochs, 1), ("steps", steps, 1), ("batch", batch, 1), ("limit-batches", batchLimit, 1), ("patience", patience, 1),
        ]
        for (name, value, least) in numbers {
            if let value, value < least { throw DLCError("\(name) is \(value); expected at least \(least)") }
        }
        if let batch, batch > 1 << 24 { throw DLCError("batch is \(batch); expected at most \(1 << 24)") }
        guard saveEvery >= 0 else { throw DLCError("a checkpoint every \(saveEvery) seconds; expected at least 0") }
    }
}
