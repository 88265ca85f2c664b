import ArgumentParser
import DLC

struct BuildCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "build", abstract: "Compiles a model into a .dlc plan for one processor family.")

    @Argument(help: "The model: .onnx or .dlir.")
    var model: String

    @Option(name: .shortAndLong, help: "The plan to write; MODEL with the ending .dlc without it.")
    var output: String?

    @Option(name: .long, help: "The processor family that the plan is for.")
    var target: TargetArgument?

    @Option(name: .long, help: ArgumentHelp("Also write a Swift type that runs the plan from its bundle.", valueName: "FILE"))
    var swift: String?

    func run() throws {
        let graph = try ModelFile.graph(model)
        let options = CompileOptions(target: target?.target ?? .native)
        let image = try located(model) { try Compiler.compile(graph, options) }
        let path = output ?? model.dropLast(model.hasSuffix(".onnx") || model.hasSuffix(".dlir") ? 5 : 0) + ".dlc"
        try PlanFile.write(image, to: path)
        if let swift { try SwiftSource(plan: image.plan, planPath: path).write(to: swift) }
    }
}
