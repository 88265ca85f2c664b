import ArgumentParser
import DLC
import DLCTrain

/// How long a training runs.
struct LengthFlags: ParsableArguments {
    @Option(help: "How often all examples are seen; 10 where neither this nor --steps is given.")
    var epochs: Int?

    @Option(help: "Updates in all.")
    var steps: Int?

    @Option(help: "Examples in a step; what the training's inputs fix, else 32.")
    var batch: Int?

    @Option(name: .customLong("limit-batches"), help: "The most batches of an epoch, and of a validation.")
    var limit: Int?

    @Option(
        help: ArgumentHelp(
            """
            The metric that says which epoch was the best; the first output where left out. What is called an accuracy, a score or the \
            like shall be large, all else small, unless :max or :min stands behind it.
            """, valueName: "metric"))
    var monitor: Monitor?

    @Option(
        name: .customLong("early-stopping"),
        help: ArgumentHelp("End when a metric has not become better for so many epochs.", valueName: "metric:epochs"))
    var stopping: EarlyStopping?

    func validate() throws {
        for (name, value) in [("--epochs", epochs), ("--steps", steps), ("--batch", batch), ("--limit-batches", limit)] {
            if let value, value < 1 { throw ValidationError("\(name) expects at least 1, found \(value)") }
        }
        if let monitor, let stopping, monitor.metric.name != stopping.metric {
            throw ValidationError("--monitor \(monitor.metric.name) and --early-stopping \(stopping.description) name two metrics")
        }
    }

    func options() throws -> TrainerOptions {
        var options = TrainerOptions()
        (options.epochs, options.steps, options.batch, options.batchLimit) = (epochs, steps, batch, limit)
        options.monitor = monitor?.metric ?? stopping.map { Metric($0.metric) }
        options.patience = stopping?.epochs
        return options
    }

    /// Takes over how long another command lets a run go on.
    mutating func change(by other: LengthFlags) {
        if other.epochs != nil || other.steps != nil { (epochs, steps) = (other.epochs, other.steps) }
        if let stopping = other.stopping { self.stopping = stopping }
        if let monitor = other.monitor { self.monitor = monitor }
    }

    /// The same flags on another command line.
    var arguments: [String] {
        var words: [String] = []
        for (name, value) in [("--epochs", epochs), ("--steps", steps), ("--batch", batch), ("--limit-batches", limit)] {
            if let value { words += [name, "\(value)"] }
        }
        if let monitor { words += ["--monitor", monitor.description] }
        if let stopping { words += ["--early-stopping", stopping.description] }
        return words
    }
}
