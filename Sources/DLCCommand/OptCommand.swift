import ArgumentParser
import DLC

/// `dlc opt`: chosen passes over a graph, as text.
struct OptCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "opt",
        abstract: "Run passes by name over a graph and print it.",
        discussion: """
            EXAMPLES
              dlc opt --list
              dlc opt --pass fold-batch-norm,fuse-epilogues network.dlir
            """)

    @Argument(help: "A .dlir, .dlm or .onnx file.")
    var model: String?

    @OptionGroup(title: "Options for models in .dlm files") var reading: ModelFlags

    @Option(name: .customLong("pass"), help: ArgumentHelp("Passes in order, separated by commas.", valueName: "a,b"))
    var passes: String?

    @Flag(help: "List the passes with the stage that each needs.")
    var list = false

    func validate() throws {
        if !list && (model == nil || passes == nil) { throw ValidationError("expected --pass and a file, or --list") }
    }

    func run() throws {
        if list {
            var table = Table([("pass", .left), ("stage", .left)])
            var listed = Set<String>()
            for pass in Pipelines.all where listed.insert(pass.name).inserted { table.add([pass.name, pass.stage.description]) }
            print(table.text)
        }
        guard let model, let passes else { return }
        let chosen = try passes.split(separator: ",").map { name in
            guard let pass = Pipelines.all.first(where: { $0.name == name }) else {
                throw DLCError("there is no pass \(name); dlc opt --list names them")
            }
            return pass
        }
        let graph = try ModelFile.graph(model, reading.options())
        print(try located(model) { try chosen.run(graph) }.text(), terminator: "")
    }
}
