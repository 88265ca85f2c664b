import DLC
import DLCData
import DLCModel
import DLCTensorFiles

/// One run of a trainer: epochs of steps, each followed by a validation.
struct TrainingLoop {
    private let trainer: Trainer
    private let sessions: TrainingSessions
    private let batches: Batches
    private let validation: Batches?
    private let folder: RunFolder?
    private let lock: FolderLock?
    private let metric: Metric
    private let identity: [String: String]
    private let clock = ContinuousClock()
    /// Batches of an epoch, and steps of the whole training.
    private let perEpoch: Int
    private let total: Int
    /// Where the run stands; its states are in the sessions.
    private var place: Checkpoint
    /// The latest checkpoint. Its states are kept here where they are in no file.
    private var kept: (step: Int, place: Batches.Position, states: [String: Tensor], time: ContinuousClock.Instant)
    private var best: [String: Tensor] = [:]
    private var events: EventFile?
    private var watch: LayerWatch?
    /// The rate of a step, and when it was asked for.
    private var rate: (value: Double?, time: ContinuousClock.Instant)?

    init(
        _ trainer: Trainer, _ data: any Dataset, _ validationData: (any Dataset)?, _ normalisation: Normalisation, _ folder: RunFolder?,
        resuming: Bool
    ) throws {
        let options = trainer.options
        var folder = folder
        folder?.metadata = TrainedNetwork.metadata(data, normalisation)
        (self.trainer, self.folder) = (trainer, folder)
        let sessions = try TrainingSessions(trainer.model, trainer.training, threads: options.threads)
        self.sessions = sessions
        if let validationData { try Datasets.check(training: data, validation: validationData) }
        // Examples of one length beside each other need no padding.
        let order: ExampleOrder = try data.lengths() == nil ? .shuffled(seed: options.seed) : .buckets(seed: options.seed)
        batches = try sessions.batches(data, trainer, order, normalisation)
        validation = try validationData.map { try sessions.batches($0, trainer, .sequential, normalisation) }
        let perEpoch = min(batches.countPerEpoch, options.batchLimit ?? .max)
        self.perEpoch = perEpoch
        let epochs = options.epochs ?? (options.steps == nil ? 10 : nil)
        let most = try epochs.map { try Checked.multiply($0, perEpoch) } ?? .max
        total = min(options.steps ?? .max, most)
        metric = try sessions.monitored(options.monitor)
        var identity = [
            "training": trainer.name, "text of the model": trainer.textMark, "batch": "\(trainer.batch)", "seed": "\(options.seed)",
            "examples": "\(data.count)", "steps per epoch": "\(perEpoch)",
            "content of the data": try Self.mark(of: data),
        ]
        if !data.classNames.isEmpty { identity["classes"] = data.classNames.joined(separator: ", ") }
        self.identity = identity
        place = Checkpoint(
            states: [:], step: 0, epoch: 0, batch: 0, means: MetricMeans(sessions.metrics), seconds: 0, history: [],
            identity: identity, arguments: folder?.arguments ?? [])
        kept = (0, Batches.Position(), [:], clock.now)
        // Whatever else may be wrong is known by now, so that no empty folder is left.
        if let folder {
            try FilePath.makeFolder(folder.path)
            lock = try FolderLock(folder.path)
            Staging.sweep(folder.path)
        } else {
            lock = nil
        }
        if resuming, let folder {
            let checkpoint = try folder.checkpoint()
            try located(folder.lastPath) {
                try checkpoint.check(identity: identity)
                guard checkpoint.means.names == sessions.metrics else {
                    throw DLCError(
                        "has the metrics \(checkpoint.means.names.joined(separator: ", ")), the training \(sessions.metrics.joined(separator: ", "))"
                    )
                }
                try sessions.restore(checkpoint.states)
            }
            place = checkpoint
            place.states = [:]
            place.arguments = folder.arguments
            kept = (place.step, Batches.Position(epoch: place.epoch, batch: place.batch), [:], clock.now)
            // A run that was killed behind its first epoch may have written the one and not yet the other.
            best = try place.history.isEmpty ? [:] : folder.bestWeights()
            let names = Set(try sessions.weights(of: trainer.training).map(\.name))
            guard place.history.isEmpty || Set(best.keys) == names else {
                let what = best.isEmpty ? "is missing" : "holds the parameters of another network"
                throw DLCError(
                    "\(what); last.safetensors goes on from epoch \(place.epoch) and needs the best up to there", at: [folder.bestPath])
            }
        }
    }

    /// Tells data apart: a hash of what reading them took, of all classes, and of up to 16 examples.
    private static func mark(of data: any Dataset) throws -> String {
        var hash = TextHash()
        for (key, value) in data.encoding.metadata.sorted(by: { $0.key < $1.key }) { hash.add("\(key)=\(value)") }
        for field in data.fields { hash.add(field.description) }
        for label in try data.labels() ?? [] { hash.add(UInt64(bitPattern: Int64(label))) }
        let places = (0..<min(16, data.count)).map { $0 * (data.count - 1) / max(1, min(16, data.count) - 1) }
        if !places.isEmpty {
            for (name, tensor) in try data.batch(places).sorted(by: { $0.key < $1.key }) {
                hash.add(name)
                tensor.withUnsafeBytes { hash.add($0) }
            }
        }
        return hash.text
    }

