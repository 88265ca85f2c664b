import Foundation
import PackagePlugin

/// The commands that compile every model of a target: `digits.onnx` becomes the resource `digits.dlc` and a Swift type `Digits`
/// that runs it; so do `.dlir` files and those `.dlm` files that define a model, with the parameters of a `.safetensors` file
/// of the same name beside it where there is one. A `.dlm` file with blocks only is there for others to import.
struct ModelCommands {
    /// The program `dlc`.
    let compiler: URL
    let workFolder: URL

    func commands(for target: any Target) throws -> [Command] {
        guard let files = (target as? any SourceModuleTarget)?.sourceFiles.map(\.url) else { return [] }
        let modelFiles = files.filter { $0.pathExtension == "dlm" }
        let models = try files.filter { ["onnx", "dlir"].contains($0.pathExtension) } + modelFiles.filter(Self.definesModel)
        return models.map { model in
            let name = model.deletingPathExtension().lastPathComponent
            let plan = workFolder.appending(path: "\(name).dlc")
            let source = workFolder.appending(path: "\(name).swift")
            // What a model file imports is among the target's, and the weights that it takes lie beside it.
            let isModelFile = model.pathExtension == "dlm"
            let weights = files.filter { isModelFile && $0 == model.deletingPathExtension().appendingPathExtension("safetensors") }
            let others = isModelFile ? modelFiles.filter { $0 != model } + weights : []
            return .buildCommand(
                displayName: "Compiling model \(model.lastPathComponent)",
                executable: compiler,
                arguments: [
                    "build", model.path(percentEncoded: false),
                    "-o", plan.path(percentEncoded: false),
                    "--swift", source.path(percentEncoded: false),
                ] + weights.flatMap { ["--weights", $0.path(percentEncoded: false)] },
                inputFiles: [model] + others,
                outputFiles: [plan, source])
        }
    }

    /// Whether a line begins with the word `model`, which in a model file is no name and begins nothing else.
    private static func definesModel(_ file: URL) throws -> Bool {
        try String(contentsOf: file, encoding: .utf8).split(whereSeparator: \.isNewline).contains { line in
            let words = line.drop { $0 == " " || $0 == "\t" }
            return words.hasPrefix("model") && words.dropFirst(5).first.map { $0 == " " || $0 == "\t" } != false
        }
    }
}
