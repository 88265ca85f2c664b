import ArgumentParser
import DLC
import DLCModel

/// What a model in a `.dlm` file leaves open but its drawn parameters.
struct ModelSource: ParsableArguments {
    @Option(
        name: .customLong("set"),
        help: ArgumentHelp("A build-time parameter of the model, as a model file spells values; repeatable.", valueName: "name=value"))
    var settings: [Setting] = []

    @Option(name: .customLong("model"), help: ArgumentHelp("Which model of a file that has several.", valueName: "name"))
    var modelName: String?

    @Option(
        name: .customLong("training"),
        help: ArgumentHelp(
            "A training of the file in place of a model: its step, and its evaluation as a further program.", valueName: "name"))
    var trainingName: String?

    @Option(
        help: ArgumentHelp(
            "Take the parameters from a .safetensors, .npz or .onnx file, by name; drawn where left out.", valueName: "file"))
    var weights: String?

    @Option(
        name: .customLong("rename"),
        help: ArgumentHelp(
            """
            Give tensors of the weight file other names, * standing for anything: 'transformer.*=*'; leave them out: 'head.*='. \
            Repeatable, in order.
            """, valueName: "from=to"),
        transform: { try WeightRename($0) })
    var renames: [WeightRename] = []

    func validate() throws {
        if trainingName != nil, modelName != nil { throw ValidationError("--training and --model exclude each other") }
        if weights == nil, !renames.isEmpty { throw ValidationError("--rename is for --weights") }
    }

    /// - Throws: where a parameter is set twice.
    func options() throws -> ModelOptions {
        var options = ModelOptions()
        for setting in settings {
            guard options.settings.updateValue(setting.value, forKey: setting.name) == nil else {
                throw DLCError("--set gives \(setting.name) two values")
            }
        }
        (options.model, options.weights, options.renames) = (modelName, weights, renames)
        options.training = trainingName
        options.warn = { Console.warn($0) }
        return options
    }

    /// The same flags on the command line of another `dlc`.
    var arguments: [String] {
        var words: [String] = []
        for setting in settings { words += ["--set", "\(setting.name)=\(setting.value)"] }
        if let modelName { words += ["--model", modelName] }
        if let trainingName { words += ["--training", trainingName] }
        if let weights { words += ["--weights", weights] }
        for rename in renames { words += ["--rename", rename.description] }
        return words
    }
}

/// What a model in a `.dlm` file leaves open, for every command that takes a model.
struct ModelFlags: ParsableArguments {
    @OptionGroup var source: ModelSource

    @Option(help: "Another seed draws other parameters.")
    var seed: UInt64?

    func validate() throws {
        if source.weights != nil, seed != nil {
            throw ValidationError("--seed draws parameters, --weights gives them; one excludes the other")
        }
    }

    /// - Throws: where a parameter is set twice.
    func options() throws -> ModelOptions {
        var options = try source.options()
        options.seed = seed
        return options
    }

    /// The options for one of several models, of which those in other files than `.dlm` leave nothing open.
    /// - Throws: where flags are given and none of the models is in a `.dlm` file.
    func options(for path: String, among models: [String]) throws -> ModelOptions {
        let isModelFile = { (path: String) in ModelFile.kind(path) == "dlm" }
        return isModelFile(path) || !models.contains(where: isModelFile) ? try options() : ModelOptions()
    }

    /// The same flags on the command line of another `dlc`.
    var arguments: [String] { source.arguments + (seed.map { ["--seed", String($0)] } ?? []) }
}

/// `NAME=VALUE`.
struct Setting: ExpressibleByArgument {
    var name: String
    var value: String

    init?(argument: String) {
        guard let equals = argument.firstIndex(of: "="), equals != argument.startIndex else { return nil }
        name = String(argument[..<equals])
        value = String(argument[argument.index(after: equals)...])
    }
}
