import DLC

/// What a training does, as it happens.
public enum TrainingEvent: Sendable {
    /// All is ready; the first step comes next.
    case began(TrainingOverview)
    case step(StepReport)
    /// What the layers of an epoch's last step have computed; with `TrainerOptions.watches`.
    case watched(LayerWatch)
    /// A validation has come this far.
    case validating(batch: Int, of: Int)
    case epoch(EpochRecord)
    /// A checkpoint was written.
    case saved(path: String)
}

/// What is known before the first step.
public struct TrainingOverview: Sendable {
    /// The training's name.
    public var name: String
    public var parameters: Int
    public var tensors: Int
    public var frozen: Int
    /// One line per part of the data.
    public var data: [String]
    /// Examples by class, where there are classes.
    public var classes: [(name: String, count: Int)]
    public var batch: Int
    public var stepsPerEpoch: Int
    /// Examples that an epoch leaves out, where only whole batches fit the training or fewer were asked for; others in every epoch where
    /// their order is drawn.
    public var leftOut: Int
    /// Steps of the whole training.
    public var steps: Int
    /// Bytes that a step needs at the most, see `SessionMemory`; nil where they depend on more than the size of a batch.
    public var peak: Int?
    /// Bytes of states, which are a part of that.
    public var states: Int
    /// Arithmetic of one step; nil where it depends on more than the size of a batch.
    public var operations: Int?
    /// The step that this run begins after: 0, or where another has stopped.
    public var resumedAt: Int
}

/// After a step.
public struct StepReport: Sendable {
    /// Steps of the whole training so far, this one included.
    public var step: Int
    /// From 1.
    public var epoch: Int
    /// Batches of the epoch so far, of how many.
    public var batch: Int
    public var batches: Int
    /// Means over the epoch so far.
    public var metrics: [NamedValue]
    /// This step's own loss, the first output.
    public var loss: Double
    /// The learning rate in effect, of the first `minimize`; nil where it is an input.
    public var rate: Double?
    public var examples: Int
    /// Seconds that the step took, reading its batch included.
    public var seconds: Double
}

/// A number and what it is.
public struct NamedValue: Sendable, Equatable {
    public var name: String
    public var value: Double

    public init(_ name: String, _ value: Double) { (self.name, self.value) = (name, value) }
}

/// After an epoch.
public struct EpochRecord: Sendable, Equatable {
    /// From 1.
    public var epoch: Int
    /// Steps of the whole training.
    public var step: Int
    /// Means over the training part while it was learned.
    public var training: [NamedValue]
    /// Means over the validation part after the epoch; empty where there is none.
    public var validation: [NamedValue]
    /// Seconds of the epoch, validation included.
    public var seconds: Double
    /// Whether no epoch before was better in the monitored metric.
    public var isBest: Bool

    /// What is compared: the metric of the validation where there is one.
    func value(of metric: Metric) -> Double? {
        (validation.isEmpty ? training : validation).first { $0.name == metric.name }?.value
    }
}

/// How a training ended.
public struct TrainingOutcome: Sendable {
    public enum Reason: Sendable, Equatable {
        case finished
        /// The monitored metric has not become better for so many epochs.
        case patience(Int)
        /// Somebody asked for it.
        case stopped
    }

    public var reason: Reason
    public var history: [EpochRecord]
    public var best: EpochRecord?
    public var step: Int
    /// What the training has left by name: parameters, statistics, moments.
    public var states: [String: Tensor]
    /// Parameters and statistics of the best epoch, averaged where evaluation averages them.
    public var bestWeights: [String: Tensor]
}
