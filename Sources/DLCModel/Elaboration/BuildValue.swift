import DLCGraph

/// What an expression of a model file is while the model is built; nothing of it remains at run time.
indirect enum BuildValue {
    /// Known extents of tensors are integers.
    case integer(Int)
    case number(Double)
    case boolean(Bool)
    case text(String)
    /// An extent that a run settles.
    case dimension(Dim)
    case type(ElementType)
    case initialiser(Initialiser)
    /// An optimiser, schedule or other method of a training.
    case method(any TrainingMethod)
    case list(BuildList)
    case range(Range<Int>)
    case tensor(TensorValue)
    /// A layer as it is declared, such as `relu` where it is not called.
    case layerType(LayerDefinition)
    /// A layer with its weights, to be applied any number of times.
    case layer(LayerInstance)
    case block(Block)
    /// A block with its weights, to be applied any number of times.
    case blockInstance(BlockInstance)
    /// Several results of one call. Those of a layer stand for the first where one value is wanted.
    case results([(label: String?, value: BuildValue)], ofLayer: Bool)
    case none
    /// What follows from a mistake that was reported: nothing more is said about it.
    case invalid
}

/// A list with a bound on what it holds, so that a few lines that double a list cannot use up the memory.
struct BuildList {
    static let limit = 1 << 16

    let items: [BuildValue]
    /// The number of values in the list and the lists in it.
    let leaves: Int

    init(_ items: [BuildValue]) throws {
        self.items = items
        leaves = items.reduce(0) { if case .list(let list) = $1 { $0 + list.leaves } else { $0 + 1 } }
        if leaves > Self.limit { throw DLCError("a list has at most \(Self.limit) values") }
    }
}

extension BuildValue {
    /// A dimension, as an integer where it is known.
    init(_ dim: Dim) throws {
        if let constant = dim.constant { self = .integer(constant); return }
        // Expressions of a few symbols are short; ones that grow without end are refused.
        guard dim.description.utf8.count <= 400 else { throw DLCError("the expression of this dimension is too long to follow") }
        self = .dimension(dim)
    }

    var isInvalid: Bool { if case .invalid = self { true } else { false } }

    /// The one value that results stand for.
    var single: BuildValue {
        if case .results(let results, true) = self { return results[0].value }
        return self
    }

    var tensor: TensorValue? { if case .tensor(let tensor) = single { tensor } else { nil } }

    /// The value as an extent, or nil.
    var dim: Dim? {
        switch single {
        case .integer(let value): Dim(value)
        case .number(let value): Int(exactly: value).map { Dim($0) }
        case .dimension(let dim): dim
        default: nil
        }
    }

    var integer: Int? { dim?.constant }

    /// The values of a list or a range, or nil.
    var items: [BuildValue]? {
        switch self {
        case .list(let list): list.items
        case .range(let range) where range.count <= BuildList.limit: range.map { .integer($0) }
        default: nil
        }
    }

    /// Whether a tensor is in it, so that what takes it is a layer.
    var holdsTensor: Bool {
        if case .list(let list) = self { return list.items.contains { $0.tensor != nil } }
        return tensor != nil
    }

    /// As an argument of a layer, or nil where no layer takes such a value.
    var argument: ArgumentValue? {
        switch single {
        case .integer(let value): return .integer(value)
        case .number(let value): return .number(value)
        case .boolean(let value): return .boolean(value)
        case .text(let value): return .text(value)
        case .dimension(let dim): return .dimension(dim)
        case .type(let type): return .type(type)
        case .initialiser(let initialiser): return .initialiser(initialiser)
        case .method(let method): return .method(method)
        case .tensor(let tensor): return .tensor(tensor)
        case .none: return ArgumentValue.none
        case .list, .range:
            var arguments: [ArgumentValue] = []
            for item in items ?? [] {
                guard let argument = item.argument else { return nil }
                arguments.append(argument)
            }
            return items == nil ? nil : .list(arguments)
        case .layerType, .layer, .block, .blockInstance, .results, .invalid: return nil
        }
    }

    /// What it is, for messages: `the integer 3`, `a tensor f32[1, 10]`, `the block bottleneck`.
    var found: String {
        switch self {
        case .list(let list) where list.leaves > 12: "a list of \(list.items.count) values"
        case .list(let list): argument?.found ?? "a list of \(list.items.count) values"
        case .range(let range): "the range \(range.lowerBound)..<\(range.upperBound)"
        case .layerType(let definition): "the layer \(definition.name)"
        case .layer(let instance): "the layer \(instance.path)"
        case .block(let block): "the block \(block.name)"
        case .blockInstance(let instance): "the block \(instance.path)"
        case .results(_, true): single.found
        case .results(let results, false): "\(results.count) results"
        case .text(let text) where text.count > 60: "a text of \(text.count) characters"
        default: argument?.found ?? "nothing"
        }
    }

    /// As text that interpolation writes, or nil.
    var interpolated: String? {
        switch single {
        case .text(let value): value
        case .integer, .number, .boolean, .dimension, .type: argument?.text
        default: nil
        }
    }
}

/// A block or model with the file that holds it, whose names it sees.
final class Block {
    let syntax: DefinitionSyntax
    unowned let file: ModelFile

    init(_ syntax: DefinitionSyntax, _ file: ModelFile) {
        self.syntax = syntax
        self.file = file
    }

    var name: String { syntax.name.name }
}

/// A block whose arguments but the first are given: applied twice, it has the same weights.
final class BlockInstance {
    let block: Block
    /// By the name of the parameter.
    let arguments: [String: BuildValue]
    /// The path of its parameters in the model.
    let path: String
    let parts: SharedParts

    init(_ block: Block, _ arguments: [String: BuildValue], path: String, parts: SharedParts) {
        self.block = block
        self.arguments = arguments
        self.path = path
        self.parts = parts
    }
}

/// The layers and parameters of a shared block by path: every application after the first finds its own again.
final class SharedParts {
    private var layers: [String: LayerInstance] = [:]
    private var parameters: [String: TensorValue] = [:]
    /// What this application has taken; what it asks for a second time is another layer of the same name, a mistake.
    private var taken: Set<String> = []

    /// Begins an application of the block at a path; a model's may be empty, and then all is under it.
    func begin(under path: String) { taken = path.isEmpty ? [] : taken.filter { !$0.hasPrefix(path + ".") } }

    /// The layer with the weights that its path had before.
    func layer(_ new: LayerInstance) -> LayerInstance {
        guard taken.insert(new.path).inserted else { return new }
        if let known = layers[new.path] { return LayerInstance(new.layer, known.context) }
        layers[new.path] = new
        return new
    }

    func parameter(_ path: String, _ make: () throws -> TensorValue) throws -> TensorValue {
        if taken.insert(path).inserted, let known = parameters[path] { return known }
        let new = try make()
        parameters[path] = new
        return new
    }
}
