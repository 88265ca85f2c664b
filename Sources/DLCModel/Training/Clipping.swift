import DLCGraph
import DLCOps

/// How gradients are bounded before an optimiser sees them.
public protocol Clipping: TrainingMethod {
    /// The gradients of all parameters of a `minimize`, bounded.
    func clip(_ gradients: [TensorValue]) throws -> [TensorValue]
}

/// Every element by itself.
public struct ClipByValue: Clipping {
    public var bound = 1.0

    public init(_ bound: Double = 1) { self.bound = bound }

    public var definition: MethodDefinition { Self.definition }

    public static let definition = MethodDefinition(.clipping, Self(), name: "value", doc: "Every element of a gradient within ±bound.") {
        Argument("bound", \.bound, "the largest magnitude", .required)
    }

    public func check() throws { try nonNegative(bound, "bound") }

    public func clip(_ gradients: [TensorValue]) throws -> [TensorValue] { try gradients.map { try $0.clamp(-bound, bound) } }
}

/// The length of each parameter's gradient, or of all together.
public struct ClipByNorm: Clipping {
    public let isGlobal: Bool
    public var bound = 1.0

    public init(_ bound: Double = 1, isGlobal: Bool) { (self.bound, self.isGlobal) = (bound, isGlobal) }

    public var definition: MethodDefinition { isGlobal ? Self.global : Self.each }

    static let each = define(false, "norm", "A gradient longer than the bound is shortened to it, each parameter's by itself.")
    static let global = define(
        true, "globalNorm",
        "The gradients of all parameters are shortened by one factor where together, as one vector, they are longer than the bound.")

    private static func define(_ isGlobal: Bool, _ name: String, _ doc: String) -> MethodDefinition {
        MethodDefinition(.clipping, Self(isGlobal: isGlobal), name: name, doc: doc, source: "Pascanu et al., 2013") {
            Argument("bound", \.bound, "the greatest length", .required)
        }
    }

    public func check() throws { try nonNegative(bound, "bound") }

    /// As PyTorch's `clip_grad_norm_`: the factor is `bound / (length + 1e-6)`, at most 1.
    public func clip(_ gradients: [TensorValue]) throws -> [TensorValue] {
        func factor(_ length: TensorValue) throws -> TensorValue {
            try (bound / (length + 1e-6)).smallest(length.builder.scalar(1, like: length))
        }
        guard isGlobal else { return try gradients.map { try $0 * factor($0.length()) } }
        guard let first = gradients.first else { return [] }
        // One type for the sum, where parameters have several.
        let squares = try gradients.map { gradient -> TensorValue in
            let length = try gradient.length()
            let square = try length * length
            return square.element == first.element ? square : try square.cast(first.element)
        }
        let whole = try factor(squares.dropFirst().reduce(squares[0]) { try $0 + $1 }.squareRoot())
        return try gradients.map { try $0 * ($0.element == first.element ? whole : whole.cast($0.element)) }
    }
}
