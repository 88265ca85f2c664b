import ArgumentParser
import DLC

struct ExportCommand: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "export", abstract: "Writes a model as ONNX.")

    @Argument(help: "The model: .onnx or .dlir.")
    var model: String

    @Option(name: .shortAndLong, help: "The .onnx file to write.")
    var output: String

    @Option(name: .long, help: "The version of ONNX's operator set.")
    var opset: Int = 17

    func run() throws {
        let graph = try ModelFile.graph(model)
        try located(model) { try exportONNX(graph, opset: opset, to: output) }
    }
}
