import ArgumentParser
import DLC
import DLCData
import DLCModel
import DLCTensorFiles
import DLCTrain

/// `dlc evaluate`: how good a trained network is.
struct EvaluateCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "evaluate",
        abstract: "Judge a network by data.",
        discussion: """
            MODEL is the folder of a run, a .dlm file with a training and its --weights, or any model that dlc runs. A training is judged \
            by its own metrics; what the network answers, by what the truth makes of it: classes by accuracy, precision, recall, F1, ROC \
            area and the confusion matrix; classes of pixels by intersection over union too, of symbols by perplexity; numbers by squared \
            and absolute error; boxes [N, M, 4] with scores and classes by COCO's average precision. Several --weights, or --with, make an ensemble: answers are averaged.

            EXAMPLES
              dlc evaluate runs/digits --data test.npz
              dlc evaluate learn.dlm --weights best.safetensors --data images/test
              dlc evaluate resnet50.onnx --data images/test --target label
              dlc evaluate runs/digits --with runs/digits-2 --with runs/digits-3 --data test.npz
            """)

    @ArgumentParser.Argument(help: "A run's folder, a .dlm file with a training, or an .onnx, .dlm, .dlir or .dlc model.")
    var model: String

    @Option(
        name: .customLong("with"),
        help: ArgumentHelp("A further model, or run's folder, whose answers are averaged in; repeatable.", valueName: "model"))
    var others: [String] = []

    @Option(help: ArgumentHelp("The data; a run's folder knows what it was judged by.", valueName: "path"))
    var data: String?

    @Option(name: .customLong("training"), help: ArgumentHelp("Which training of a file that has several.", valueName: "name"))
    var trainingName: String?

    @Option(name: .customLong("set"), help: ArgumentHelp("A build-time parameter of the training; repeatable.", valueName: "name=value"))
    var settings: [Setting] = []

    @Option(help: ArgumentHelp("Parameters of the .dlm file; several make an ensemble.", valueName: "file"))
    var weights: [String] = []

    @Option(name: .customLong("source"), help: ArgumentHelp("What of the data an input is read from; repeatable.", valueName: "input=name"))
    var sources: [Setting] = []

    @Option(name: .customLong("read"), help: ArgumentHelp("How files are read, as dlc train has it; repeatable.", valueName: "name=value"))
    var readings: [Setting] = []

    @Option(help: ArgumentHelp("The output with the answers; the first where left out.", valueName: "name"))
    var output: String?

    @Option(
        help: ArgumentHelp(
            "The field of the data with the truth; what a training has beside the network's inputs, else label.", valueName: "name"))
    var target: String?

    @Option(
        help: ArgumentHelp(
            "Average over so many copies of each picture, moved by up to an eighth, the picture itself among them.", valueName: "copies"))
    var augment: Int?

    @Flag(help: "Mirror every other of these copies.")
    var mirror = false

    @Option(help: "Examples at a time; what the training fixes, else 64.")
    var batch: Int?

    @Flag(help: "The result as JSON.")
    var json = false

    @OptionGroup var threads: ThreadOptions

    func validate() throws {
        if let augment, !(1...1000).contains(augment) { throw ValidationError("--augment expects 1 to 1000, found \(augment)") }
        if mirror, augment == nil { throw ValidationError("--mirror is for the copies of --augment") }
        if let batch, batch < 1 { throw ValidationError("--batch expects at least 1, found \(batch)") }
    }

    func run() throws {
        var subject = try subject()
        if let network = subject.network { subject.metadata.merge(network.metadata) { $1 } }
        var parts: (metrics: [NamedValue], evaluation: Evaluation?) = ([], nil)
        let known = try KnownData(subject.metadata, readings: readings, sources: sources, at: model)
        var labels = known.labels
        func examples(_ wanted: [WantedField]) throws -> any Dataset { try self.examples(wanted, of: subject, known.options) }
        func normalisation(_ examples: any Dataset) throws -> Normalisation {
            try located(model) { try Normalisation(metadata: subject.metadata, fields: examples.fields) }
        }
        if let trainer = subject.trainer {
            let examples = try examples(trainer.wanted)
            parts.metrics = try located(model) {
                try trainer.evaluate(examples, normalisation: normalisation(examples)) { show("judging", $0, $1) }
            }
        }
        if output == nil, target == nil, let network = subject.network,
            let evaluator = DetectionEvaluator(network, batch: batch ?? 16, threads: threads.threads)
        {
            let examples = try examples(evaluator.wanted)
            parts.evaluation = try located(model) {
                try evaluator.run(examples, normalisation: normalisation(examples)) { show("detecting", $0, $1) }
            }
        } else if let network = subject.network {
            let truth = try truth(network, subject.trainer)
            let evaluator = try located(model) {
                try Evaluator(
                    [network] + subject.others, output: output, target: truth, batch: batch ?? subject.trainer?.batch ?? 64,
                    threads: threads.threads)
            }
            let examples = try examples(evaluator.wanted)
            parts.evaluation = try located(model) {
                try evaluator.run(examples, normalisation: normalisation(examples)) { show("answering", $0, $1) }
            }
        }
        if Console.hasTerminal { Console.put("\r\u{1B}[K") }
        // Classes that are symbols bear their names.
        let symbols = (known.encoding.targetVocabulary ?? known.encoding.vocabulary)?.symbols ?? []
        if labels.isEmpty, let confusion = parts.evaluation?.confusion, confusion.count == symbols.count {
            labels = symbols.map { $0.contains(where: \.isWhitespace) ? String(reflecting: $0) : $0 }
        }
        let text = EvaluationText(metrics: parts.metrics, evaluation: parts.evaluation, labels: labels)
        print(json ? text.json : text.lines.joined(separator: "\n"))
    }

    private func show(_ what: String, _ done: Int, _ of: Int) {
        if Console.hasTerminal { Console.put("\r\(what) \(done)/\(of)\u{1B}[K") }
    }

    /// What is judged.
    private struct Subject {
        /// A training, whose own metrics are taken.
        var trainer: Trainer?
        /// What answers.
        var network: CompiledModel?
        var others: [CompiledModel] = []
        /// What is known of the data that it learned.
        var metadata: [String: String] = [:]
        /// The run that it is of, and the file that it trains.
        var run: (command: TrainCommand, file: String)?
    }

    /// The data of `--data`, else those that the run was judged by, a part that was split off among them.
    private func examples(_ wanted: [WantedField], of subject: Subject, _ options: DataOptions) throws -> any Dataset {
        if let path = data ?? subject.run.flatMap({ $0.command.data.judgedBy($0.file) }) {
            return try Datasets.open(path, wanting: wanted, options: options)
        }
        if let (command, file) = subject.run, let trainer = subject.trainer {
            // The fields that the run read, so that the same examples are split off.
            let others = wanted.filter { field in !trainer.wanted.contains { $0.name == field.name } }
            if let judged = try command.data.judged(file, trainer.wanted + others, command.training.seed) { return judged }
            throw DLCError("name the data with --data; the run was judged by what it learned", at: [model])
        }
        throw DLCError("name the data with --data", at: [model])
    }

    private func subject() throws -> Subject {
        guard FilePath.exists(model) else { throw DLCError("there is no such file or folder", at: [model]) }
        if FilePath.isFolder(model) { return try run(of: RunFolder(model)) }
        var subject = Subject()
        if ModelFile.kind(model) == "dlm", trainingName != nil || !weights.isEmpty, let first = weights.first {
            let file = try options()
            let trainer = try trainer(model, file, weights: first)
            subject.trainer = trainer
            let networks = try weights.map { try network(trainer.training, file, weights: $0) }
            if first.hasSuffix(".safetensors") { subject.metadata = try Safetensors(contentsOf: first).metadata }
            (subject.network, subject.others) = (networks[0], networks.dropFirst().compactMap { $0 })
        } else {
            var file = ModelOptions()
            if ModelFile.kind(model) == "dlm" { file = try options() }
            subject.network = try ModelFile.ready(model, file, CompileFlags.parse([]))
        }
        subject.others += try others.map { try ModelFile.ready(ModelFile.network(of: $0), ModelOptions(), CompileFlags.parse([])) }
        return subject
    }

    /// The training and the network of a run.
    private func run(of folder: RunFolder) throws -> Subject {
        let command = try TrainCommand.first(of: folder)
        guard let file = command.file else { throw DLCError("the run does not say which file it trains", at: [folder.path]) }
        guard FilePath.isFile(folder.bestPath) else {
            throw DLCError("has no best.safetensors yet; its first epoch is not over", at: [folder.path])
        }
        var subject = Subject()
        var options = try command.training.options()
        options.drawn = []
        let text = folder.text(of: file)
        let trainer = try trainer(text, options, weights: folder.bestPath)
        subject.trainer = trainer
        subject.metadata = try Safetensors(contentsOf: folder.bestPath).metadata
        // The run may be going on still: its network is made of the best parameters so far.
        subject.network = try network(trainer.training, options, weights: folder.bestPath)
        subject.others = try others.map { try ModelFile.ready(ModelFile.network(of: $0), ModelOptions(), CompileFlags.parse([])) }
        subject.run = (command, file)
        return subject
    }

    private func options() throws -> ModelOptions {
        var options = ModelOptions()
        for setting in settings { options.settings[setting.name] = setting.value }
        options.training = trainingName
        return options
    }

    private func trainer(_ file: String, _ options: ModelOptions, weights: String) throws -> Trainer {
        var (options, length) = (options, TrainerOptions())
        (options.weights, options.renames) = (weights, [])
        options.warn = { _ in }
        (length.batch, length.threads) = (batch, threads.threads)
        let training = try Compiler.training(file, options)
        return try located(file) { [options] in
            if batch == nil {
                // The training's own size, or one that is quick.
                let wanted = try Trainer.wanted(by: training, options, length)
                length.batch = wanted.isFixed ? wanted.batch : 64
            }
            return try Trainer(training, options, options: length)
        }
    }

    private func network(_ training: Training, _ options: ModelOptions, weights: String) throws -> CompiledModel? {
        try TrainedNetwork.graph(training, options, weights: weights).map { try CompiledModel(Compiler.compile($0)) }
    }

    /// The field that holds the truth.
    private func truth(_ network: CompiledModel, _ trainer: Trainer?) throws -> WantedField {
        let inputs = Set(network.inputs.map(\.name))
        if let trainer {
            let left = trainer.wanted.filter { !inputs.contains($0.name) }
            let found = target.map { name in left.first { $0.name == name } } ?? left.first { !$0.type.isFloat } ?? left.first
            if let found { return found }
            // What rebuilds its input is its own truth.
            if target == nil, let own = trainer.wanted.first { return own }
            throw DLCError(
                "the training has no \(target ?? "truth") beside the network's inputs; it has \(trainer.wanted.map(\.name).joined(separator: ", "))",
                at: [model])
        }
        return WantedField(target ?? "label", .int64, [])
    }
}
