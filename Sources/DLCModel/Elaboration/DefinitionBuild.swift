import DLCGraph

/// A model or training of a file, read with all that it imports and ready to be built, once for each mode.
struct DefinitionBuild {
    /// Nil after mistakes of reading that may be why it is not there.
    private let block: Block?
    /// Mistakes of reading.
    private let mistakes: [Diagnostic]
    private let budget: Elaborator.Budget

    /// Reads the file on a stack that is deep enough, and builds of it what `body` asks for.
    /// - Parameters:
    ///   - path: below the folder.
    ///   - name: which definition of the kind; nil where the file has one.
    ///   - stack: bytes of stack to recurse on.
    ///   - read: the text of a file by its path below the folder.
    /// - Throws: `ModelErrors` with all that is wrong in the file and what it imports; `DLCError` where it cannot be read.
    static func run<R>(
        _ path: String, in folder: String, _ kind: DefinitionSyntax.Kind, _ name: String?, budget: Elaborator.Budget = .init(),
        stack: Int = DeepStack.bytes, read: @escaping (String) throws -> String, _ body: (DefinitionBuild) throws -> R
    ) throws -> R {
        try DeepStack.run(bytes: stack) {
            var loader = ModelFileLoader(folder: folder, read: read)
            let file = try located(folder + path) { try loader.load(path) }
            let block = try loader.choose(kind, of: file, name, folder + path)
            let build = DefinitionBuild(block: block, mistakes: loader.errors, budget: budget)
            return try located(folder + path) { try body(build) }
        }
    }

    /// The same for a file by its path.
    static func run<R>(_ path: String, _ body: (_ file: String, _ folder: String, _ read: @escaping (String) throws -> String) throws -> R)
        throws -> R
    {
        let parts = path.split(separator: "/", omittingEmptySubsequences: false)
        let folder = parts.dropLast().map { $0 + "/" }.joined()
        return try body(String(parts.last ?? ""), folder) { try ModelFolder(folder).text(of: $0) }
    }

    /// Builds the definition for a mode.
    func callAsFunction(_ mode: ModelBuilder.Mode, averaged: Set<String> = [], settings: [String: String]) throws -> ModelBuilder {
        // What follows a mistake of reading is not the definition's fault, such as a name of an import that is missing.
        guard mistakes.isEmpty, let block else { throw ModelErrors(mistakes) }
        let builder = ModelBuilder(block.name, mode: mode, averaged: averaged)
        let elaborator = Elaborator(builder, budget: budget)
        elaborator.build(block, settings: settings)
        if !elaborator.errors.isEmpty { throw ModelErrors(elaborator.errors) }
        return builder
    }

    /// Names in the shapes of inputs may be set as build-time parameters are; these are such a parameter's.
    var parameters: Set<String> { Set((block?.syntax.parameters ?? []).filter { $0.type == nil }.map(\.name.name)) }
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
