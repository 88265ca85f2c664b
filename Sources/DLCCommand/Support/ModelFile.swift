import DLC
import DLCTensorFiles
import DLCTrain

/// A model named on the command line.
enum ModelFile {
    /// Whether the file is named as a compiled one.
    static func isPlan(_ path: String) -> Bool { path.hasSuffix(".dlc") }

    /// The compiled network that a run left, where the path is its folder; else the path.
    static func network(of path: String) -> String { FilePath.isFolder(path) ? RunFolder(path).networkPath : path }

    /// The network that a run left, as a graph with its best weights.
    /// - Throws: where the folder is no run's, or its training does not say what it predicts.
    static func network(of folder: RunFolder) throws -> Graph {
        let command = try TrainCommand.first(of: folder)
        guard let file = command.file else { throw DLCError("the run does not say which file it trains", at: [folder.path]) }
        guard let graph = try TrainedNetwork.graph(folder.text(of: file), command.training.options(), weights: folder.bestPath) else {
            throw DLCError("the training does not say what it predicts, so that there is no network", at: [folder.path])
        }
        return graph
    }

    /// The imported graph of an `.onnx`, `.dlm` or `.dlir` file.
    /// - Throws: where it is a compiled file, which has no graph any more.
    static func graph(_ path: String, _ model: ModelOptions) throws -> Graph {
        try checkSource(path)
        return try Progress.during("reading \(path)") { try Compiler.load(path, model) }
    }

    /// - Throws: where the file is a compiled one.
    static func checkSource(_ path: String) throws {
        if isPlan(path) {
            throw DLCError("is compiled and holds no graph any more; name the .onnx, .dlm or .dlir file that it was built from", at: [path])
        }
    }

    /// A graph compiled as the flags say.
    /// - Parameters:
    ///   - threads: of the sessions that a budget of memory is for.
    ///   - report: gets what `--compact` loses.
    ///   - probing: whether kernels are measured on this processor where that has not been done yet.
    static func compile(
        _ path: String, _ model: ModelOptions, _ flags: CompileFlags, threads: Int? = nil, report: CompactReport? = nil,
        probing: Bool = false
    ) throws -> PlanImage {
        let isTraining = model.training != nil && model.program == nil
        if isTraining {
            let options = try flags.options(training: true, threads: threads, report: report, probing: probing)
            try checkSource(path)
            return try Progress.during("compiling \(path)") { try Compiler.compileTraining(path, model, options) }
        }
        let graph = try graph(path, model)
        let options = try flags.options(threads: threads, report: report, probing: probing)
        return try Progress.during("compiling \(path)") {
            try located(path) { try Compiler.compile(graph, options) }
        }
    }

    /// The model ready to run: mapped where it is a compiled file, else compiled in memory.
    static func ready(_ path: String, _ model: ModelOptions, _ flags: CompileFlags, threads: Int? = nil) throws -> CompiledModel {
        guard isPlan(path) else { return try located(path) { try CompiledModel(compile(path, model, flags, threads: threads)) } }
        try model.check(path)
        return try CompiledModel(contentsOf: path)
    }

    /// The file's name without folder and extension.
    static func stem(_ path: String) -> String {
        let name = path.split(separator: "/").last.map(String.init) ?? path
        guard let dot = name.lastIndex(of: "."), dot != name.startIndex else { return name }
        return String(name[..<dot])
    }

    /// The lower-case extension, without the dot.
    static func kind(_ path: String) -> String {
        let name = path.split(separator: "/").last ?? ""
        guard let dot = name.lastIndex(of: "."), dot != name.startIndex else { return "" }
        return name[name.index(after: dot)...].lowercased()
    }
}
