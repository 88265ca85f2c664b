import ArgumentParser
import DLC

/// The model, first on every command line.
struct ModelArgument: ParsableArguments {
    @Argument(help: "An .onnx, .dlm, .dlir or .dlc file.")
    var model: String

    @OptionGroup(title: "Options for models in .dlm files") var flags: ModelFlags

    func options() throws -> ModelOptions { try flags.options() }

    /// The options with what is settled of the inputs.
    func options(_ settling: SettlingOptions) throws -> ModelOptions {
        var options = try flags.options()
        options.inputs = try settling.settings()
        return options
    }
}

/// The network that a training leaves.
struct NetworkOption: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Take the program `predict` of a training for a model of its own, its weights for constants; --weights takes what was learned.",
            valueName: "name"))
    var program: String?
}

/// The model, where `--seed` is of what is drawn from it.
struct SourceArgument: ParsableArguments {
    @Argument(help: "An .onnx, .dlm, .dlir or .dlc file, or the folder of a run of dlc train.")
    var model: String

    @OptionGroup(title: "Options for models in .dlm files") var flags: ModelSource
    @OptionGroup var network: NetworkOption

    /// - Parameter seed: draws parameters that no weights give.
    func options(seed: UInt64) throws -> ModelOptions {
        var options = try flags.options()
        options.program = network.program
        if ModelFile.kind(model) == "dlm", flags.weights == nil { options.seed = seed }
        return options
    }
}

struct ThreadOptions: ParsableArguments {
    @Option(help: "Threads to compute with; as many as there are processors where left out.")
    var threads: Int?

    func validate() throws {
        if let threads, !(1...256).contains(threads) { throw ValidationError("--threads expects 1 to 256, found \(threads)") }
    }
}

/// Extents of inputs whose declared ones are symbols.
struct ShapeOptions: ParsableArguments {
    @Option(
        name: .customLong("shape"),
        help: ArgumentHelp(
            "The shape of an input whose declared one has symbols; repeatable. A symbol has one extent in all inputs.",
            valueName: "name=1,3,224,224"))
    var shapes: [NamedShape] = []

    @Option(name: .customLong("dim"), help: ArgumentHelp("The extent of a symbol; repeatable.", valueName: "symbol=8"))
    var dims: [NamedExtent] = []

    var isEmpty: Bool { shapes.isEmpty && dims.isEmpty }

    /// - Throws: where two extents are given for one symbol.
    func bySymbol() throws -> [String: Int] { try NamedExtent.table(dims, option: "--dim") }

    /// - Throws: where two shapes are given for one input.
    func byName() throws -> [String: [Int]] {
        var result: [String: [Int]] = [:]
        for shape in shapes {
            guard result.updateValue(shape.extents, forKey: shape.name) == nil else {
                throw DLCError("--shape gives input \(shape.name) two shapes")
            }
        }
        return result
    }
}

/// What is settled for good before a model is compiled.
struct SettlingOptions: ParsableArguments {
    @OptionGroup var shapes: ShapeOptions

    @Option(
        name: .customLong("input"),
        help: ArgumentHelp(
            "Make an input of an .onnx or .dlir model a constant, such as axes, pads or counts that decide shapes: a .npy, .npz or .pb file.",
            valueName: "name=file"))
    var constants: [String] = []

    var isEmpty: Bool { shapes.isEmpty && constants.isEmpty }

    func settings() throws -> InputSettings {
        var settings = InputSettings()
        (settings.shapes, settings.dims) = (try shapes.byName(), try shapes.bySymbol())
        for argument in constants {
            let (name, tensor) = try ConstantInput.read(argument)
            guard settings.constants.updateValue(tensor, forKey: name) == nil else { throw DLCError("input \(name) is given twice") }
        }
        return settings
    }

    /// - Throws: where inputs of a compiled file shall become constants, for which it is too late.
    func checkCompiled(_ path: String) throws {
        guard constants.isEmpty else { throw DLCError("is compiled already; --input makes constants for dlc build", at: [path]) }
    }

    /// The same options on the command line of another `dlc`.
    var arguments: [String] {
        shapes.shapes.flatMap { ["--shape", $0.description] } + shapes.dims.flatMap { ["--dim", $0.description] }
            + constants.flatMap { ["--input", $0] }
    }
}

/// `SYMBOL=8`. Symbols may hold equals signs.
struct NamedExtent: ExpressibleByArgument, CustomStringConvertible {
    var name: String
    var extent: Int

    init?(argument: String) {
        guard let equals = argument.lastIndex(of: "="), equals != argument.startIndex,
            let extent = Int(argument[argument.index(after: equals)...]), extent >= 0
        else { return nil }
        name = String(argument[..<equals])
        self.extent = extent
    }

    var description: String { "\(name)=\(extent)" }

    /// - Throws: where two extents are given for one symbol.
    static func table(_ extents: [NamedExtent], option: String) throws -> [String: Int] {
        var result: [String: Int] = [:]
        for given in extents {
            guard result.updateValue(given.extent, forKey: given.name) == nil else {
                throw DLCError("\(option) gives dimension \(given.name) two extents")
            }
        }
        return result
    }
}

/// `NAME=1,3,224,224`, with x in place of the commas too; `NAME=` is a scalar.
struct NamedShape: ExpressibleByArgument, CustomStringConvertible {
    var name: String
    var extents: [Int] = []

    init?(argument: String) {
        guard let equals = argument.lastIndex(of: "="), equals != argument.startIndex else { return nil }
        name = String(argument[..<equals])
        let text = argument[argument.index(after: equals)...]
        if text.isEmpty { return }
        for part in text.split(omittingEmptySubsequences: false, whereSeparator: { $0 == "," || $0 == "x" }) {
            guard let extent = Int(part), extent >= 0 else { return nil }
            extents.append(extent)
        }
    }

    var description: String { "\(name)=\(extents.map(String.init).joined(separator: ","))" }
}

/// The processor families of `--target`.
enum TargetName: String, ExpressibleByArgument, CaseIterable {
    case native, x86_64_v3 = "x86-64-v3", x86_64_v4 = "x86-64-v4", arm64, portable

    var target: Target {
        switch self {
        case .native: .native
        case .x86_64_v3: .x86_64_v3
        case .x86_64_v4: .x86_64_v4
        case .arm64: .arm64
        case .portable: .portable
        }
    }
}
