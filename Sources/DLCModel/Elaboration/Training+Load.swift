import DLCGraph

extension Training {
    /// Builds a training of a file (`.dlm`): its step and its evaluation.
    /// - Parameters:
    ///   - settings: values of the training's build-time parameters by name, as a command line gives them: `["rate": "0.01"]`.
    ///   - name: which training of the file; nil where it has one.
    /// - Throws: `ModelErrors` with all that is wrong in the file and what it imports; `DLCError` where it cannot be read.
    public static func load(_ path: String, settings: [String: String] = [:], training name: String? = nil) throws -> Training {
        let parts = path.split(separator: "/", omittingEmptySubsequences: false)
        let folder = parts.dropLast().map { $0 + "/" }.joined()
        return try load(String(parts.last ?? ""), in: folder, settings: settings, training: name) { try ModelFolder(folder).text(of: $0) }
    }

    /// - Parameters:
    ///   - stack: bytes of stack to recurse on.
    ///   - read: the text of a file by its path below the folder.
    static func load(
        _ path: String, in folder: String = "", settings: [String: String] = [:], training name: String? = nil, budget: Elaborator.Budget = .init(),
        stack: Int = DeepStack.bytes, read: @escaping (String) throws -> String
    ) throws -> Training {
        try DeepStack.run(bytes: stack) {
            var loader = ModelFileLoader(folder: folder, read: read)
            let file = try located(folder + path) { try loader.load(path) }
            let chosen = try loader.choose(.training, of: file, name, folder + path)
            func built(_ mode: ModelBuilder.Mode, averaged: Set<String> = []) throws -> ModelBuilder {
                let builder = ModelBuilder(chosen?.name ?? "", mode: mode, averaged: averaged)
                let elaborator = Elaborator(builder, budget: budget)
                if let chosen { elaborator.build(chosen, settings: settings) }
                let errors = loader.errors + (loader.errors.isEmpty ? elaborator.errors : [])
                if !errors.isEmpty { throw ModelErrors(errors) }
                return builder
            }
            let step = try built(.step)
            let evaluation = try built(.evaluation, averaged: step.training.averages)
            return try located(folder + path) { try Training(step, evaluation) }
        }
    }
}
