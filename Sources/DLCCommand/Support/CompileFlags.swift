import ArgumentParser
import DLC

/// How a model is compiled, for every command that compiles one.
struct CompileFlags: ParsableArguments {
    @Option(help: "The processor family to compile for.")
    var target = TargetName.native

    @Flag(help: "Only kernels that sum products as the operators are defined: no Winograd convolutions.")
    var exact = false

    func options() -> CompileOptions {
        var options = CompileOptions(target: target.target)
        options.exact = exact
        return options
    }

    /// The same flags on the command line of another `dlc`.
    var arguments: [String] { ["--target", target.rawValue] + (exact ? ["--exact"] : []) }

    /// - Throws: where flags are given that no model of these is compiled with, since all of them are compiled files.
    func check(_ models: [String]) throws {
        guard models.allSatisfy(ModelFile.isPlan) else { return }
        let given = [(target != .native, "--target"), (exact, "--exact")].first { $0.0 }
        if let given { throw DLCError("is compiled already; \(given.1) is for dlc build", at: models.prefix(1).map { $0 }) }
    }
}
