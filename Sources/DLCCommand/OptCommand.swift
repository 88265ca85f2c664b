import ArgumentParser
import DLC

struct OptCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "opt", abstract: "Runs passes over a graph and prints it as text.",
        discussion: "Passes: " + Pipelines.all.map(\.name).joined(separator: ", ") + ".")

    @Argument(help: "The model: .dlir or .onnx.")
    var model: String

    @Option(name: .customLong("pass"), help: ArgumentHelp("The passes to run, in order; all of the compiler's without it.", valueName: "NAME,NAME"))
    var passes: String?

    @Flag(name: .long, help: "Print the graph after every pass.")
    var printEach = false

    @Option(name: .long, help: "Shorten constants of more elements; such text cannot be read again.")
    var elide: Int?

    func run() throws {
        var graph = try ModelFile.graph(model)
        for pass in try chosen() {
            graph = try located(model) { try [pass].run(graph) }
            if printEach { print("// after \(pass.name)\n\(graph.text(elidingAbove: elide))") }
        }
        if !printEach { print(graph.text(elidingAbove: elide), terminator: "") }
    }

    private func chosen() throws -> [Pass] {
        guard let passes else { return Pipelines.passes(to: .lowered, CompileOptions()) }
        return try passes.split(separator: ",").map { name in
            guard let pass = Pipelines.all.first(where: { $0.name == name }) else {
                throw DLCError("there is no pass \(name); there are \(Pipelines.all.map(\.name).joined(separator: ", "))")
            }
            return pass
        }
    }
}
