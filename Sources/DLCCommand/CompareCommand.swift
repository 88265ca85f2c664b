import ArgumentParser
import DLC
import Foundation

struct CompareCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "compare", abstract: "Compares a compiled model with its oracle, or with another model.",
        discussion: """
            The oracle computes the imported graph node by node in the plainest way, and so does it the graph after each \
            pass: the first line that is off names the pass at fault. Differences are shares of the output's largest \
            magnitude.
            """)

    @Argument(help: "The model: .onnx or .dlir, or .dlc where another is given.")
    var model: String

    @Argument(help: "Another model with the same inputs and outputs; the oracle without it.")
    var other: String?

    @OptionGroup var inputOptions: InputOptions
    @OptionGroup var threadOptions: ThreadOptions

    @Option(name: .long, help: ArgumentHelp("The extent of a symbolic dimension of random inputs; 1 without it.", valueName: "NAME=EXTENT"))
    var dim: [String] = []

    @Option(name: .long, help: "The largest difference allowed.")
    var tolerance: Double = 1e-4

    func run() throws {
        let compiled = try ModelFile.compiled(model)
        var inputs = try RandomInputs.tensors(for: compiled.inputs, binding: SymbolBindings(dim, for: compiled).values)
        inputs.merge(try inputOptions.tensors(for: compiled)) { $1 }
        let outputs = try located(model) { try Session(compiled, threads: threadOptions.threads).run(inputs) }

        var worst = 0.0
        func report(_ what: String, _ found: [String: Tensor], against expected: [String: Tensor]) throws {
            for name in expected.keys.sorted() {
                guard let a = found[name], let b = expected[name] else { throw DLCError("\(what) has no output \(name)") }
                let difference = try Self.difference(a, b)
                worst = max(worst, difference)
                print("\(String(format: "%.3e", difference))  \(what): \(name)")
            }
        }
        if let other {
            let second = try located(other) { try Session(ModelFile.compiled(other), threads: threadOptions.threads).run(inputs) }
            try report(other, outputs, against: second)
        } else {
            let graph = try ModelFile.graph(model)
            let expected = try located(model) { try Interpreter.run(graph, inputs) }
            var current = graph
            for pass in Pipelines.passes(to: .lowered, CompileOptions()) {
                current = try [pass].run(current)
                try report("after \(pass.name)", Interpreter.run(current, inputs), against: expected)
            }
            try report("compiled", outputs, against: expected)
        }
        if worst > tolerance { throw DLCError("differs by \(worst), more than \(tolerance)", at: [model]) }
    }

    /// The largest difference as a share of the largest finite magnitude of `b`; infinite where the types, shapes or
    /// places of NaN and infinities differ.
    static func difference(_ a: Tensor, _ b: Tensor) throws -> Double {
        guard a.type == b.type, a.shape == b.shape else { return .infinity }
        let (x, y) = (try a.doubles(), try b.doubles())
        var largest = 0.0
        var scale = 0.0
        for (p, q) in zip(x, y) where p != q && !(p.isNaN && q.isNaN) {
            guard p.isFinite, q.isFinite else { return .infinity }
            largest = max(largest, abs(p - q))
        }
        for q in y where q.isFinite { scale = max(scale, abs(q)) }
        return largest == 0 ? 0 : largest / max(scale, 1e-30)
    }
}
