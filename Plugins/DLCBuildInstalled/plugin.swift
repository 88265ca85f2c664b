import Foundation
import PackagePlugin

/// Compiles a target's models with a `dlc` that is installed: the one that the variable DLC names, else the first in PATH.
/// It must be of the same version as the package, whose runtime refuses plans of another format.
@main
struct DLCBuildInstalled: BuildToolPlugin {
    func createBuildCommands(context: PluginContext, target: any Target) throws -> [Command] {
        try ModelCommands(compiler: Self.compiler(), workFolder: context.pluginWorkDirectoryURL).commands(for: target)
    }

    private static func compiler() throws -> URL {
        let environment = ProcessInfo.processInfo.environment
        if let path = environment["DLC"], !path.isEmpty {
            guard FileManager.default.isExecutableFile(atPath: path) else { throw NotInstalled(text: "DLC is \(path), which is no program") }
            return URL(filePath: path)
        }
        let folders = environment["PATH"]?.split(separator: ":").map(String.init) ?? []
        guard let folder = folders.first(where: { FileManager.default.isExecutableFile(atPath: "\($0)/dlc") }) else {
            throw NotInstalled(text: "no dlc in PATH; install it, set DLC to where it is, or use the plugin DLCBuild, which builds it")
        }
        return URL(filePath: folder).appending(path: "dlc")
    }

    private struct NotInstalled: Error, CustomStringConvertible {
        let text: String
        var description: String { text }
    }
}
