import ArgumentParser
import DLC

/// The model, first on every command line.
struct ModelArgument: ParsableArguments {
    @Argument(help: "An .onnx, .dlm, .dlir or .dlc file.")
    var model: String

    @OptionGroup(title: "Options for models in .dlm files") var flags: ModelFlags

    func options() throws -> ModelOptions { try flags.options() }
}

struct ThreadOptions: ParsableArguments {
    @Option(help: "Threads to compute with; as many as there are processors where left out.")
    var threads: Int?

    func validate() throws {
        if let threads, !(1...256).contains(threads) { throw ValidationError("--threads expects 1 to 256, found \(threads)") }
    }
}

struct ShapeOptions: ParsableArguments {
    @Option(
        name: .customLong("shape"),
        help: ArgumentHelp(
            "The shape of an input whose declared one has symbols, which are 1 where nothing else is said.",
            valueName: "name=1x3x224x224"))
    var shapes: [NamedShape] = []

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

/// `NAME=1x3x224x224`; `NAME=` is a scalar.
struct NamedShape: ExpressibleByArgument {
    var name: String
    var extents: [Int] = []

    init?(argument: String) {
        guard let equals = argument.lastIndex(of: "="), equals != argument.startIndex else { return nil }
        name = String(argument[..<equals])
        let text = argument[argument.index(after: equals)...]
        if text.isEmpty { return }
        for part in text.split(separator: "x", omittingEmptySubsequences: false) {
            guard let extent = Int(part), extent >= 0 else { return nil }
            extents.append(extent)
        }
    }
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
