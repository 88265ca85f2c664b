import PackagePlugin

/// Compiles a target's models with the `dlc` of this package, which is built first.
@main
struct DLCBuild: BuildToolPlugin {
    func createBuildCommands(context: PluginContext, target: any Target) throws -> [Command] {
        // Within its package a plugin finds a tool by the target's name; the product is called dlc.
        let compiler = try context.tool(named: "DLCCommand").url
        return try ModelCommands(compiler: compiler, workFolder: context.pluginWorkDirectoryURL).commands(for: target)
    }
}
