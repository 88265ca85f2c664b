import ArgumentParser
import DLC

struct InspectCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "inspect", abstract: "Prints a model's inputs, operators, parameters, steps and memory plan.")

    @Argument(help: "The model: .onnx, .dlir or .dlc.")
    var model: String

    @Option(name: .long, help: ArgumentHelp("The extent of a symbolic dimension for the memory plan; 1 without it.", valueName: "NAME=EXTENT"))
    var dim: [String] = []

    func run() throws {
        if ModelFile.isPlan(model) { return try describe(ModelFile.compiled(model)) }
        let graph = try ModelFile.graph(model)
        describe(graph)
        print()
        try describe(located(model) { try CompiledModel(Compiler.compile(graph)) })
    }

    private func describe(_ graph: Graph) {
        print("graph \(graph.name)")
        for port in graph.inputs { print("  input   \(port.name): \(graph.type(port.value))") }
        for port in graph.outputs { print("  output  \(port.name): \(graph.type(port.value))") }
        for key in graph.metadata.keys.sorted() { print("  note    \(key): \(graph.metadata[key] ?? "")") }
        var counts: [String: Int] = [:]
        var parameters = 0
        var bytes = 0
        for node in graph.nodes {
            if let constant = node.op as? Constant {
                if constant.value.type.isFloat { parameters += constant.value.count }
                bytes += constant.value.byteCount
            } else {
                counts[node.op.name, default: 0] += 1
            }
        }
        let list = counts.sorted { $0.value != $1.value ? $0.value > $1.value : $0.key < $1.key }
        print("  \(counts.values.reduce(0, +)) operators: \(list.map { "\($0.value) \($0.key)" }.joined(separator: ", "))")
        print("  \(parameters) parameters, \(bytes) bytes of constants")
    }

    private func describe(_ compiled: CompiledModel) throws {
        let plan = compiled.plan
        print("plan \(plan.name) for \(plan.target.name), \(plan.steps.count) steps, \(compiled.byteCount) bytes")
        for port in plan.inputs { print("  input   \(port.name): \(port.summary)") }
        for port in plan.outputs { print("  output  \(port.name): \(port.summary)") }
        for (index, step) in plan.steps.enumerated() {
            let results = step.results.compactMap { $0 }.map { "\($0.type)[\($0.shape.map(\.description).joined(separator: ", "))]" }
            print("  \(index)  \(step.name): \(step.summary) → \(results.joined(separator: ", "))")
        }
        let session = try Session(compiled, threads: 1)
        let inputs = try RandomInputs.tensors(for: plan.inputs, binding: SymbolBindings(dim, for: compiled).values)
        _ = try located(model) { try session.run(inputs) }
        if let arena = session.arena {
            print("  arena   \(arena.peak) bytes; at least \(arena.lowerBound), without sharing \(arena.total)")
        }
    }
}
