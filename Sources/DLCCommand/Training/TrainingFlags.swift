import ArgumentParser
import DLC
import DLCData
import DLCModel
import DLCTensorFiles
import DLCTrain

/// What a training in a `.dlm` file leaves open, for every command that compiles one.
struct TrainingFlags: ParsableArguments {
    @Option(name: .customLong("training"), help: ArgumentHelp("Which training of a file that has several.", valueName: "name"))
    var trainingName: String?

    @Option(
        name: .customLong("set"),
        help: ArgumentHelp("A build-time parameter of the training, as a model file spells values; repeatable.", valueName: "name=value"))
    var settings: [Setting] = []

    @Option(
        name: .customLong("dim"),
        help: ArgumentHelp("The extent of a symbol, such as the length of a text; repeatable.", valueName: "symbol=64"))
    var dims: [NamedExtent] = []

    @Option(
        help: ArgumentHelp(
            "Begin with the parameters of a .safetensors, .npz or .onnx file, by name; drawn where left out.", valueName: "file"))
    var weights: String?

    @Option(
        name: .customLong("rename"),
        help: ArgumentHelp(
            "Give tensors of the weight file other names, or none: 'transformer.*=*', 'head.*='. Repeatable, in order.",
            valueName: "from=to"),
        transform: { try WeightRename($0) })
    var renames: [WeightRename] = []

    @Option(
        name: .customLong("draw"),
        help: ArgumentHelp(
            "Parameters that are drawn although --weights is given, such as a new head: 'output.*'. Repeatable.", valueName: "pattern"))
    var drawn: [String] = []

    @Option(help: "Parameters, the order of examples and all that layers draw are the same for the same seed.")
    var seed: UInt64 = 0

    func validate() throws {
        if weights == nil, !renames.isEmpty { throw ValidationError("--rename is for --weights") }
        if weights == nil, !drawn.isEmpty { throw ValidationError("--draw is for --weights, without which all is drawn") }
    }

    /// - Throws: where a parameter or a symbol is set twice.
    func options() throws -> ModelOptions {
        var options = ModelOptions()
        for setting in settings {
            guard options.settings.updateValue(setting.value, forKey: setting.name) == nil else {
                throw DLCError("--set gives \(setting.name) two values")
            }
        }
        (options.training, options.weights, options.renames, options.drawn) = (trainingName, weights, renames, drawn)
        options.inputs.dims = try NamedExtent.table(dims, option: "--dim")
        options.warn = { Console.warn($0) }
        return options
    }

    /// The same flags on another command line.
    var arguments: [String] {
        var words: [String] = []
        if let trainingName { words += ["--training", trainingName] }
        for setting in settings { words += ["--set", "\(setting.name)=\(setting.value)"] }
        for dim in dims { words += ["--dim", dim.description] }
        if let weights { words += ["--weights", FilePath.absolute(weights)] }
        for rename in renames { words += ["--rename", rename.description] }
        for pattern in drawn { words += ["--draw", pattern] }
        return words + ["--seed", "\(seed)"]
    }
}

