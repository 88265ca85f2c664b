import ArgumentParser
import DLC
import DLCTensorFiles

/// `dlc export`: the canonical graph as an ONNX file.
struct ExportCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "export",
        abstract: "Write a model as an ONNX file at a chosen opset, or its weights as safetensors.",
        discussion: """
            To a name that ends in .onnx the canonical graph is written: constants folded, shapes settled, before layout and \
            fusion. Names of inputs, outputs and nodes are kept; parameters of a .dlm model are initializers under their names. An \
            operator that the opset cannot express is an error, which names one that can. A state `h` becomes an input `h` and an output `next_h`, and the \
            metadata say that they belong together, so that dlc keeps it again when it reads the file.

            To a name that ends in .safetensors the weights alone are written: the parameters of a .dlm model or the initializers \
            of an .onnx model, by name. --weights reads such a file.

            EXAMPLES
              dlc export resnet50.onnx -o smaller.onnx
              dlc export resnet50.dlm --weights resnet50.safetensors -o resnet50.onnx
              dlc export learn.dlm --training Learn --program predict --weights learned.safetensors -o small.onnx
              dlc export resnet50.dlm --seed 7 -o drawn.safetensors
              dlc export network.dlir -o network.onnx --opset 21
              dlc export open.onnx -o fixed.onnx --dim batch=1
            """)

    @OptionGroup var model: ModelArgument
    @OptionGroup var network: NetworkOption

    @Option(name: .shortAndLong, help: "The .onnx or .safetensors file to write.")
    var output: String

    @Option(help: "The version of ONNX's standard operators; where left out, the least from 17 on that can say the model.")
    var opset: Int?

    @OptionGroup var settling: SettlingOptions

    private var isWeights: Bool { ModelFile.kind(output) == "safetensors" }

    func validate() throws {
        if opset != nil, isWeights { throw ValidationError("--opset is for .onnx files") }
        if !settling.isEmpty, isWeights { throw ValidationError("--shape, --dim and --input are for .onnx files") }
    }

    func run() throws {
        guard isWeights || ModelFile.kind(output) == "onnx" else {
            throw DLCError("expected a name that ends in .onnx, or in .safetensors for the weights alone", at: [output])
        }
        try ModelFile.checkSource(model.model)
        var options = try model.options(settling)
        options.program = network.program
        try Progress.during("exporting \(model.model)") {
            if isWeights {
                let weights = try Compiler.weights(model.model, options)
                try stage { try weights.write(to: $0) }
            } else {
                var graph = try Compiler.exportable(model.model, options)
                // Parameters of a .dlm model keep their names and values; nothing is folded into them.
                if ModelFile.kind(model.model) != "dlm" {
                    graph = try located(model.model) { try Compiler.respelled(graph, opset: opset) }
                }
                try stage { try exportONNX(graph, opset: opset, to: $0) }
            }
        }
    }

    private func stage(_ write: (_ temporary: String) throws -> Void) throws {
        try Staging.file(output) { temporary in
            do {
                try write(temporary)
            } catch var error as DLCError {
                // The temporary name says nothing to the user.
                if error.path.first == temporary { error.path[0] = output }
                throw error
            }
        }
    }
}
