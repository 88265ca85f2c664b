import DLCGraph
import DLCTensorFiles

extension Model {
    /// Builds the model of a file (`.dlm`).
    /// - Parameters:
    ///   - settings: values of the model's build-time parameters by name, as a command line gives them: `["classes": "10"]`.
    ///   - name: which model of the file; nil where it has one.
    /// - Throws: `ModelErrors` with all that is wrong in the file and what it imports; `DLCError` where it cannot be read.
    public static func load(_ path: String, settings: [String: String] = [:], model name: String? = nil) throws -> Model {
        let parts = path.split(separator: "/", omittingEmptySubsequences: false)
        let folder = parts.dropLast().map { $0 + "/" }.joined()
        return try load(String(parts.last ?? ""), in: folder, settings: settings, model: name) { try ModelFolder(folder).text(of: $0) }
    }

    /// - Parameters:
    ///   - stack: bytes of stack to recurse on.
    ///   - read: the text of a file by its path below the folder.
    static func load(
        _ path: String, in folder: String = "", settings: [String: String] = [:], model name: String? = nil, budget: Elaborator.Budget = .init(),
        stack: Int = DeepStack.bytes, read: @escaping (String) throws -> String
    ) throws -> Model {
        try DeepStack.run(bytes: stack) {
            var loader = ModelFileLoader(folder: folder, read: read)
            let file = try located(folder + path) { try loader.load(path) }
            let chosen = try loader.choose(.model, of: file, name, folder + path)
            let builder = ModelBuilder(chosen?.name ?? "")
            let elaborator = Elaborator(builder, budget: budget)
            if let chosen { elaborator.build(chosen, settings: settings) }
            // Mistakes of reading come first; where a name of an import is missing, what follows is not the model's fault.
            let errors = loader.errors + (loader.errors.isEmpty ? elaborator.errors : [])
            if !errors.isEmpty { throw ModelErrors(errors) }
            return try located(folder + path) { try builder.finish() }
        }
    }
}

extension ModelFileLoader {
    /// The model or training that is asked for.
    /// - Returns: nil after mistakes of reading that may be why it is not there.
    func choose(_ kind: DefinitionSyntax.Kind, of file: ModelFile, _ name: String?, _ path: String) throws -> Block? {
        let all = file.definitions.filter { $0.syntax.kind == kind }
        let names = all.map(\.name).joined(separator: ", ")
        let mayLack = !errors.isEmpty
        if let name {
            if let chosen = all.first(where: { $0.name == name }) { return chosen }
            if mayLack { return nil }
            throw DLCError("\(path): there is no \(kind.rawValue) \(name); the file has \(names.isEmpty ? "none" : names)")
        }
        if all.count > 1, !mayLack { throw DLCError("\(path): the file has several \(kind.rawValue)s, \(names); say which") }
        if all.isEmpty, !mayLack {
            if kind == .training { throw DLCError("\(path): the file has no training") }
            let hasTraining = file.definitions.contains { $0.syntax.kind == .training }
            throw DLCError("\(path): the file has no model, only \(hasTraining ? "trainings and " : "")blocks for others to import")
        }
        return all.first
    }
}
