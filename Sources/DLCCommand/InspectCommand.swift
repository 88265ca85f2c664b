import ArgumentParser
import CKernels
import DLC
import DLCModel

/// `dlc inspect`: what is in a model and what running it takes.
struct InspectCommand: ParsableCommand {
    enum StageName: String, ExpressibleByArgument, CaseIterable {
        case imported, canonical, laidOut = "laid-out", lowered

        var stage: Stage {
            switch self {
            case .imported: .imported
            case .canonical: .canonical
            case .laidOut: .laidOut
            case .lowered: .lowered
            }
        }
    }

    static let configuration = CommandConfiguration(
        commandName: "inspect",
        abstract: "Show a model's layers, their costs and the memory plan.",
        discussion: """
            The table lists the canonical graph's layers, or the steps of a compiled file: output shape, parameters, FLOPs (a \
            multiply and an add are two) and bytes of the output. Below it stand the inputs and outputs and the memory plan: the \
            arena that a run takes, the least that any arrangement of the same buffers needs, and what it would take without \
            sharing. States are what a session keeps between runs. --shape, --dim and --input settle extents and inputs of a model that is \
            not compiled yet; numbers that depend on other symbols are for the extents of --likely, else for 1 or what the model needs at \
            least.

            Of a training it prints the peak: what a session of its step, with --threads or else as many as there are processors, adds to \
            the resident memory of a process: states, arena, inputs, constants that steps read, and the plan itself; and, with --memory, \
            the steps that run again so that this fits.

            EXAMPLES
              dlc inspect resnet50.onnx
              dlc inspect resnet50.onnx --stage lowered
              dlc inspect learn.dlm --training Learn --set N=64
              dlc inspect learn.dlm --training Learn --set N=64 --memory 100M
              dlc inspect resnet50.onnx --stage canonical --dot | dot -Tsvg > resnet50.svg
              dlc inspect digits.onnx --text > digits.dlir
            """)

    @OptionGroup var model: ModelArgument
    @OptionGroup var network: NetworkOption
    @OptionGroup var settling: SettlingOptions
    @OptionGroup var flags: CompileFlags
    @OptionGroup var threads: ThreadOptions

    @Option(help: "Print the graph at this stage, large constants shortened.")
    var stage: StageName?

    @Flag(help: "Print the graph with all constants, so that the text is a .dlir file; of the imported stage where none is given.")
    var text = false

    @Flag(help: "Print the graph for Graphviz; of the canonical stage where none is given.")
    var dot = false

    @Flag(help: "Print what the kernel of every step is told, in place of the table.")
    var kernels = false

    @Flag(help: "Print the totals as one JSON object.")
    var json = false

    func validate() throws {
        if text && dot { throw ValidationError("--text and --dot exclude each other") }
        if kernels && (text || dot || json || stage != nil) {
            throw ValidationError("--kernels is for the plan, not for a graph or totals")
        }
        if json && (text || dot || stage != nil) { throw ValidationError("--json is for the totals, not for a graph") }
    }

    func run() throws {
        if stage != nil || text || dot {
            let stage = self.stage?.stage ?? (text ? .imported : .canonical)
            let compile = try flags.options()
            let graph = try ModelFile.graph(model.model, options())
            let staged = try located(model.model) { try Compiler.graph(graph, at: stage, compile) }
            if dot { print(staged.dot) } else { print(staged.text(elidingAbove: text ? nil : 16), terminator: "") }
        } else if ModelFile.isPlan(model.model) {
            try flags.check([model.model])
            try settling.checkCompiled(model.model)
            try options().check(model.model)
            let compiled = try CompiledModel(contentsOf: model.model)
            try report(compiled, bytes: compiled.byteCount, layers: nil)
        } else if try isTraining() {
            let source = try Compiler.training(model.model, options())
            let compiled = try ModelFile.ready(model.model, options(), flags, threads: threads.threads)
            try report(compiled, bytes: nil, layers: nil, training: source)
        } else {
            let (compiled, canonical) = try compiledModel()
            let inputs = try RandomInputs(compiled, extents)
            let source = ModelFile.kind(model.model) == "dlm" ? try Compiler.model(model.model, options()) : nil
            try report(compiled, bytes: nil, layers: LayerTable(canonical, inputs.bindings), source)
        }
    }

    /// The model compiled, and its canonical graph.
    /// - Throws: where it cannot be compiled; what is in an ONNX file is printed before.
    private func compiledModel() throws -> (CompiledModel, Graph) {
        do {
            let compile = try flags.options()
            let graph = try ModelFile.graph(model.model, options())
            return try Progress.during("compiling \(model.model)") {
                try located(model.model) {
                    (try CompiledModel(Compiler.compile(graph, compile)), try Compiler.graph(graph, at: .canonical))
                }
            }
        } catch {
            if !json, ModelFile.kind(model.model) == "onnx", let outline = try? outlineONNX(path: model.model) { print(outline.text) }
            throw error
        }
    }

    private func options() throws -> ModelOptions {
        var options = try model.options(settling)
        options.program = network.program
        return options
    }

    /// Whether all programs of a training are asked for, not the network that it leaves.
    private func isTraining() throws -> Bool {
        let options = try options()
        return options.training != nil && options.program == nil
    }

    private var extents: ChosenExtents {
        get throws { try ChosenExtents(settling.shapes, flags, isSettled: !ModelFile.isPlan(model.model)) }
    }

