import DLCGraph

/// A tensor of weights by name, and how it is drawn where no file gives it.
public struct ModelParameter: Sendable, Equatable {
    /// What a parameter is to training.
    public enum Role: Sendable, Equatable {
        case weight
        /// Running statistics: stored and loaded like weights, not counted among them.
        case buffer
    }

    /// The path in the model, such as `layer1.0.conv1.weight`.
    public var name: String
    public var type: ElementType
    public var shape: [Int]
    public var initialiser: Initialiser
    public var role = Role.weight
    /// The parameter whose first values it has where no file gives it others: a network that follows another begins as that.
    public var source: String?
}

/// Stands in a graph for a parameter whose values are not drawn or read yet.
public struct Placeholder: Operator {
    public var name: String
    public var type: ElementType
    public var shape: [Dim]

    init(_ parameter: ModelParameter) {
        (name, type, shape) = (parameter.name, parameter.type, Shape(constants: parameter.shape))
    }

    private init() { (name, type, shape) = ("", .float32, []) }

    public var definition: OperatorDefinition { Self.definition }

    /// Impure, so that no pass computes it.
    public static let definition = OperatorDefinition(Placeholder(), name: "parameter", operands: [], traits: .impure, examples: { [] }) {
        Attribute("name", \.name)
        Attribute("type", \.type)
        Attribute("shape", \.shape)
    }

    public func infer(_ context: inout InferContext) throws -> [Fact] { [Fact(type, shape)] }

    public func evaluate(_ operands: [Tensor?]) throws -> [Tensor] { throw DLCError("parameter \(name) has no values yet") }
}
