import ArgumentParser
import DLC

struct RunCommand: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "run", abstract: "Runs a model on inputs from files.")

    @Argument(help: "The model: .onnx, .dlir or .dlc.")
    var model: String

    @OptionGroup var inputs: InputOptions
    @OptionGroup var threadOptions: ThreadOptions

    @Option(name: .long, help: "The folder to write each output into, as NAME.npy or NAME.pb; without it they are described.")
    var outputDir: String?

    @Option(name: .long, help: "The format of the outputs' files.")
    var outputFormat: OutputFormat = .npy

    func run() throws {
        let compiled = try ModelFile.compiled(model)
        let tensors = try inputs.tensors(for: compiled)
        let outputs = try located(model) { try Session(compiled, threads: threadOptions.threads).run(tensors) }
        if let outputDir { return try OutputFiles.write(outputs, to: outputDir, outputFormat) }
        for port in compiled.outputs {
            guard let tensor = outputs[port.name] else { continue }
            print(try OutputFiles.description(tensor, name: port.name, metadata: compiled.metadata))
        }
    }
}
