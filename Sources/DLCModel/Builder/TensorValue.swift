import DLCGraph
import DLCOps

/// A tensor of a model that is being built. Operators broadcast as NumPy's do; numbers take the tensor's element type.
public struct TensorValue {
    public let value: Value
    public let builder: ModelBuilder

    init(_ value: Value, _ builder: ModelBuilder) {
        self.value = value
        self.builder = builder
    }

    public var type: TensorType { builder.fact(value).type }
    public var element: ElementType { type.element }
    public var shape: Shape { type.shape }
    public var rank: Int { shape.count }

    /// The extent of a dimension, counted from the end where negative, as a number.
    /// - Throws: where there is no such dimension or its extent is a symbol.
    public func extent(_ axis: Int) throws -> Int {
        let index = try InferenceRules.axis(axis, rank: rank)
        guard let extent = shape[index].constant else {
            throw DLCError("dimension \(index) of \(type) is `\(shape[index])`; expected a number that is known before a run")
        }
        return extent
    }

    /// Applies a layer.
    /// - Parameter others: the operands after this one.
    func applying(_ layer: any Layer, _ others: TensorValue?..., name: String? = nil) throws -> TensorValue {
        try builder.layer(layer, name: name).results([self] + others)[0]
    }

    func apply(_ op: any Operator, _ others: TensorValue?...) throws -> TensorValue { try builder.add(op, [self] + others)[0] }

    func binary(_ function: BinaryFunction, _ number: Double) throws -> TensorValue {
        try apply(Binary(function), builder.scalar(number, like: self))
    }

    public static func + (a: Self, b: Self) throws -> Self { try a.apply(Binary(.add), b) }
    public static func - (a: Self, b: Self) throws -> Self { try a.apply(Binary(.sub), b) }
    public static func * (a: Self, b: Self) throws -> Self { try a.apply(Binary(.mul), b) }
    public static func / (a: Self, b: Self) throws -> Self { try a.apply(Binary(.div), b) }
    public static func + (a: Self, b: Double) throws -> Self { try a.binary(.add, b) }
    public static func - (a: Self, b: Double) throws -> Self { try a.binary(.sub, b) }
    public static func * (a: Self, b: Double) throws -> Self { try a.binary(.mul, b) }
    public static func / (a: Self, b: Double) throws -> Self { try a.binary(.div, b) }
    public static func + (a: Double, b: Self) throws -> Self { try b.builder.scalar(a, like: b) + b }
    public static func - (a: Double, b: Self) throws -> Self { try b.builder.scalar(a, like: b) - b }
    public static func * (a: Double, b: Self) throws -> Self { try b.builder.scalar(a, like: b) * b }
    public static func / (a: Double, b: Self) throws -> Self { try b.builder.scalar(a, like: b) / b }
    public static prefix func - (a: Self) throws -> Self { try a.apply(Unary(.neg)) }

    /// The matrix product with NumPy's rules.
    public func matmul(_ other: Self) throws -> Self { try apply(MatMul(), other) }
    public func power(_ exponent: Double) throws -> Self { try binary(.pow, exponent) }
}
