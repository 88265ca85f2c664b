import Foundation
import PackagePlugin

/// Compiles every `.onnx` and `.dlir` model of a target: `digits.onnx` becomes the resource `digits.dlc` and a
/// Swift type `Digits` that runs it.
@main
struct DLCBuild: BuildToolPlugin {
    func createBuildCommands(context: PluginContext, target: any Target) throws -> [Command] {
        guard let files = (target as? any SourceModuleTarget)?.sourceFiles else { return [] }
        let models = files.map(\.url).filter { ["onnx", "dlir"].contains($0.pathExtension) }
        // Within its package a plugin finds a tool by the target's name; the product is called dlc.
        let compiler = try context.tool(named: "DLCCommand").url
        return models.map { model in
            let name = model.deletingPathExtension().lastPathComponent
            let plan = context.pluginWorkDirectoryURL.appending(path: "\(name).dlc")
            let source = context.pluginWorkDirectoryURL.appending(path: "\(name).swift")
            return .buildCommand(
                displayName: "Compiling model \(model.lastPathComponent)",
                executable: compiler,
                arguments: [
                    "build", model.path(percentEncoded: false),
                    "-o", plan.path(percentEncoded: false),
                    "--swift", source.path(percentEncoded: false),
                ],
                inputFiles: [model],
                outputFiles: [plan, source])
        }
    }
}