    private var bestRecord: EpochRecord? { place.history.last { $0.isBest } }

    /// Epochs since the best.
    private var waited: Int { place.history.count - (place.history.lastIndex { $0.isBest }.map { $0 + 1 } ?? 0) }

    /// - Parameter isCancelled: asked after every step, as the options' `shouldStop` is.
    mutating func run(isCancelled: () -> Bool, _ observe: (TrainingEvent) throws -> Void) throws -> TrainingOutcome {
        try observe(.began(overview()))
        if place.step == 0 {
            try folder?.begin(trainer.texts)
            try save(observe)
        }
        events = try folder.map { try EventFile(folder: $0.path, resumingAt: place.step > 0 ? place.step + 1 : nil) }
        defer { try? events?.close() }
        try batches.seek(to: Batches.Position(epoch: place.epoch, batch: min(place.batch, batches.countPerEpoch)))
        while place.step < total {
            if let patience = trainer.options.patience, place.batch == 0, waited >= patience { return try outcome(.patience(patience)) }
            if try !epoch(isCancelled, observe) { return try outcome(.stopped) }
        }
        return try outcome(.finished)
    }

    /// The rest of an epoch.
    /// - Returns: false where somebody asked to stop; a checkpoint then says where.
    private mutating func epoch(_ isCancelled: () -> Bool, _ observe: (TrainingEvent) throws -> Void) throws -> Bool {
        if place.batch == 0 {
            try sessions.beginEpoch()
            try batches.seek(to: Batches.Position(epoch: place.epoch))
        }
        var began = clock.now
        while place.batch < perEpoch, place.step < total {
            let start = clock.now
            guard let batch = try batches.next() else { break }
            let tensors = trainer.options.constants.merging(batch.tensors) { $1 }
            place.step += 1
            place.batch += 1
            // It takes longer to compute than a small step.
            if rate.map({ $0.time.duration(to: start) > .milliseconds(50) }) ?? true || place.batch == perEpoch {
                rate = (try sessions.rateInEffect(), start)
            }
            let values: [Double]
            if trainer.options.watches, place.batch == perEpoch || place.step == total {
                let watched = try sessions.watch(tensors)
                values = watched.metrics
                watch = LayerWatch(epoch: place.epoch + 1, step: place.step, watched.values, loss: watched.loss)
            } else {
                values = try sessions.train(tensors)
            }
            if let loss = values.first, !loss.isFinite { throw try blame(loss) }
            place.means.add(values, examples: batch.count)
            let end = clock.now
            place.seconds += began.duration(to: end) / .seconds(1)
            began = end
            try observe(
                .step(
                    StepReport(
                        step: place.step, epoch: place.epoch + 1, batch: place.batch, batches: perEpoch, metrics: place.means.means,
                        loss: values.first ?? .nan, rate: rate?.value, examples: batch.count, seconds: start.duration(to: end) / .seconds(1)
                    )))
            try events?.scalar("loss/step", values.first ?? .nan, step: place.step)
            if trainer.options.shouldStop() || isCancelled() {
                try save(observe)
                return false
            }
            if kept.time.duration(to: end) / .seconds(1) >= trainer.options.saveEvery { try save(observe) }
        }
        let judged = try validate(observe)
        place.seconds += began.duration(to: clock.now) / .seconds(1)
        var record = EpochRecord(
            epoch: place.epoch + 1, step: place.step, training: place.means.means, validation: judged, seconds: place.seconds, isBest: false
        )
        let value = record.value(of: metric) ?? .nan
        record.isBest = bestRecord.map { metric.isBetter(value, than: $0.value(of: metric) ?? .nan) } ?? true
        place.history.append(record)
        place.epoch += 1
        (place.batch, place.means, place.seconds) = (0, MetricMeans(sessions.metrics), 0)
        if record.isBest { try keepBest() }
        try observe(.epoch(record))
        if let watch {
            try observe(.watched(watch))
            try folder?.write(watch)
            self.watch = nil
        }
        try folder?.report(place.history, sessions.metrics, metric)
        let parts = [("train", record.training), ("validation", record.validation)]
        try events?.scalars(parts.flatMap { part, values in values.map { ("\($0.name)/\(part)", $0.value) } }, step: place.step)
        if let rate = rate?.value { try events?.scalar("rate", rate, step: place.step) }
        try events?.flush()
        try save(observe)
        return true
    }

    private func validate(_ observe: (TrainingEvent) throws -> Void) throws -> [NamedValue] {
        guard let validation else { return [] }
        let most = min(validation.countPerEpoch, trainer.options.batchLimit ?? .max)
        return try sessions.evaluate(validation, most: most, constants: trainer.options.constants) {
            try observe(.validating(batch: $0, of: most))
        }
    }

