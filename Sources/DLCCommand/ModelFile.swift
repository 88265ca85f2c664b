import ArgumentParser
import DLC

/// The models that commands read, by the ending of their names.
enum ModelFile {
    static func isPlan(_ path: String) -> Bool { path.hasSuffix(".dlc") }

    /// A graph to compile.
    /// - Throws: where the file is a plan, which no longer has one.
    static func graph(_ path: String) throws -> Graph {
        if isPlan(path) { throw DLCError("is compiled; expected the .onnx or .dlir file that it was built from", at: [path]) }
        return try Compiler.load(path)
    }

    /// A model to run: mapped where it is a plan, compiled for this processor otherwise.
    static func compiled(_ path: String) throws -> CompiledModel {
        if isPlan(path) { return try CompiledModel(contentsOf: path) }
        let graph = try Compiler.load(path)
        return try located(path) { try CompiledModel(Compiler.compile(graph)) }
    }
}

/// The processor family on the command line: `native` or a target's name.
struct TargetArgument: ExpressibleByArgument {
    var target: Target

    init?(argument: String) {
        guard let target = argument == "native" ? Target.native : Target(name: argument) else { return nil }
        self.target = target
    }

    static var allValueStrings: [String] { ["native"] + Target.allCases.map(\.name) }
    var defaultValueDescription: String { "native" }
}

struct ThreadOptions: ParsableArguments {
    @Option(name: .long, help: "Threads to compute with; all processors without it. The result is the same bits for any number.")
    var threads: Int?

    func validate() throws {
        if let threads, !(1...256).contains(threads) { throw ValidationError("--threads expects 1 to 256") }
    }
}

extension Plan.Port {
    var summary: String { "\(type)[\(shape.map(\.description).joined(separator: ", "))]" }
}