    /// - Parameters:
    ///   - source: the model of a `.dlm` file, which knows what is trained.
    ///   - training: the training whose step is reported.
    private func report(
        _ compiled: CompiledModel, bytes: Int?, layers: LayerTable?, _ source: Model? = nil, training: Training? = nil
    ) throws {
        let inputs = try RandomInputs(compiled, extents)
        let plan = compiled.plan
        let isTraining = plan.programs.contains { $0.name == Compiler.evaluation }
        let threads = self.threads.threads ?? (isTraining ? Int(dlc_available_processors()) : 1)
        let (arena, memory) = try located(model.model) {
            let bindings = try plan.bindings(inputs.bindings)
            let arena = try plan.arena(bindings, threads: threads)
            return (arena, try plan.memory(arena: arena.peak, bindings))
        }
        let repeated = try plan.repeatedOperations(inputs.bindings)
        if json {
            var fields: [(String, String)] = [("name", Format.json(plan.name)), ("target", Format.json(plan.target.name))]
            fields.append(("steps", "\(plan.placedSteps.count)"))
            if let layers {
                fields.append(("parameters", "\(source?.parameterCount ?? layers.parameters)"))
                fields.append(("flops", Format.fixed(layers.operations, 0)))
            }
            if let training {
                fields.append(("parameters", "\(training.step.parameterCount)"))
                fields.append(("frozen", "\(training.frozen.count)"))
                fields.append(("flops", "\(try plan.operations(inputs.bindings))"))
                fields.append(("state_bytes", "\(plan.stateBytes)"))
                fields.append(("saved_bytes", "\(try plan.savedActivations(inputs.bindings).reduce(0) { $0 + $1.bytes })"))
            }
            fields.append(("weight_bytes", "\(plan.constantBytes)"))
            fields.append(("packed_at_load_bytes", "\(plan.allPackedBytes)"))
            if isTraining {
                fields += [("recomputed_steps", "\(repeated.steps)"), ("recomputed_flops", "\(repeated.operations)")]
                fields += [("peak_bytes", "\(memory.total)"), ("threads", "\(threads)")]
            }
            if let bytes { fields.append(("file_bytes", "\(bytes)")) }
            fields += [
                ("arena_bytes", "\(arena.peak)"), ("lower_bound_bytes", "\(arena.lowerBound)"), ("unshared_bytes", "\(arena.total)"),
            ]
            print("{" + fields.map { "\(Format.json($0.0)): \($0.1)" }.joined(separator: ", ") + "}")
            return
        }
        print(kernels ? plan.kernels : layers?.text ?? plan.table(inputs.bindings).text)
        print()
        for port in plan.inputs { print("input   \(Describe.port(port))") }
        for port in plan.outputs { print("output  \(Describe.port(port))") }
        for (index, state) in plan.states.enumerated() {
            print("state   \(Describe.state(state)), at first \(try compiled.firstValue(of: index))")
        }
        for key in plan.metadata.keys.sorted() { print("note    \(key): \(oneLine(plan.metadata[key] ?? ""))") }
        print()
        let symbols = inputs.bindings.sorted { $0.key < $1.key }.map { "\($0.key) = \($0.value)" }.joined(separator: ", ")
        if let source {
            let statistics = source.statisticCount > 0 ? ", and \(Format.grouped(source.statisticCount)) running statistics" : ""
            print(
                "trains  \(Format.grouped(source.parameterCount)) parameters in \(source.parameters.count { $0.role == .weight }) tensors\(statistics)"
            )
        }
        if let training {
            for line in try TrainingReport(training, plan, inputs.bindings).lines { print(line) }
        }
        print("runs as \(plan.stepsText) on \(plan.target.name)\(symbols.isEmpty ? "" : ", with \(symbols)")")
        print("weights \(Format.bytes(plan.constantBytes))\(bytes.map { ", in a file of \(Format.bytes($0))" } ?? "")")
        if !plan.packings.isEmpty {
            let from = plan.packings.reduce(0) { $0 + $1.constantBytes(in: plan) }
            print(
                "packs   \(Format.bytes(from)) of them into \(Format.bytes(plan.allPackedBytes)) at load, for \(plan.packings.count) layers"
            )
        }
        let ratio = arena.lowerBound > 0 ? Format.fixed(Double(arena.peak) / Double(arena.lowerBound), 3) : "1"
        if plan.schedule != nil { return print("arena   one per program, as large as the extents of a run ask for") }
        print(
            "arena   \(Format.bytes(arena.peak)): \(ratio) × the lower bound of \(Format.bytes(arena.lowerBound)); without sharing \(Format.bytes(arena.total))"
        )
        guard isTraining else { return }
        if repeated.steps > 0 {
            let share = Double(repeated.operations) / Double(max(1, try plan.operations(inputs.bindings) - repeated.operations))
            let work = "\(Format.count(repeated.operations)) FLOPs, \(Format.fixed(100 * share, 1)) % more"
            print("again   \(repeated.steps) steps run again to save memory: \(work)")
        }
        let parts = [
            ("states", memory.states), ("arena", memory.arena), ("inputs", memory.inputs), ("constants", memory.constants + memory.packed),
            ("the plan itself", memory.tables),
        ]
        let text = parts.map { "\($0.0) \(Format.bytes($0.1))" }.joined(separator: ", ")
        print("peak    \(Format.bytes(memory.total)) with \(threads) thread\(threads == 1 ? "" : "s"): \(text)")
    }

    private func oneLine(_ text: String) -> String {
        let line = String(text.map { $0.isNewline ? " " : $0 })
        return line.count <= 100 ? line : line.prefix(99) + "…"
    }
}
