import DLC
import DLCData
import DLCModel

/// Trains a compiled training on data: epochs, validation, checkpoints, the best weights.
///
///     let trainer = try Trainer("digits.dlm")
///     let data = try Datasets.open("digits.npz", wanting: trainer.wanted)
///     for try await epoch in trainer.fit(data) { print(epoch.training) }
///
/// With equal options, data and seed a run gives the same bits for any number of threads, and one that goes on from a checkpoint the
/// same as one that was never stopped.
public struct Trainer: Sendable {
    public let training: Training
    public let options: TrainerOptions
    /// The step, and the evaluation as a further program.
    public let model: CompiledModel
    /// Examples in a step.
    public let batch: Int
    /// What the inputs ask of data; those that `options.constants` gives are left out.
    public let wanted: [WantedField]
    /// The model as it is written, by path below its folder.
    let texts: [(path: String, text: String)]
    /// Whether the training's inputs take batches of another size, as the last of an epoch may be.
    let takesAnyBatch: Bool

    /// Compiles a training of a `.dlm` file.
    ///
    /// How long its text means it to be is what a build-time parameter `steps` says, if it has one, as schedules need it: where the
    /// options say nothing, so many steps are made, and where they give steps and `file` no value for it, it is theirs.
    /// - Parameters:
    ///   - file: settings, weights to begin with, which training. `options.seed` is in place of its own.
    ///   - compile: `likely` gets the size of a batch.
    /// - Throws: `ModelErrors`, all mistakes of the file; `WeightMismatch`; where inputs have no batch dimension in common.
    public init(
        _ path: String, _ file: ModelOptions = ModelOptions(), compile: CompileOptions = CompileOptions(),
        options: TrainerOptions = TrainerOptions()
    ) throws {
        var (file, options) = (file, options)
        var training = try Compiler.training(path, file)
        if let said = training.numbers["steps"] {
            if let steps = options.steps {
                if file.settings["steps"] == nil, Double(steps) != said {
                    file.settings["steps"] = "\(steps)"
                    training = try Compiler.training(path, file)
                }
            } else if options.epochs == nil, said >= 1, said < 1e15 {
                options.steps = Int(said)
            }
        }
        let texts = try ModelText.files(of: path)
        self = try located(path) { try Trainer(training, file, compile: compile, options: options, texts: texts) }
    }

    /// Compiles a training that is at hand, such as one built in Swift.
    /// - Parameter file: how inputs are settled, and weights to begin with.
    /// - Throws: `WeightMismatch`; where inputs have no batch dimension in common.
    public init(
        _ training: Training, _ file: ModelOptions = ModelOptions(), compile: CompileOptions = CompileOptions(),
        options: TrainerOptions = TrainerOptions()
    ) throws {
        try self.init(training, file, compile: compile, options: options, texts: [])
    }

    private init(
        _ training: Training, _ file: ModelOptions, compile: CompileOptions, options: TrainerOptions, texts: [(path: String, text: String)]
    ) throws {
        try options.check()
        var (file, compile) = (file, compile)
        file.seed = options.seed
        let inputs = try BatchInputs(training, options, dims: file.inputs.dims)
        if let symbol = inputs.symbol { compile.likely[symbol] = inputs.batch }
        model = try CompiledModel(Compiler.compileTraining(training, file, compile))
        (self.training, self.options, self.texts) = (training, options, texts)
        (batch, wanted, takesAnyBatch) = (inputs.batch, inputs.wanted, inputs.symbol != nil)
    }

    /// What a training's inputs ask of data, before it is compiled.
    /// - Returns: the fields, the size of a batch, and whether no other will do.
    /// - Throws: where inputs have no batch dimension in common.
    public static func wanted(by training: Training, _ file: ModelOptions, _ options: TrainerOptions) throws -> (
        fields: [WantedField], batch: Int, isFixed: Bool
    ) {
        let inputs = try BatchInputs(training, options, dims: file.inputs.dims)
        return (inputs.wanted, inputs.batch, inputs.symbol == nil)
    }

    /// The training's name.
    public var name: String { model.plan.name }

    /// Tells texts of the model apart.
    var textMark: String {
        var hash = TextHash()
        for (path, text) in texts {
            hash.add(path)
            hash.add(text)
        }
        return hash.text
    }

    /// What is watched where nobody says otherwise: the first output that is one number.
    public var loss: Metric? { model.outputs.first { $0.shape.isEmpty }.map { Metric($0.name) } }

