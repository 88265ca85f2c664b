import ArgumentParser
import DLC

/// `dlc export`: the canonical graph as an ONNX file.
struct ExportCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "export",
        abstract: "Write a model as an ONNX file at a chosen opset.",
        discussion: """
            Written is the canonical graph: constants folded, shapes settled, before layout and fusion. Names of inputs, outputs \
            and nodes are kept. An operator that the opset cannot express is an error. A state `h` becomes an input `h` and an output \
            `next_h`, and the metadata say that they belong together, so that dlc keeps it again when it reads the file.

            EXAMPLES
              dlc export resnet50.onnx -o smaller.onnx
              dlc export network.dlir -o network.onnx --opset 21
            """)

    @OptionGroup var model: ModelArgument

    @Option(name: .shortAndLong, help: "The .onnx file to write.")
    var output: String

    @Option(help: "The version of ONNX's standard operators.")
    var opset = 17

    func run() throws {
        guard output.hasSuffix(".onnx") else { throw DLCError("expected a name that ends in .onnx", at: [output]) }
        let graph = try ModelFile.graph(model.model)
        try Progress.during("exporting \(model.model)") {
            let canonical = try located(model.model) { try Compiler.graph(graph, at: .canonical) }
            try Staging.file(output) { temporary in
                do {
                    try exportONNX(canonical, opset: opset, to: temporary)
                } catch var error as DLCError {
                    // The temporary name says nothing to the user.
                    if error.path.first == temporary { error.path[0] = output }
                    throw error
                }
            }
        }
    }
}
