import DLCGraph

/// What is declared once about a layer, for the language, the Swift builder and the reference page.
public struct LayerDefinition: Sendable {
    /// The name in a model file and in Swift.
    public let name: String
    /// One or two sentences: what it computes, with shapes.
    public let doc: String
    /// Where the method comes from: a paper or a specification.
    public let source: String?
    /// Names of the tensors that it takes; `?` at the end marks an optional one, `...` a last one that repeats.
    public let operands: [String]
    public let results: [String]
    /// Names of the parameters that it can make, as in a PyTorch state dict; `*` stands for a number, one in square
    /// brackets is there for some arguments only.
    public let parameters: [String]
    public let arguments: [LayerArgument]
    /// The layer with its default arguments.
    let make: @Sendable () -> any Layer

    /// Declares a layer.
    /// - Parameter prototype: carries the defaults of the arguments.
    public init<L: Layer>(
        _ prototype: @autoclosure @escaping @Sendable () -> L, name: String, doc: String, source: String? = nil,
        operands: [String] = ["x"], results: [String] = ["y"], parameters: [String] = [],
        @LayerArgumentBuilder<L> arguments: () -> [Argument<L>] = { [] }
    ) {
        self.name = name
        self.doc = doc
        self.source = source
        self.operands = operands
        self.results = results
        self.parameters = parameters
        make = { prototype() }
        let defaults = prototype()
        self.arguments = arguments().map { LayerArgument($0, defaults: defaults) }
    }

    /// The operands without their marks.
    public var operandNames: [String] { operands.map(Self.plain) }

    /// How many operands must be given, and at most how many (nil: any number).
    public var arity: (least: Int, most: Int?) {
        let repeats = operands.last?.hasSuffix("...") == true
        return (operands.filter { !$0.hasSuffix("?") }.count, repeats ? nil : operands.count)
    }

    static func plain(_ operand: String) -> String {
        operand.hasSuffix("...") ? String(operand.dropLast(3)) : operand.hasSuffix("?") ? String(operand.dropLast()) : operand
    }
}

/// One argument of a layer or method: its name, the property that holds it and what it means.
public struct Argument<L> {
    let name: String
    let kind: String
    let doc: String
    let use: ArgumentUse
    let get: @Sendable (L) -> ArgumentValue
    let set: @Sendable (inout L, ArgumentValue) -> Bool

    /// - Parameter use: whether it must be given, and whether it may be given without its name.
    public init<T: ArgumentConvertible>(
        _ name: String, _ path: WritableKeyPath<L, T> & Sendable, _ doc: String, _ use: ArgumentUse = .labelled
    ) {
        self.name = name
        kind = T.argumentKind
        self.doc = doc
        self.use = use
        get = { $0[keyPath: path].argumentValue }
        set = { layer, value in
            guard let converted = T(argument: value) else { return false }
            layer[keyPath: path] = converted
            return true
        }
    }
}

/// How an argument is given.
public enum ArgumentUse: Sendable {
    /// Always, by position or by name.
    case required
    /// By position or by name, or left to its default.
    case positional
    /// By name, or left to its default.
    case labelled
}

/// Collects arguments; typed, so that key paths without a root infer.
@resultBuilder
public enum LayerArgumentBuilder<L> {
    public static func buildExpression(_ argument: Argument<L>) -> Argument<L> { argument }
    public static func buildBlock(_ arguments: Argument<L>...) -> [Argument<L>] { arguments }
}

/// One argument with the layer's type erased.
public struct LayerArgument: Sendable {
    public let name: String
    /// What fits, such as `an integer`.
    public let kind: String
    public let doc: String
    public let use: ArgumentUse
    /// The default as a model file would write it.
    public let defaultText: String
    private let setErased: @Sendable (Any, ArgumentValue) throws -> Any

    init<L>(_ argument: Argument<L>, defaults: L) {
        name = argument.name
        kind = argument.kind
        doc = argument.doc
        use = argument.use
        defaultText = argument.get(defaults).text
        let (name, kind, set) = (argument.name, argument.kind, argument.set)
        setErased = { layer, value in
            guard var typed = layer as? L else { throw DLCError("argument \(name) does not belong to this") }
            guard set(&typed, value) else { throw DLCError("\(name) is \(value.found); expected \(kind)") }
            return typed
        }
    }

    /// What it belongs to with another value.
    /// - Throws: where the value does not fit.
    func setting<T>(_ owner: T, _ value: ArgumentValue) throws -> T {
        guard let changed = try setErased(owner, value) as? T else { throw DLCError("argument \(name) does not belong to this") }
        return changed
    }
}
