import ArgumentParser
import DLC
import DLCData
import DLCModel
import DLCTensorFiles
import DLCTrain

/// `dlc quantize`: layers of a trained network on 8-bit integers.
struct QuantizeCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "quantize",
        abstract: "Let layers of a trained network compute on 8-bit integers.",
        discussion: """
            The network is run on examples to see which numbers its convolutions and products take; weights become signed 8-bit integers, \
            inputs unsigned ones. What a layer loses by that, alone, is rated in dB. The result is an .onnx file in QDQ form, which other \
            runtimes know too, or a compiled .dlc file.

            With --accuracy-drop the quantized network is judged beside the one in floats, and as many of the layers that lose most stay in \
            floats as that takes.

            EXAMPLES
              dlc quantize resnet50.onnx --data images/train -o resnet50-int8.onnx
              dlc quantize runs/digits --data train.npz --validation test.npz --accuracy-drop 0.005 -o digits-int8.dlc
              dlc quantize bert.onnx --dim batch=1 --data texts.npz --method entropy --keep 'classifier*' -o bert-int8.onnx
            """)

    @OptionGroup var source: SourceArgument

    @Option(name: .shortAndLong, help: ArgumentHelp("The .onnx or .dlc file to write.", valueName: "file"))
    var output: String

    @Option(help: ArgumentHelp("Examples of what the network will be given; no truth is needed.", valueName: "path"))
    var data: String

    @Option(help: ArgumentHelp("Data with the truth, to judge by; --data where left out and it is judged.", valueName: "path"))
    var validation: String?

    @Option(help: ArgumentHelp("The field of the data with the truth; label where left out.", valueName: "name"))
    var truth: String?

    @Option(help: ArgumentHelp("The network's output with the answers; the first where left out.", valueName: "name"))
    var answers: String?

    @Option(
        name: .customLong("accuracy-drop"),
        help: ArgumentHelp("How much less of the judged examples may be right, such as 0.01.", valueName: "share"))
    var drop: Double?

    @Option(
        help: ArgumentHelp(
            "How ranges follow from what was seen: mse, the least squared error; minmax; entropy; or percentile, such as percentile:99.99.",
            valueName: "method"))
    var method = MethodArgument(method: .squaredError)

    @Flag(
        name: .customLong("per-channel"), inversion: .prefixedNo, help: "Whether weights have a scale for each channel of a layer's result."
    )
    var perChannel = true

    @Option(help: "How many examples are run.")
    var examples = 256

    @Option(
        name: .customLong("keep"),
        help: ArgumentHelp("Layers that stay in floats, * standing for anything; repeatable.", valueName: "pattern"))
    var kept: [String] = []

    @Option(
        name: .customLong("least"),
        help: ArgumentHelp("Layers whose result would be less above the noise stay in floats.", valueName: "dB"))
    var least = 10.0

    @Option(name: .customLong("source"), help: ArgumentHelp("What of the data an input is read from; repeatable.", valueName: "input=name"))
    var sources: [Setting] = []

    @Option(name: .customLong("read"), help: ArgumentHelp("How files are read, as dlc train has it; repeatable.", valueName: "name=value"))
    var readings: [Setting] = []

    @Option(help: "Another seed takes other examples, and draws other parameters where no --weights give them.")
    var seed: UInt64 = 0

    @Option(help: "The version of ONNX's standard operators in an .onnx file; where left out, the least from 17 on that can say the model.")
    var opset: Int?

    @OptionGroup var settling: SettlingOptions
    @OptionGroup var threads: ThreadOptions
    @OptionGroup var flags: CompileFlags

    private var isPlan: Bool { ModelFile.isPlan(output) }
    private var isJudged: Bool { drop != nil || validation != nil || truth != nil || answers != nil }

    func validate() throws {
        if examples < 1 { throw ValidationError("--examples expects at least 1, found \(examples)") }
        if let drop, !(0...1).contains(drop) { throw ValidationError("--accuracy-drop expects 0 to 1, found \(drop)") }
        if least.isNaN { throw ValidationError("--least expects a number") }
        if opset != nil, isPlan { throw ValidationError("--opset is for .onnx files") }
        if flags.exact { throw ValidationError("--exact leaves quantized layers in floats") }
    }

    func run() throws {
        guard isPlan || ModelFile.kind(output) == "onnx" else { throw DLCError("expected a name that ends in .onnx or .dlc", at: [output]) }
        let graph = try loaded()
        let known = try KnownData(graph.metadata, readings: readings, sources: sources, at: source.model)
        let quantizer = try rated(graph, known)
        let unmatched = kept.filter { pattern in !quantizer.layers.contains { NamePattern(pattern).covers($0.name) } }
        if let pattern = unmatched.first { throw DLCError("--keep '\(pattern)' is no layer that could be quantized", at: [source.model]) }
        let isAllowed = quantizer.layers.map { layer in
            layer.signalToNoise >= least && !kept.contains { NamePattern($0).covers(layer.name) }
        }
        var (isQuantized, verdict) = (isAllowed, "")
        if isJudged {
            let judge = try Judge(self, graph, known)
            let before = try judge.accuracy(graph)
            // The search comes back to choices that it has judged.
            var known: [[Bool]: Double] = [:]
            func accuracy(_ chosen: [Bool]) throws -> Double {
                if let figure = known[chosen] { return figure }
                let figure = try judge.accuracy(quantizer.graph(quantizing: chosen))
                known[chosen] = figure
                return figure
            }
            isQuantized = try quantizer.most(of: isAllowed) { chosen in
                let after = try accuracy(chosen)
                return drop.map { before - after <= $0 } ?? true
            }
            let after = try accuracy(isQuantized)
            verdict = "; accuracy \(Format.fixed(before, 4)) in floats, \(Format.fixed(after, 4)) now, on \(judge.count) examples"
        }
        try write(quantizer.graph(quantizing: isQuantized))
        report(quantizer, isAllowed, isQuantized)
        print("\n\(isQuantized.count { $0 }) of \(quantizer.layers.count) layers on 8-bit integers\(verdict)")
        print("\(output): \(Format.bytes(try MappedFile(path: output).bytes.count))")
    }

    /// The canonical graph.
    private func loaded() throws -> Graph {
        var options = try source.options(seed: seed)
        options.inputs = try settling.settings()
        if FilePath.isFolder(source.model) {
            let network = try ModelFile.network(of: RunFolder(source.model))
            return try located(source.model) { try Compiler.graph(network, at: .canonical) }
        }
        try ModelFile.checkSource(source.model)
        return try Progress.during("reading \(source.model)") { [options] in try Compiler.exportable(source.model, options) }
    }

    private func rated(_ graph: Graph, _ known: KnownData) throws -> Quantizer {
        var options = Quantizer.Options()
        (options.method, options.perChannel, options.examples) = (method.method, perChannel, examples)
        (options.seed, options.threads) = (seed, threads.threads)
        let examples = try Datasets.open(data, wanting: located(source.model) { try Quantizer.wanted(by: graph) }, options: known.options)
        let normalisation = try located(source.model) { try Normalisation(metadata: graph.metadata, fields: examples.fields) }
        return try Progress.during("compiling \(source.model)") { [options] in
            try located(source.model) {
                try Quantizer(graph, data: examples, normalisation: normalisation, options: options) { what, share in
                    Progress.say("\(what), \(Int(100 * share)) %")
                }
            }
        }
    }

    private func write(_ graph: Graph) throws {
        if isPlan {
            let image = try located(source.model) { try Compiler.compile(graph, flags.options()) }
            return try Staging.file(output) { try PlanFile.write(image, to: $0) }
        }
        try Staging.file(output) { try exportONNX(graph, opset: opset, to: $0) }
    }

    private func report(_ quantizer: Quantizer, _ isAllowed: [Bool], _ isQuantized: [Bool]) {
        var table = Table([("layer", .left), ("weights", .left), ("above the noise", .right), ("computes in", .left)])
        for (index, layer) in quantizer.layers.enumerated() {
            let ratio =
                layer.signalToNoise.isFinite ? "\(Format.fixed(layer.signalToNoise, 1)) dB" : layer.signalToNoise > 0 ? "exact" : "none"
            let reason =
                isQuantized[index]
                ? "int8" : isAllowed[index] ? "floats, for the accuracy" : layer.signalToNoise < least ? "floats, too much noise" : "floats"
            table.add([layer.name, "\(layer.shape)", ratio, reason + (layer.sawOddNumbers ? "; its input was infinite or no number" : "")])
        }
        print(table.text)
    }
}

