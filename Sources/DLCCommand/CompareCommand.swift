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

            EXAMPLES
              dlc compare resnet50.onnx resnet50.dlc
              dlc compare digits.onnx --reference
            """)

    @Argument(help: "An .onnx, .dlir or .dlc file.")
    var model: String

    @Argument(help: "The other model.")
    var other: String?

    @Flag(help: "Compare with the reference interpreter, layer by layer.")
    var reference = false

    @Option(help: "The largest difference allowed, as a share of the largest magnitude.")
    var tolerance = 1e-4

    @Option(help: "Another seed gives other inputs.")
    var seed: UInt64 = 0

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
        let first = try ModelFile.ready(path, flags)
        let second = try ModelFile.ready(other, flags)
        let inputs = try inputs(first.inputs)
        func run(_ compiled: CompiledModel, _ path: String) throws -> [String: Tensor] {
            try located(path) { try Session(compiled, threads: threads.threads).run(inputs) }
        }
        let (got, want) = (try run(first, path), try run(second, other))
        guard Set(got.keys) == Set(want.keys) else {
            throw DLCError("the models have different outputs: \(got.keys.sorted().joined(separator: ", ")) and \(want.keys.sorted().joined(separator: ", "))")
        }
        return try first.outputs.compactMap { port in
            guard let a = got[port.name], let b = want[port.name] else { return nil }
            return try Difference("output \(port.name)", a, b)
        }
    }

    private func againstReference() throws -> [Difference] {
        let imported = try ModelFile.graph(model)
        return try located(model) {
            let options = try flags.options()
            let lowered = try Compiler.graph(imported, at: .lowered, options)
            let tapped = try TappedGraph(lowered)
            let compiled = try CompiledModel(Lowering.plan(tapped.graph, options))
            let inputs = try inputs(compiled.inputs)
            let got = try Session(compiled, threads: threads.threads).run(inputs)
            return try Progress.during("computing the reference") {
                let layers = try Interpreter.run(tapped.graph, inputs)
                let outputs = try Interpreter.run(imported, inputs)
                var differences: [Difference] = []
                for tap in tapped.taps {
                    if let a = got[tap.output], let b = layers[tap.output] { differences.append(try Difference(tap.label, a, b)) }
                }
                for port in imported.outputs {
                    if let a = got[port.name], let b = outputs[port.name] { differences.append(try Difference("output \(port.name)", a, b)) }
                }
                return differences
            }
        }
    }

    private func inputs(_ ports: [Plan.Port]) throws -> [String: Tensor] {
        let tensors = try RandomInputs(ports, shapes: shapes.byName()).tensors(seed: seed)
        return Dictionary(zip(ports.map(\.name), tensors), uniquingKeysWith: { first, _ in first })
    }
}
