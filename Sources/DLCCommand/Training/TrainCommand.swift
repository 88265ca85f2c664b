import ArgumentParser
import DLC
import DLCData
import DLCModel
import DLCTensorFiles
import DLCTrain

/// `dlc train`: from data to a trained network.
struct TrainCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "train",
        abstract: "Train a network on data.",
        discussion: """
            FILE.dlm holds a training. A folder, runs/NAME where --out names no other, gets best.safetensors, the parameters of the best \
            epoch under the model's names; last.safetensors, from which --resume goes on bit for bit; metrics.csv, curves.svg and an \
            event file for TensorBoard; and, where the training says what it predicts, model.dlc, ready for dlc run.

            Ctrl-C ends after the step, saves and says how to go on; a second one ends at once.

            EXAMPLES
              dlc train Models/course/digits.dlm
              dlc train learn.dlm --data images/train --validation images/test --epochs 20 --batch 64
              dlc train learn.dlm --data table.csv --split 0.1 --normalize x --early-stopping loss:5
              dlc train learn.dlm --data table.csv --find-rate
              dlc train --resume runs/learn
            """)

    @ArgumentParser.Argument(help: "A .dlm file with a training; left out with --resume.")
    var file: String?

    @OptionGroup(title: "The training") var training: TrainingFlags
    @OptionGroup(title: "Data") var data: DataFlags
    @OptionGroup(title: "How long") var length: LengthFlags

    @Option(help: ArgumentHelp("The folder for checkpoints and reports; runs/NAME where left out.", valueName: "folder"))
    var out: String?

    @Option(help: ArgumentHelp("Go on where the run in a folder stopped, with the options that it was begun with.", valueName: "folder"))
    var resume: String?

    @Option(
        name: .customLong("save-every"),
        help: ArgumentHelp("Seconds after which a checkpoint is written within an epoch.", valueName: "seconds"))
    var saveEvery = 30.0

    @Flag(name: .customLong("find-rate"), help: "Do not train, but sweep the rate to find a good one.")
    var findRate = false

    @Flag(help: "Tell after each epoch where units are dead and gradients vanish; all layers are in the folder's watch.csv.")
    var watch = false

    @Flag(help: "Fill the terminal with curves while it goes on.")
    var dashboard = false

    @Flag(help: "A line of JSON for everything that happens, in place of text.")
    var json = false

    @OptionGroup var threads: ThreadOptions
    @OptionGroup(title: "Compilation") var flags: CompileFlags

    func validate() throws {
        if file == nil, resume == nil { throw ValidationError("name a .dlm file, or --resume with a run's folder") }
        if resume != nil, out != nil { throw ValidationError("--resume goes on in its folder; --out is for new runs") }
        if resume != nil, file != nil { throw ValidationError("--resume knows its file") }
        if findRate, resume != nil { throw ValidationError("--find-rate trains nothing that --resume could go on with") }
        if !(saveEvery >= 0) { throw ValidationError("--save-every expects at least 0, found \(saveEvery)") }
    }

    func run() throws {
        if let resume { return try resumed(in: resume).train(in: RunFolder(resume), resuming: true) }
        guard let file else { return }
        if findRate { return try sweep(file) }
        try train(in: RunFolder(out ?? FilePath.free("runs/\(ModelFile.stem(file))")), resuming: false)
    }

    /// The command that a run was begun with.
    static func first(of folder: RunFolder) throws -> TrainCommand {
        do {
            return try TrainCommand.parse(folder.firstArguments())
        } catch let error as DLCError {
            throw error
        } catch {
            throw DLCError("its checkpoint's options are not understood: \(TrainCommand.message(for: error))", at: [folder.path])
        }
    }

    /// The command that a run was begun with, and what this one changes.
    private func resumed(in folder: String) throws -> TrainCommand {
        var command = try Self.first(of: RunFolder(folder))
        command.length.change(by: length)
        if threads.threads != nil { command.threads = threads }
        (command.json, command.dashboard) = (json, dashboard)
        return command
    }

    private func train(in folder: RunFolder, resuming: Bool) throws {
        guard let file else { throw DLCError("the run does not say which file it trains", at: [folder.path]) }
        if !resuming, folder.holdsCheckpoint {
            throw DLCError("holds a run already; go on with --resume \(folder.path), or give another --out", at: [folder.path])
        }
        var folder = folder
        folder.arguments = arguments(file)
        // A run keeps to the text that it was begun with.
        let text = resuming ? folder.text(of: file) : file
        if text != file, FilePath.isFile(file), try FileBytes.read(text) != FileBytes.read(file) {
            Console.warn("\(file) has been changed; the run goes on with its own copy, \(text)")
        }
        let (trainer, parts) = try prepared(file, text)
        let display: any TrainDisplay =
            if json { JSONDisplay() } else if Console.hasTerminal {
                dashboard ? DashboardDisplay(trainer) : LineDisplay(trainer)
            } else { PlainDisplay(trainer) }
        let outcome = try located(file) {
            defer { display.close() }
            return try trainer.run(
                parts.training, validation: parts.validation, normalisation: parts.normalisation, folder: folder, resuming: resuming,
                observe: { try display.show($0) })
        }
        let hasNetwork = try outcome.best != nil && writeNetwork(trainer.training, folder)
        display.finish(outcome, folder, hasNetwork)
        if outcome.reason == .stopped { throw ExitCode(130) }
    }

    /// Compiles what the training predicts, with the best weights.
    private func writeNetwork(_ training: Training, _ folder: RunFolder) throws -> Bool {
        guard let graph = try TrainedNetwork.graph(training, self.training.options(), weights: folder.bestPath) else { return false }
        var compile = try flags.options(training: true)
        compile.memory = nil
        let image = try Compiler.compile(graph, compile)
        try Staging.file(folder.networkPath) { try PlanFile.write(image, to: $0) }
        return true
    }

    /// Opens the data, then compiles the training as the flags say: how long it is may decide its schedules.
    /// - Parameters:
    ///   - file: beside which data are looked for.
    ///   - text: the model file that is compiled; nil takes `file`.
    func prepared(_ file: String, _ text: String? = nil) throws -> (trainer: Trainer, parts: DataFlags.Parts) {
        guard ModelFile.kind(file) == "dlm" else { throw DLCError("has no training; expected a file ending in .dlm", at: [file]) }
        var model = try training.options()
        var options = try length.options()
        (options.seed, options.threads, options.saveEvery) = (training.seed, threads.threads, saveEvery)
        options.watches = watch
        options.shouldStop = Interrupt.handled()
        let text = text ?? file
        let training = try Compiler.training(text, model)
        options.constants = try data.constants(of: training)
        let wanted = try located(file) { try Trainer.wanted(by: training, model, options) }
        let parts = try data.parts(file, wanting: wanted.fields, seed: self.training.seed)
        if let epochs = options.epochs, options.steps == nil, training.numbers["steps"] != nil, model.settings["steps"] == nil {
            let perEpoch = min((parts.training.count + wanted.batch - 1) / wanted.batch, options.batchLimit ?? .max)
            model.settings["steps"] = "\(try Checked.multiply(max(1, perEpoch), epochs))"
        }
        var compile = try flags.options(training: true, threads: threads.threads)
        // Kernels are chosen for the lengths that the data have.
        for (port, field) in training.step.graph.inputs.compactMap({ port in
            parts.training.fields.first { $0.name == port.name }.map { (port, $0) }
        }) {
            for (dim, extent) in zip(training.step.graph.shape(port.value).dropFirst(), field.shape) {
                if let symbol = dim.symbol, let extent, compile.likely[symbol] == nil { compile.likely[symbol] = extent }
            }
        }
        if let prediction = training.prediction {
            let known = Set((prediction.graph.inputs + prediction.graph.outputs).map(\.name))
            for name in data.normalised where !known.contains(name) {
                Console.warn(
                    "\(name) is normalised and no prediction is called \(name): they are in deviations from its mean; predict \(name): ... is in its own units"
                )
            }
        }
        let trainer = try Progress.during("compiling \(file)") { [options, model, compile] in
            try Trainer(text, model, compile: compile, options: options)
        }
        return (trainer, parts)
    }

    /// Sweeps the rate, and draws how the loss goes.
    private func sweep(_ file: String) throws {
        let (trainer, parts) = try prepared(file)
        let sweep = try located(file) {
            try trainer.findRate(parts.training, normalisation: parts.normalisation) { step, point in
                if Console.hasTerminal {
                    Console.put("\rstep \(step)  rate \(Format.short(point.rate))  loss \(Format.short(point.loss))\u{1B}[K")
                }
            }
        }
        if Console.hasTerminal { Console.put("\r\u{1B}[K") }
        if json {
            let points = sweep.points.map { "{\"rate\": \($0.rate), \"loss\": \($0.loss), \"smooth\": \($0.smooth)}" }.joined(
                separator: ", ")
            return print(
                "{\"suggestion\": \(sweep.suggestion.map { "\($0)" } ?? "null"), \"exploded\": \(sweep.hasExploded), \"points\": [\(points)]}"
            )
        }
        // The explosion at the end would flatten all before it.
        let top = sweep.points.map(\.smooth).prefix(10).max() ?? 1
        let lowest = sweep.points.map(\.smooth).min() ?? 0
        let shown = sweep.points.map { ($0.rate, min($0.smooth, top + (top - lowest))) }
        let markers = sweep.suggestion.map { rate in
            [Plot.Marker(x: rate, y: shown.min { abs($0.0 - rate) < abs($1.0 - rate) }?.1 ?? lowest, label: "suggested")]
        }
        let plot = Plot(
            "loss over rate", xLabel: "rate", series: [Plot.Series("loss", shown)], markers: markers ?? [], xIsLogarithmic: true)
        for line in TerminalPlot(plot, isColoured: Console.hasTerminal).lines(width: min(100, Console.width), height: 16) { print(line) }
        let end = sweep.hasExploded ? "the loss explodes at \(Format.short(sweep.points.last?.rate ?? 0))" : "the loss did not explode"
        print(
            sweep.suggestion.map { "suggested   \(Format.short($0)), where the loss falls most steeply; \(end)" }
                ?? "the loss falls nowhere; \(end)")
        guard let out else { return }
        try FilePath.makeFolder(out)
        try Staging.file("\(out)/rates.svg") { try FileBytes.write(Array(LinePlot("", [plot]).svg.utf8), to: $0) }
    }

    /// The words that begin this run.
    private func arguments(_ file: String) -> [String] {
        var words = [FilePath.absolute(file)] + training.arguments + data.arguments + length.arguments + ["--save-every", "\(saveEvery)"]
        if let threads = threads.threads { words += ["--threads", "\(threads)"] }
        return words + (watch ? ["--watch"] : []) + flags.arguments
    }
}