/// Which data are read, and how.
struct DataFlags: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            """
            The data to learn: .npz, .npy, .safetensors, CSV or TSV, a folder of pictures by class, IDX, text and more. \
            data/NAME-train.npz beside NAME.dlm where left out.
            """, valueName: "path"))
    var data: String?

    @Option(help: ArgumentHelp("Data that every epoch is judged by.", valueName: "path"))
    var validation: String?

    @Option(
        help: ArgumentHelp("Judge by a part of the data that is not learned, such as 0.1, of every class its share.", valueName: "fraction")
    )
    var split: Double?

    @Option(
        name: .customLong("source"),
        help: ArgumentHelp(
            "What of the data an input is read from: an array's name, or columns of a table: 'x=a,b'. Repeatable.", valueName: "input=name")
    )
    var sources: [Setting] = []

    @Option(
        name: .customLong("read"),
        help: ArgumentHelp(
            "How files are read: \(DataOptions.settings.map { "\($0.name), \($0.help)" }.joined(separator: "; ")). Repeatable.",
            valueName: "name=value"))
    var settings: [Setting] = []

    @Option(
        help:
            "Learn every class as often: examples of rare ones again (oversample), of frequent ones fewer (undersample), or made between neighbours (smote)."
    )
    var balance: Balance?

    @Option(
        name: .customLong("normalize"),
        help: ArgumentHelp(
            "Bring an input to mean 0 and deviation 1 as measured over what is learned; the numbers travel with the model. Repeatable.",
            valueName: "input"))
    var normalised: [String] = []

    @Option(
        name: .customLong("value"),
        help: ArgumentHelp("A number for an input that data do not fill, such as a rate. Repeatable.", valueName: "input=0.1"))
    var values: [Setting] = []

    func validate() throws {
        if validation != nil, split != nil { throw ValidationError("--validation and --split exclude each other") }
        if let split, !(split > 0 && split < 1) { throw ValidationError("--split expects more than 0 and less than 1, found \(split)") }
    }

    /// - Parameter following: what the training part has learned of vocabularies and classes, where there is one already.
    func options() throws -> DataOptions {
        var options = DataOptions()
        for source in sources {
            guard options.sources.updateValue(source.value, forKey: source.name) == nil else {
                throw DLCError("--source gives \(source.name) two sources")
            }
        }
        for setting in settings { try located("--read") { try options.set(setting.name, setting.value) } }
        return options
    }

    /// Numbers for inputs that no data fill.
    func constants(of training: Training) throws -> [String: Tensor] {
        var result: [String: Tensor] = [:]
        let graph = training.step.graph
        for setting in values {
            guard let port = graph.inputs.first(where: { $0.name == setting.name }) else {
                throw DLCError(
                    "--value: there is no input \(setting.name); the training has \(graph.inputs.map(\.name).joined(separator: ", "))")
            }
            let type = graph.type(port.value)
            guard let number = Double(setting.value), type.shape.isEmpty else {
                throw DLCError("--value \(setting.name)=\(setting.value): expected one number, for an input that is one; it is \(type)")
            }
            result[setting.name] = try Tensor(doubles: [number], type: type.element, shape: [])
        }
        return result
    }

    /// What a run reads: what it learns, balanced where that is asked for, what it is judged by, and what normalises both.
    typealias Parts = (training: any Dataset, validation: (any Dataset)?, normalisation: Normalisation)

    /// - Parameter model: the model file, beside which data are looked for where none are named.
    func parts(_ model: String, wanting fields: [WantedField], seed: UInt64) throws -> Parts {
        let (learned, judged) = try opened(model, fields, seed)
        let normalisation = try Normalisation.measured(over: learned, fields: normalised)
        switch balance {
        case nil: return (learned, judged, normalisation)
        case .oversample: return (try learned.oversampled(seed: seed), judged, normalisation)
        case .undersample: return (try learned.undersampled(seed: seed), judged, normalisation)
        case .smote: return (try learned.interpolated(seed: seed, normalisation: normalisation), judged, normalisation)
        }
    }

    /// What a run is judged by, a part that is split off among it; nil where it is by what it learns.
    func judged(_ model: String, _ fields: [WantedField], _ seed: UInt64) throws -> (any Dataset)? {
        try opened(model, fields, seed).validation
    }

    private func opened(_ model: String, _ fields: [WantedField], _ seed: UInt64) throws -> (
        training: any Dataset, validation: (any Dataset)?
    ) {
        let options = try options()
        guard let data else {
            let stem = FilePath.folder(model) + "data/" + ModelFile.stem(model)
            guard FilePath.isFile("\(stem)-train.npz") else {
                throw DLCError("name the data with --data; there is no \(stem)-train.npz either", at: [model])
            }
            let training = try Datasets.open("\(stem)-train.npz", wanting: fields, options: options)
            if let split { return try training.split(fraction: split, seed: seed) }
            let judged = validation ?? (FilePath.isFile("\(stem)-test.npz") ? "\(stem)-test.npz" : nil)
            return (training, try judged.map { try Datasets.open($0, wanting: fields, options: options.following(training)) })
        }
        if split == nil, validation == nil { return try Datasets.openParts(data, wanting: fields, options: options) }
        let training = try Datasets.open(data, wanting: fields, options: options)
        if let split { return try training.split(fraction: split, seed: seed) }
        return (training, try validation.map { try Datasets.open($0, wanting: fields, options: options.following(training)) })
    }

    /// The path of what a run is judged by; nil where that is a part of a file or folder, or nothing.
    func judgedBy(_ model: String) -> String? {
        if let validation { return validation }
        let usual = FilePath.folder(model) + "data/" + ModelFile.stem(model) + "-test.npz"
        return data == nil && split == nil && FilePath.isFile(usual) ? usual : nil
    }

    /// The same flags on another command line.
    var arguments: [String] {
        var words: [String] = []
        if let data { words += ["--data", FilePath.absolute(data)] }
        if let validation { words += ["--validation", FilePath.absolute(validation)] }
        if let split { words += ["--split", "\(split)"] }
        for source in sources { words += ["--source", "\(source.name)=\(source.value)"] }
        for setting in settings { words += ["--read", "\(setting.name)=\(setting.value)"] }
        if let balance { words += ["--balance", balance.rawValue] }
        for name in normalised { words += ["--normalize", name] }
        for value in values { words += ["--value", "\(value.name)=\(value.value)"] }
        return words
    }
}

/// How classes are made as frequent as each other.
enum Balance: String, ExpressibleByArgument, CaseIterable { case oversample, undersample, smote }