    /// Trains, and gives a record after each epoch. The run ends where nobody takes them any more.
    /// - Parameters:
    ///   - data: what is learned, opened for `wanted`.
    ///   - validation: what every epoch is judged by; nil judges by the means over the training part.
    ///   - normalisation: applied to every batch.
    ///   - folder: where checkpoints and reports go; nil keeps all in memory.
    public func fit(
        _ data: any Dataset, validation: (any Dataset)? = nil, normalisation: Normalisation = Normalisation(), folder: RunFolder? = nil
    ) -> AsyncThrowingStream<EpochRecord, any Error> {
        AsyncThrowingStream { continuation in
            let task = Task.detached {
                do {
                    var loop = try TrainingLoop(self, data, validation, normalisation, folder, resuming: false)
                    _ = try loop.run(isCancelled: { Task.isCancelled }) { event in
                        if case .epoch(let record) = event { continuation.yield(record) }
                    }
                    continuation.finish()
                } catch {
                    continuation.finish(throwing: error)
                }
            }
            continuation.onTermination = { _ in task.cancel() }
        }
    }

    /// Trains, on the caller's thread, until the options or `observe` end it.
    /// - Parameters:
    ///   - resuming: goes on where the folder's checkpoint stands.
    ///   - observe: called with everything that happens; what it throws ends the training.
    /// - Throws: where data or shapes do not fit, a file cannot be written, or a loss is no number any more: naming the step and the
    ///   layer where that began.
    @discardableResult
    public func run(
        _ data: any Dataset, validation: (any Dataset)? = nil, normalisation: Normalisation = Normalisation(), folder: RunFolder? = nil,
        resuming: Bool = false, observe: (TrainingEvent) throws -> Void = { _ in }
    ) throws -> TrainingOutcome {
        var loop = try TrainingLoop(self, data, validation, normalisation, folder, resuming: resuming)
        return try loop.run(isCancelled: { false }, observe)
    }
}

extension Trainer {
    /// The means of the metrics over data, nothing drawn and nothing learned, with the weights that the training was compiled with.
    /// - Throws: where data do not fit.
    public func evaluate(
        _ data: any Dataset, normalisation: Normalisation = Normalisation(), observe: (_ batch: Int, _ of: Int) throws -> Void = { _, _ in }
    ) throws -> [NamedValue] {
        let sessions = try TrainingSessions(model, training, threads: options.threads)
        let batches = try sessions.batches(data, self, .sequential, normalisation)
        let most = min(batches.countPerEpoch, options.batchLimit ?? .max)
        return try sessions.evaluate(batches, most: most, constants: options.constants) { try observe($0, most) }
    }
}

/// The inputs of a training that batches of data fill.
struct BatchInputs {
    let wanted: [WantedField]
    let batch: Int
    /// The batch dimension's symbol; nil where the training settles its size.
    let symbol: String?

    /// - Throws: where inputs have no batch dimension in common, or the size asked for is not the training's.
    /// - Parameter dims: extents of symbols that are settled.
    init(_ training: Training, _ options: TrainerOptions, dims: [String: Int]) throws {
        func settled(_ dim: Dim) -> Int? { dim.constant ?? dim.symbol.flatMap { dims[$0] } }
        let graph = training.step.graph
        let bounds = graph.indexBounds()
        for name in options.constants.keys.sorted() where !graph.inputs.contains(where: { $0.name == name }) {
            throw DLCError("there is no input \(name.printable()); the training has \(graph.inputs.map(\.name).joined(separator: ", "))")
        }
        var (wanted, first): ([WantedField], (name: String, dim: Dim)?) = ([], nil)
        for input in graph.inputs where options.constants[input.name] == nil {
            let type = graph.type(input.value)
            guard let leading = type.shape.first else {
                throw DLCError("input \(input.name) is one number, no batch of data; give it a value: --value \(input.name)=0.1")
            }
            if let first, first.dim != leading {
                throw DLCError(
                    "inputs \(first.name) and \(input.name) begin with different dimensions, \(first.dim) and \(leading); expected one size of a batch in both"
                )
            }
            first = first ?? (input.name, leading)
            wanted.append(WantedField(input.name, type.element, type.shape.dropFirst().map { settled($0) }, classes: bounds[input.name]))
        }
        guard let first else { throw DLCError("has no input that data could fill") }
        if let size = settled(first.dim) {
            if let asked = options.batch, asked != size { throw DLCError("a batch of \(asked): the training takes batches of \(size)") }
            (batch, symbol) = (size, nil)
        } else {
            guard let name = first.dim.symbol else {
                throw DLCError("input \(first.name) begins with \(first.dim); expected a number or a symbol for the size of a batch")
            }
            (batch, symbol) = (options.batch ?? 32, name)
        }
        self.wanted = wanted
    }
}