    private mutating func keepBest() throws {
        let weights = try sessions.weights(of: trainer.training)
        best = Dictionary(uniqueKeysWithValues: weights.map { ($0.name, $0.tensor) })
        try folder?.writeBest(weights)
    }

    private mutating func save(_ observe: (TrainingEvent) throws -> Void) throws {
        let states = try sessions.snapshot()
        kept = (place.step, Batches.Position(epoch: place.epoch, batch: place.batch), folder == nil ? states : [:], clock.now)
        guard let folder else { return }
        var checkpoint = place
        checkpoint.states = states
        try folder.write(checkpoint)
        try observe(.saved(path: folder.lastPath))
    }

    private func outcome(_ reason: TrainingOutcome.Reason) throws -> TrainingOutcome {
        TrainingOutcome(
            reason: reason, history: place.history, best: bestRecord, step: place.step, states: try sessions.snapshot(), bestWeights: best)
    }

    private func overview() throws -> TrainingOverview {
        let training = trainer.training
        let weights = training.step.parameters.filter { $0.role == .weight }
        let frozen = Set(training.frozen)
        func count(_ parameters: [ModelParameter]) -> Int { parameters.reduce(0) { $0 + $1.shape.reduce(1, *) } }
        let counts = try batches.dataset.classCounts() ?? []
        let names = batches.dataset.classNames
        let plan = trainer.model.plan
        return TrainingOverview(
            name: trainer.name, parameters: count(weights), tensors: weights.count,
            frozen: count(weights.filter { frozen.contains($0.name) }),
            data: [batches.dataset.summary] + (validation.map { [$0.dataset.summary] } ?? []),
            classes: counts.enumerated().map { ($0 < names.count ? names[$0] : "\($0)", $1) }, batch: trainer.batch,
            stepsPerEpoch: perEpoch,
            leftOut: max(0, batches.dataset.count - perEpoch * trainer.batch), steps: total,
            peak: bindings.flatMap { try? plan.memory(arena: plan.arena($0, threads: sessions.step.threads).peak, $0).total },
            states: trainer.model.states.reduce(0) { $0 + $1.shape.reduce($1.type.size, *) },
            operations: bindings.flatMap { bindings in try? plan.steps.reduce(0) { try Checked.add($0, $1.operations.evaluate(bindings)) }
            },
            resumedAt: place.step)
    }

    /// The extents of a step, where they depend on no more than the size of a batch.
    private var bindings: [String: Int]? {
        let symbols = trainer.model.plan.symbols
        return symbols.count > 1 ? nil : Dictionary(uniqueKeysWithValues: symbols.map { ($0, trainer.batch) })
    }
}

// What stops a run whose loss is no number any more.
extension TrainingLoop {
    /// Goes back to the latest checkpoint and runs again up to the step whose loss was none, to find the layer where that began.
    private func blame(_ loss: Double) throws -> DLCError {
        var message =
            "the loss became \(loss.isNaN ? "NaN" : "infinite") in step \(place.step) (epoch \(place.epoch + 1), batch \(place.batch))"
        let states = try kept.states.isEmpty ? folder?.checkpoint().states ?? [:] : kept.states
        // What a step spoils may be seen only in the loss of the next.
        for step in [place.step, place.step - 1] where step > kept.step {
            guard let batch = try replayed(states, upTo: step) else { break }
            if step - 1 > kept.step, try isSpoiled() { continue }
            if let first = try firstSpoiled(batch) {
                message += "; it began \(step == place.step ? "there" : "in step \(step)"), in \(first)"
                break
            }
        }
        return DLCError(
            message + (folder.map { "; the last checkpoint, of step \(kept.step), is \($0.lastPath)" } ?? ""), at: [trainer.name])
    }

    /// The states as they were before a step, and its batch.
    private func replayed(_ states: [String: Tensor], upTo step: Int) throws -> [String: Tensor]? {
        try sessions.restore(states)
        if kept.place.batch == 0 { try sessions.beginEpoch() }
        try batches.seek(to: kept.place)
        for number in kept.step + 1...step {
            guard let batch = try batches.next() else { return nil }
            let tensors = trainer.options.constants.merging(batch.tensors) { $1 }
            if number == step { return tensors }
            _ = try sessions.train(tensors)
        }
        return nil
    }

    /// Whether a state has a number that is none.
    private func isSpoiled() throws -> Bool {
        try sessions.snapshot().values.contains { try $0.type.isFloat && $0.doubles().contains { !$0.isFinite } }
    }

    /// The first of the plan's steps that computes NaN, or where none does an infinity.
    private func firstSpoiled(_ batch: [String: Tensor]) throws -> String? {
        try sessions.set(batch, in: sessions.step)
        var (nan, infinite): (StepValues?, StepValues?) = (nil, nil)
        try sessions.step.watch { values in
            if nan == nil, values.nans > 0 { nan = values }
            if infinite == nil, values.infinities > 0 { infinite = values }
        }
        return (nan ?? infinite).map { $0.name.isEmpty ? $0.summary : "\($0.name) (\($0.summary))" }
    }
}
