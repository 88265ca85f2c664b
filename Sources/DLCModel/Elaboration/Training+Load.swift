import DLCGraph

extension Training {
    /// Builds a training of a file (`.dlm`): its step, its evaluation, and its prediction where it has one.
    /// - Parameters:
    ///   - settings: values of the training's build-time parameters by name, as a command line gives them: `["rate": "0.01"]`.
    ///   - name: which training of the file; nil where it has one.
    /// - Throws: `ModelErrors` with all that is wrong in the file and what it imports; `DLCError` where it cannot be read.
    public static func load(_ path: String, settings: [String: String] = [:], training name: String? = nil) throws -> Training {
        try DefinitionBuild.run(path) { file, folder, read in try load(file, in: folder, settings: settings, training: name, read: read) }
    }

    /// The same of files whose text `read` gives.
    static func load(
        _ path: String, in folder: String = "", settings: [String: String] = [:], training name: String? = nil,
        budget: Elaborator.Budget = .init(),
        stack: Int = DeepStack.bytes, read: @escaping (String) throws -> String
    ) throws -> Training {
        try DefinitionBuild.run(path, in: folder, .training, name, budget: budget, stack: stack, read: read) { build in
            let step = try build(.step, settings: settings)
            let averages = step.training.averages
            let evaluation = try build(.evaluation, averaged: averages, settings: settings)
            return try Training(step, evaluation, prediction(evaluation, build, averages, settings))
        }
    }

    /// The evaluation that the prediction is a part of: a batch is of any number of examples in it, unless a state of the network, or
    /// a layer, wants to know how many.
    private static func prediction(
        _ evaluation: ModelBuilder, _ build: DefinitionBuild, _ averages: Set<String>, _ settings: [String: String]
    ) throws -> ModelBuilder {
        let parameters = build.parameters
        let open = settings.filter { parameters.contains($0.key) }
        if evaluation.predictions.isEmpty || open.count == settings.count { return evaluation }
        do {
            return try build(.evaluation, averaged: averages, settings: open)
        } catch is ModelErrors {
            return evaluation
        }
    }
}
