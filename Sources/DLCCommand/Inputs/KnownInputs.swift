import DLC
import DLCTensorFiles

/// Inputs that must be known when a model is compiled, such as axes, shapes and counts.
///
/// ONNX lets a model compute them. Where one cannot be compiled without them, the small vectors among the files of
/// `--input` become constants: those of integers, and if that is not enough those of other numbers too. Before that, a model that
/// cannot be compiled for every extent is compiled for those of the files, as is one that was compiled for another branch of an `If` or
/// another rank of a `Squeeze`.
struct KnownInputs {
    let model: CompiledModel
    /// Arguments of `--input` that still are inputs.
    let remaining: [String]

    /// - Parameter threads: of the sessions that a budget of memory is for.
    /// - Throws: where the model cannot be compiled either way, the error without constants.
    init(_ path: String, _ arguments: [String], _ options: ModelOptions, _ flags: CompileFlags, threads: Int?) throws {
        do {
            let open = try ModelFile.ready(path, options, flags, threads: threads)
            model = Self.takesOtherBranch(open, arguments) ? Self.settled(path, arguments, options, flags) ?? open : open
            remaining = arguments
        } catch {
            guard ModelFile.kind(path) == "onnx" else { throw error }
            // Inputs that declare no shape have as many dimensions as their files.
            var options = options
            let given = arguments.compactMap { argument in
                (try? ConstantInput.read(argument)).map { (argument: argument, name: $0.name, tensor: $0.tensor) }
            }
            let small = given.filter { $0.tensor.rank <= 1 && $0.tensor.count <= Self.mostElements }
            options.inputs.ranks = Dictionary(given.map { ($0.name, $0.tensor.rank) }) { first, _ in first }
            for argument in arguments {
                if let (name, path) = try? ConstantInput.split(argument), let known = ContainerFiles.elements(path) {
                    options.inputs.elements[name] = known
                }
            }
            // What cannot be compiled for every extent is for those of the files.
            var settled = options
            settled.inputs.shapes = Dictionary(given.map { ($0.name, $0.tensor.shape) }) { first, _ in first }
            for options in [options, settled] {
                guard let model = try? ModelFile.ready(path, options, flags, threads: threads) else { continue }
                self.model = model
                remaining = arguments
                return
            }
            for candidates in [small.filter { !$0.tensor.type.isFloat }, small] where !candidates.isEmpty {
                for base in [options, settled] {
                    var options = base
                    options.inputs.constants = Dictionary(candidates.map { ($0.name, $0.tensor) }) { first, _ in first }
                    for candidate in candidates { options.inputs.shapes[candidate.name] = nil }
                    guard let model = try? ModelFile.ready(path, options, flags, threads: threads) else { continue }
                    self.model = model
                    remaining = arguments.filter { argument in !candidates.contains { $0.argument == argument } }
                    return
                }
            }
            throw error
        }
    }

    /// Whether extents of the files contradict what the model was compiled for where an `If` or a `Squeeze` asks for extents.
    private static func takesOtherBranch(_ model: CompiledModel, _ arguments: [String]) -> Bool {
        let asking: Set<Substring> = ["If", "Squeeze"]
        let places = model.plan.constraints.map(\.place) + model.plan.binding.settled.map(\.place)
        guard places.contains(where: { asking.contains($0.prefix { $0 != " " }) }) else { return false }
        let shapes = shapes(arguments)
        return (try? model.plan.binding.values(model.inputs.map { shapes[$0.name] ?? [] })) == nil
    }

    /// The model for the extents of the files; nil where it cannot be compiled for them.
    private static func settled(_ path: String, _ arguments: [String], _ options: ModelOptions, _ flags: CompileFlags) -> CompiledModel? {
        var options = options
        options.inputs.shapes = shapes(arguments)
        return try? ModelFile.ready(path, options, flags)
    }

    private static func shapes(_ arguments: [String]) -> [String: [Int]] {
        let given = arguments.compactMap { try? ConstantInput.read($0) }
        return Dictionary(given.map { ($0.name, $0.tensor.shape) }) { first, _ in first }
    }

    /// The most elements of an input that says something about shapes.
    private static let mostElements = 64
}

/// `NAME=FILE` for an input that becomes a constant before anything is known of the model.
enum ConstantInput {
    /// - Throws: where there is no name, or the file cannot be read or holds several tensors.
    static func read(_ argument: String) throws -> (name: String, tensor: Tensor) {
        let (name, path) = try split(argument)
        switch ModelFile.kind(path) {
        case "npy": return (name, try NPY.read(path))
        case "pb": return (name, try ONNXTensorFile.read(path).tensor)
        case "npz":
            let arrays = try NPZ.read(path)
            guard let array = arrays.first(where: { $0.name == name }) ?? (arrays.count == 1 ? arrays.first : nil) else {
                throw DLCError("holds no array \(name)", at: [path])
            }
            return (name, array.tensor)
        default: throw DLCError("unknown kind of constant; expected NAME=FILE with .npy, .npz or .pb", at: [path])
        }
    }

    /// Names of inputs and files may hold equals signs: the first whose rest is a file divides them.
    static func split(_ argument: String) throws -> (name: String, path: String) {
        var first: (String, String)?
        for index in argument.indices where argument[index] == "=" && index != argument.startIndex {
            let parts = (String(argument[..<index]), String(argument[argument.index(after: index)...]))
            if (try? MappedFile(path: parts.1)) != nil { return parts }
            first = first ?? parts
        }
        guard let first else { throw DLCError("expected NAME=FILE, found \(argument)") }
        return first
    }
}
