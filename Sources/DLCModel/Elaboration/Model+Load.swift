import DLCGraph

extension Model {
    /// Builds the model of a file (`.dlm`).
    /// - Parameters:
    ///   - settings: values of the model's build-time parameters by name, as a command line gives them: `["classes": "10"]`.
    ///   - name: which model of the file; nil where it has one.
    /// - Throws: `ModelErrors` with all that is wrong in the file and what it imports; `DLCError` where it cannot be read.
    public static func load(_ path: String, settings: [String: String] = [:], model name: String? = nil) throws -> Model {
        try DefinitionBuild.run(path) { file, folder, read in try load(file, in: folder, settings: settings, model: name, read: read) }
    }

    /// The same of files whose text `read` gives.
    static func load(
        _ path: String, in folder: String = "", settings: [String: String] = [:], model name: String? = nil,
        budget: Elaborator.Budget = .init(),
        stack: Int = DeepStack.bytes, read: @escaping (String) throws -> String
    ) throws -> Model {
        try DefinitionBuild.run(path, in: folder, .model, name, budget: budget, stack: stack, read: read) { build in
            try build(.inference, settings: settings).finish()
        }
    }
}
