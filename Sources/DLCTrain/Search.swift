import DLC
import DLCData
import DLCModel

/// Trains with many settings and keeps those going that do best.
public struct Search: Sendable {
    public struct Trial: Sendable {
        /// From 1.
        public var number: Int
        public var settings: [String: String]
        public var epochs = 0
        /// The monitored metric at its best.
        public var value: Double?
        /// Why it could not train.
        public var failure: String?
        public var folder: String
    }

    public enum Event: Sendable {
        case round(epochs: Int, trials: Int)
        case trial(Trial)
    }

    private let path: String
    private let file: ModelOptions
    private let compile: CompileOptions
    private let options: TrainerOptions
    private let folder: String
    public private(set) var trials: [Trial]
    public let halving: SuccessiveHalving

    /// - Parameters:
    ///   - path: a `.dlm` file with a training, whose build-time parameters are searched.
    ///   - options: `epochs` is how long the best trials train.
    ///   - folder: gets one folder for each trial.
    /// - Throws: where a setting is searched and given in `file` too.
    public init(
        _ path: String, _ file: ModelOptions, compile: CompileOptions, options: TrainerOptions, space: SearchSpace, trials count: Int?,
        folder: String
    ) throws {
        for axis in space.grid + space.random where file.settings[axis.name] != nil {
            throw DLCError("the setting \(axis.name) is searched and given a value too")
        }
        guard options.steps == nil else { throw DLCError("a search counts in epochs, not in steps") }
        let settings = try space.trials(count, seed: options.seed)
        (self.path, self.file, self.compile, self.options, self.folder) = (path, file, compile, options, folder)
        trials = settings.enumerated().map { Trial(number: $0 + 1, settings: $1, folder: "\(folder)/trial-\($0 + 1)") }
        halving = SuccessiveHalving(trials: settings.count, epochs: options.epochs ?? 10)
    }

    /// Trains all of them, round by round.
    /// - Parameters:
    ///   - parts: opens the data for what a trainer asks of them.
    ///   - observe: called with what happens; what it throws ends the search.
    /// - Returns: the trials, the best first.
    public mutating func run(
        _ parts: (Trainer) throws -> (training: any Dataset, validation: (any Dataset)?, normalisation: Normalisation),
        observe: (Event) throws -> Void = { _ in }
    ) throws -> [Trial] {
        var going = Array(trials.indices)
        var metric = options.monitor
        for epochs in halving.rounds {
            try observe(.round(epochs: epochs, trials: going.count))
            var values: [Int: Double] = [:]
            for index in going {
                if options.shouldStop() { return ranked(metric) }
                var options = options
                options.epochs = epochs
                var file = file
                file.settings.merge(trials[index].settings) { $1 }
                do {
                    let trainer = try Trainer(path, file, compile: compile, options: options)
                    let (learned, judged, normalisation) = try parts(trainer)
                    let folder = RunFolder(trials[index].folder)
                    let outcome = try trainer.run(
                        learned, validation: judged, normalisation: normalisation, folder: folder, resuming: folder.holdsCheckpoint)
                    metric = metric ?? trainer.loss
                    trials[index].epochs = outcome.history.count
                    trials[index].value = metric.flatMap { metric in outcome.best?.value(of: metric) }
                    values[index] = trials[index].value ?? .nan
                } catch let error as DLCError {
                    // A loss that explodes says something of the settings; anything else is as wrong in all trials.
                    guard error.message.hasPrefix("the loss became") else { throw error }
                    trials[index].failure = error.message
                }
                try observe(.trial(trials[index]))
            }
            if let metric { going = halving.survivors(values, of: metric) }
            if going.isEmpty { break }
        }
        return ranked(metric)
    }

    /// Those that trained longest first, among them the best; at the end those that failed.
    private func ranked(_ metric: Metric?) -> [Trial] {
        guard let metric else { return trials }
        return trials.sorted { a, b in
            if (a.failure == nil) != (b.failure == nil) { return a.failure == nil }
            if a.epochs != b.epochs { return a.epochs > b.epochs }
            let (x, y) = (a.value ?? .nan, b.value ?? .nan)
            return metric.isBetter(x, than: y) || (!metric.isBetter(y, than: x) && a.number < b.number)
        }
    }
}
