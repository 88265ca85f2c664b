import DLCGraph
import DLCOps

/// A number that an optimiser computes with: known while the model is built, or a scalar f64 that a run computes, as schedules and
/// powers of decays are. In f64, because `1 - 0.999 ** step` has three digits left in f32.
public enum Scalar {
    case number(Double)
    /// `f64[]`
    case tensor(TensorValue)

    /// The number, where it is known.
    public var known: Double? { if case .number(let number) = self { number } else { nil } }

    func tensor(in builder: ModelBuilder) throws -> TensorValue {
        switch self {
        case .number(let number): builder.constant(try Tensor(filling: number, type: .float64, shape: []))
        case .tensor(let tensor): tensor
        }
    }

    private static func combine(_ a: Scalar, _ b: Scalar, _ function: BinaryFunction, _ known: (Double, Double) -> Double) throws -> Scalar
    {
        switch (a, b) {
        case (.number(let a), .number(let b)): .number(known(a, b))
        case (.tensor(let a), _): .tensor(try a.apply(Binary(function), b.tensor(in: a.builder)))
        case (_, .tensor(let b)): .tensor(try a.tensor(in: b.builder).apply(Binary(function), b))
        }
    }

    public static func + (a: Self, b: Self) throws -> Self { a.known == 0 ? b : b.known == 0 ? a : try combine(a, b, .add, +) }
    public static func - (a: Self, b: Self) throws -> Self { b.known == 0 ? a : try combine(a, b, .sub, -) }
    public static func * (a: Self, b: Self) throws -> Self { a.known == 1 ? b : b.known == 1 ? a : try combine(a, b, .mul, *) }
    public static func / (a: Self, b: Self) throws -> Self { b.known == 1 ? a : try combine(a, b, .div, /) }

    func power(_ exponent: Self) throws -> Self { try Self.combine(self, exponent, .pow) { DLCModel.power($0, $1) } }
    func minimum(_ other: Self) throws -> Self { try Self.combine(self, other, .min) { min($0, $1) } }
    func maximum(_ other: Self) throws -> Self { try Self.combine(self, other, .max) { max($0, $1) } }

    private func function(_ function: UnaryFunction, _ known: (Double) -> Double) throws -> Self {
        switch self {
        case .number(let number): .number(known(number))
        case .tensor(let tensor): .tensor(try tensor.apply(Unary(function)))
        }
    }

    func squareRoot() throws -> Self { try function(.sqrt) { $0.squareRoot() } }
    func cosine() throws -> Self { try function(.cos) { DLCModel.cosine($0) } }
    func logarithm() throws -> Self { try function(.log) { DLCModel.logarithm($0) } }
    func roundedDown() throws -> Self { try function(.floor) { $0.rounded(.down) } }

    /// Where this is less than a bound, one number, else another.
    func below(_ bound: Self, then yes: Self, else no: Self) throws -> Self {
        switch (self, bound) {
        case (.number(let a), .number(let b)): return a < b ? yes : no
        case (.tensor(let a), _): return try Self.choose(a.apply(Binary(.less), bound.tensor(in: a.builder)), yes, no)
        case (_, .tensor(let b)): return try Self.choose(tensor(in: b.builder).apply(Binary(.less), b), yes, no)
        }
    }

    private static func choose(_ condition: TensorValue, _ yes: Self, _ no: Self) throws -> Self {
        let builder = condition.builder
        return .tensor(try condition.apply(Where(), yes.tensor(in: builder), no.tensor(in: builder)))
    }
}

extension Scalar: ExpressibleByFloatLiteral {
    public init(floatLiteral value: Double) { self = .number(value) }
}

/// Tensors of a parameter's shape with such numbers, which take their element type.
extension TensorValue {
    /// A scalar of this tensor's element type.
    func scalar(_ number: Scalar) throws -> TensorValue {
        switch number {
        case .number(let number): try builder.scalar(number, like: self)
        case .tensor(let tensor): element == tensor.element ? tensor : try tensor.apply(Cast(to: element))
        }
    }

    static func + (a: Self, b: Scalar) throws -> Self { b.known == 0 ? a : try a + a.scalar(b) }
    static func - (a: Self, b: Scalar) throws -> Self { b.known == 0 ? a : try a - a.scalar(b) }
    static func * (a: Self, b: Scalar) throws -> Self { b.known == 1 ? a : try a * a.scalar(b) }
    static func / (a: Self, b: Scalar) throws -> Self { b.known == 1 ? a : try a / a.scalar(b) }

    func squareRoot() throws -> Self { try apply(Unary(.sqrt)) }
    func magnitude() throws -> Self { try apply(Unary(.abs)) }
    func largest(_ other: Self) throws -> Self { try apply(Binary(.max), other) }
    func smallest(_ other: Self) throws -> Self { try apply(Binary(.min), other) }

    /// The root of the sum of all squares, a scalar.
    func length() throws -> Self { try (self * self).apply(Reduce(.sum, keepDims: false)).squareRoot() }

    /// This tensor where a condition holds, else another.
    func kept(where condition: TensorValue, else other: TensorValue) throws -> Self { try condition.apply(Where(), self, other) }
}
