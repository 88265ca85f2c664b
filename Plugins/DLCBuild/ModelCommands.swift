import Foundation
import PackagePlugin

/// The commands that compile every model of a target: `digits.onnx` becomes the resource `digits.dlc` and a Swift type `Digits`
/// that runs it; so do `.dlir` files and those `.dlm` files that define a model, with the parameters of a `.safetensors` file
/// of the same name beside it where there is one. Every training of a `.dlm` file becomes a resource and a type of its own, named
/// after the training: `training Digits` becomes `DigitsTraining.dlc` and `DigitsTraining`, beside the file's model if it has one.
/// A `.dlm` file with blocks only is there for others to import.
struct ModelCommands {
    /// The program `dlc`.
    let compiler: URL
    let workFolder: URL

    func commands(for target: any Target) throws -> [Command] {
        guard let files = (target as? any SourceModuleTarget)?.sourceFiles.map(\.url) else { return [] }
        let modelFiles = files.filter { $0.pathExtension == "dlm" }
        var commands = files.filter { ["onnx", "dlir"].contains($0.pathExtension) }.map { command($0, [], reading: []) }
        for file in modelFiles {
            // What a model file imports is among the target's, and the weights that it takes lie beside it.
            let weights = files.filter { $0 == file.deletingPathExtension().appendingPathExtension("safetensors") }
            let others = modelFiles.filter { $0 != file } + weights
            let arguments = weights.flatMap { ["--weights", $0.path(percentEncoded: false)] }
            if try !Self.names(of: "model", in: file).isEmpty { commands.append(command(file, arguments, reading: others)) }
            for training in try Self.names(of: "training", in: file) {
                let name = training.hasSuffix("Training") ? training : training + "Training"
                commands.append(command(file, ["--training", training] + arguments, as: name, reading: others))
            }
        }
        return commands
    }

    /// - Parameter name: of the compiled file and the source; nil for the model's.
    private func command(_ model: URL, _ arguments: [String], as name: String? = nil, reading others: [URL]) -> Command {
        let name = name ?? model.deletingPathExtension().lastPathComponent
        let plan = workFolder.appending(path: "\(name).dlc")
        let source = workFolder.appending(path: "\(name).swift")
        return .buildCommand(
            displayName: "Compiling \(name) of \(model.lastPathComponent)",
            executable: compiler,
            arguments: [
                "build", model.path(percentEncoded: false),
                "-o", plan.path(percentEncoded: false),
                "--swift", source.path(percentEncoded: false),
            ] + arguments,
            inputFiles: [model] + others,
            outputFiles: [plan, source])
    }

    /// The names that stand after a word which begins a line, and which in a model file is no name and begins nothing else.
    private static func names(of word: String, in file: URL) throws -> [String] {
        try String(contentsOf: file, encoding: .utf8).split(whereSeparator: \.isNewline).compactMap { line in
            let words = line.split { $0 == " " || $0 == "\t" || $0 == "(" }
            return words.count > 1 && words[0] == word ? String(words[1]) : nil
        }
    }
}
