import ArgumentParser
import DLC

/// `dlc compare`: two models, or a model and the oracle, on the same random inputs.
struct CompareCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "compare",
        abstract: "Compare two models' outputs, or a model's layers with plain reference loops.",
        discussion: """
            Differences are printed as shares of the largest magnitude of the value. The status is 1 where one is above the \
            tolerance.

            With --reference every step of the compiled model is compared with the reference interpreter on the same graph, and \
            the outputs with the interpreter on the graph as it was imported, so that a wrong kernel shows in its layer and a \
            wrong pass in the outputs. The interpreter is slow: seconds to minutes for a large network.

            A model that keeps state runs twice, from its initial states, and the second run is compared, with the states after it.

            EXAMPLES
              dlc compare resnet50.onnx resnet50.dlc
              dlc compare digits.onnx --reference
            """)

    @Argument(help: "An .onnx, .dlm, .dlir or .dlc file.")
    var model: String

    @Argument(help: "The other model.")
    var other: String?

    @Flag(help: "Compare with the reference interpreter, layer by layer.")
    var reference = false

    @Option(help: "The largest difference allowed, as a share of the largest magnitude.")
    var tolerance = 1e-4

    @Option(help: "Another seed gives other inputs.")
    var inputSeed: UInt64 = 0

    @OptionGroup(title: "Options for models in .dlm files") var reading: ModelFlags
    @OptionGroup var shapes: ShapeOptions
    @OptionGroup var threads: ThreadOptions
    @OptionGroup var flags: CompileFlags

    func validate() throws {
        guard reference != (other != nil) else { throw ValidationError("expected either a second model or --reference") }
        guard tolerance >= 0 else { throw ValidationError("--tolerance expects a number from 0") }
    }

    func run() throws {
        var table = Table([("layer", .left), ("type", .left), ("largest", .right), ("difference", .right), ("share", .right), ("", .left)])
        let differences = try other.map { try between(model, $0) } ?? againstReference()
        for difference in differences {
            table.add([
                difference.name, difference.type, Format.short(difference.largest), Format.short(difference.absolute),
                Format.short(difference.share), difference.share <= tolerance ? "" : "above",
            ])
        }
        print(table.text)
        let worst = differences.max { $0.share < $1.share }
        let above = differences.filter { !($0.share <= tolerance) }.count
        print("\n\(differences.count) compared, worst \(Format.short(worst?.share ?? 0)) in \(worst?.name ?? "none")")
        if above > 0 { throw DLCError("\(above) of \(differences.count) differ by more than \(Format.short(tolerance))", at: [model]) }
    }

    private func between(_ path: String, _ other: String) throws -> [Difference] {
        try flags.check([path, other])
        let first = try ModelFile.ready(path, reading.options(for: path, among: [path, other]), flags)
        let second = try ModelFile.ready(other, reading.options(for: other, among: [path, other]), flags)
        let inputs = try inputs(for: first)
        let (got, want) = (try located(path) { try run(first, inputs) }, try located(other) { try run(second, inputs) })
        guard Set(got.keys) == Set(want.keys) else {
            throw DLCError(
                "the models have different outputs or states: \(got.keys.sorted().joined(separator: ", ")) and \(want.keys.sorted().joined(separator: ", "))"
            )
        }
        return try (first.outputs.map { "output \($0.name)" } + first.states.map { "state \($0.name)" }).compactMap { label in
            guard let a = got[label], let b = want[label] else { return nil }
            return try Difference(label, a, b)
        }
    }

    private func againstReference() throws -> [Difference] {
        let imported = try ModelFile.graph(model, reading.options())
        return try located(model) {
            let options = try flags.options()
            let lowered = try Compiler.graph(imported, at: .lowered, options)
            let tapped = try TappedGraph(lowered)
            let compiled = try CompiledModel(Lowering.plan(tapped.graph, options))
            let inputs = try inputs(for: compiled)
            let got = try run(compiled, inputs)
            return try Progress.during("computing the reference") {
                let layers = try reference(tapped.graph, inputs)
                let results = try reference(imported, inputs)
                var differences: [Difference] = []
                for tap in tapped.taps {
                    if let a = got["output \(tap.output)"], let b = layers["output \(tap.output)"] {
                        differences.append(try Difference(tap.label, a, b))
                    }
                }
                for label in results.keys.sorted() {
                    if let a = got[label], let b = results[label] { differences.append(try Difference(label, a, b)) }
                }
                return differences
            }
        }
    }

    /// Runs whose last one is compared: with states, one that begins with other states than the initial ones.
    private static func runs(states: Int) -> Int { states == 0 ? 1 : 2 }

    /// What a compiled model computes, as `output NAME` and `state NAME`.
    private func run(_ compiled: CompiledModel, _ inputs: [String: Tensor]) throws -> [String: Tensor] {
        let session = try Session(compiled, threads: threads.threads)
        var results: [String: Tensor] = [:]
        for _ in 0..<Self.runs(states: compiled.states.count) {
            for (name, tensor) in try session.run(inputs) { results["output \(name)"] = tensor }
        }
        for state in compiled.states { results["state \(state.name)"] = try session.state(state.name) }
        return results
    }

    /// The same as the interpreter computes it.
    private func reference(_ graph: Graph, _ inputs: [String: Tensor]) throws -> [String: Tensor] {
        var states = try graph.initialStates()
        var outputs: [String: Tensor] = [:]
        for _ in 0..<Self.runs(states: states.count) { outputs = try Interpreter.run(graph, inputs, states: &states) }
        var results: [String: Tensor] = [:]
        for (name, tensor) in states { results["state \(name)"] = tensor }
        for (name, tensor) in outputs { results["output \(name)"] = tensor }
        return results
    }

    private func inputs(for model: CompiledModel) throws -> [String: Tensor] {
        let tensors = try RandomInputs(model, ChosenExtents(shapes, flags)).tensors(seed: inputSeed)
        return Dictionary(zip(model.inputs.map(\.name), tensors), uniquingKeysWith: { first, _ in first })
    }
}