/// Judges networks by data with the truth.
private struct Judge {
    let command: QuantizeCommand
    let examples: any Dataset
    let normalisation: Normalisation
    private let truth: WantedField

    var count: Int { examples.count }

    init(_ command: QuantizeCommand, _ graph: Graph, _ known: KnownData) throws {
        self.command = command
        truth = WantedField(command.truth ?? "label", .int64, [])
        let wanted = try Self.evaluator(command, graph, truth).wanted
        examples = try Datasets.open(command.validation ?? command.data, wanting: wanted, options: known.options)
        normalisation = try located(command.source.model) { [examples] in
            try Normalisation(metadata: graph.metadata, fields: examples.fields)
        }
    }

    private static func evaluator(_ command: QuantizeCommand, _ graph: Graph, _ truth: WantedField) throws -> Evaluator {
        try located(command.source.model) {
            try Evaluator(
                [CompiledModel(Compiler.compile(graph, command.flags.options()))], output: command.answers, target: truth,
                threads: command.threads.threads)
        }
    }

    /// The share of examples that a network answers rightly.
    func accuracy(_ graph: Graph) throws -> Double {
        try Progress.during("judging") {
            let evaluation = try Self.evaluator(command, graph, truth).run(examples, normalisation: normalisation) {
                Progress.say("judging, \($0) of \($1)")
            }
            guard let accuracy = evaluation.figures.first(where: { $0.name == "accuracy" }) else {
                throw DLCError("answers no classes, which alone can be judged here", at: [command.source.model])
            }
            return accuracy.value
        }
    }
}

/// `mse`, `minmax`, `entropy` or `percentile:99.99`.
struct MethodArgument: ExpressibleByArgument {
    var method: RangeMethod

    init(method: RangeMethod) { self.method = method }

    init?(argument: String) {
        let parts = argument.split(separator: ":", omittingEmptySubsequences: false)
        switch (parts[0], parts.count) {
        case ("mse", 1): method = .squaredError
        case ("minmax", 1): method = .extremes
        case ("entropy", 1): method = .entropy
        case ("percentile", 1): method = .percentile(0.9999)
        case ("percentile", 2):
            guard let percent = Double(parts[1]), percent > 50, percent <= 100 else { return nil }
            method = .percentile(percent / 100)
        default: return nil
        }
    }

    var defaultValueDescription: String { "mse" }
}
