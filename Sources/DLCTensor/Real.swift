/// An element of a floating-point tensor as an expression over extents, with the rounding of its element type.
///
/// Exporters take extents through floats and back, as in `floor(f32(H) * 0.7)`. What is exact for every extent below 2^23 (sums
/// of integers, multiples, halves) is kept as a `Dim` over a power of two and simplifies with it; everything else is evaluated
/// in the stated precision when the extents are known. Only f32 and f64 are followed.
public struct Real: Hashable, Sendable {
    enum Form: Hashable, Sendable {
        /// The bit pattern of a double.
        case number(UInt64)
        /// The dimension over 2^shift.
        case exact(Dim, shift: Int)
        /// A function of elements of one type, rounded to that type.
        case apply(RealFunction, ElementType, [Real])
    }

    let form: Form
    /// The value where it is a number.
    public let number: Double?
    /// Symbols and numbers in it.
    let size: Int
    /// Expressions inside one another.
    let depth: Int

    public init(_ value: Double) {
        form = .number(value.bitPattern)
        number = value
        size = 1
        depth = 1
    }

    /// An integer.
    public init(_ dim: Dim) {
        if let value = dim.constant {
            self.init(Double(value))
        } else {
            self.init(.exact(dim, shift: 0), size: dim.polynomial?.size ?? 1, depth: (dim.polynomial?.depth ?? 0) + 1)
        }
    }

    public static func == (a: Real, b: Real) -> Bool { a.form == b.form }
    public func hash(into hasher: inout Hasher) { hasher.combine(form) }

    private init(_ form: Form, size: Int, depth: Int) {
        self.form = form
        number = nil
        self.size = size
        self.depth = depth
    }

    /// `dim / 2^shift`, in lowest terms.
    /// - Throws: where the shift exceeds what is followed.
    public static func scaled(_ dim: Dim, shift: Int) throws -> Real {
        guard shift >= 0, shift <= 40 else { throw DLCError("a fraction of extents has the denominator 2^\(shift)") }
        if shift > 0, let half = try dim.exactQuotient(2) { return try scaled(half, shift: shift - 1) }
        if shift == 0 || dim.constant != nil { return Real(dim).dividing(by: shift) }
        return Real(.exact(dim, shift: shift), size: Real(dim).size + 1, depth: Real(dim).depth)
    }

    private func dividing(by shift: Int) -> Real { number.map { Real($0 / Double(1 << shift)) } ?? self }

    /// The function as it is, without simplification.
    /// - Throws: where the expression exceeds what is followed.
    static func unsimplified(_ function: RealFunction, _ type: ElementType, _ operands: [Real]) throws -> Real {
        let size = operands.reduce(1) { $0 + $1.size }
        let depth = operands.reduce(0) { Swift.max($0, $1.depth) } + 1
        guard size <= 512, depth <= Dim.Limit.depth else {
            throw DLCError("an expression of extents has \(size) parts; at most 512 are followed")
        }
        return Real(.apply(function, type, operands), size: size, depth: depth)
    }

    /// The dimensions in it.
    var dims: [Dim] {
        switch form {
        case .number: []
        case .exact(let dim, _): [dim]
        case .apply(_, _, let operands): operands.flatMap(\.dims)
        }
    }

    /// Whether the element is known never to be negative.
    var isNonNegative: Bool {
        switch form {
        case .number: return (number ?? -1) >= 0
        case .exact(let dim, _): return dim.isNonNegative
        case .apply(let function, _, let operands):
            switch function {
            case .add, .mul, .div, .pow, .min, .mod, .fmod, .floor, .ceil, .round, .reciprocal, .convert:
                return operands.allSatisfy(\.isNonNegative)
            case .max: return operands.contains(where: \.isNonNegative)
            case .abs, .sqrt, .exp, .less, .equal: return true
            case .sub, .neg, .log: return false
            }
        }
    }

    /// The value where symbols are bound.
    func evaluate(_ bindings: [String: Int]) throws -> Double {
        switch form {
        case .number(let bits): return Double(bitPattern: bits)
        case .exact(let dim, let shift): return Double(try dim.evaluate(bindings)) / Double(1 << shift)
        case .apply(let function, let type, let operands):
            // An extent above 2^24 is rounded where it becomes a float.
            return function.compute(try operands.map { function.rounded(try $0.evaluate(bindings), type) }, type)
        }
    }

    func substituting(_ values: [String: Dim]) throws -> Real {
        switch form {
        case .number: return self
        case .exact(let dim, let shift): return try .scaled(dim.substituting(values), shift: shift)
        case .apply(let function, let type, let operands):
            return try Real.apply(function, type, operands.map { try $0.substituting(values) })
        }
    }
}

/// Functions of floats that shape arithmetic is written in.
public enum RealFunction: UInt8, Sendable, CaseIterable {
    case add, sub, mul, div, pow, max, min, mod, fmod
    case neg, abs, floor, ceil, round, sqrt, reciprocal, exp, log
    /// 1 where it holds, else 0.
    case less, equal
    /// Rounds an element of another type to this one.
    case convert

    public var arity: Int {
        switch self {
        case .add, .sub, .mul, .div, .pow, .max, .min, .mod, .fmod, .less, .equal: 2
        default: 1
        }
    }

    /// The name in the text form, after the type.
    public var name: String { String(describing: self) }

    func rounded(_ x: Double, _ type: ElementType) -> Double { type == .float32 && self != .convert ? Double(Float(x)) : x }

    /// Computed in f64 and rounded once, which is right for f32's sums, products, quotients and roots.
    func compute(_ x: [Double], _ type: ElementType) -> Double {
        let a = x.first ?? .nan
        let b = x.count > 1 ? x[1] : .nan
        let value: Double =
            switch self {
            case .add: a + b
            case .sub: a - b
            case .mul: a * b
            case .div: a / b
            case .pow: Mathematics.pow(a, b)
            case .max: a.isNaN || b.isNaN ? .nan : Swift.max(a, b)
            case .min: a.isNaN || b.isNaN ? .nan : Swift.min(a, b)
            case .mod: a - b * (a / b).rounded(.down)
            case .fmod: a.truncatingRemainder(dividingBy: b)
            case .neg: -a
            case .abs: Swift.abs(a)
            case .floor: a.rounded(.down)
            case .ceil: a.rounded(.up)
            case .round: a.rounded(.toNearestOrEven)
            case .sqrt: a.squareRoot()
            case .reciprocal: 1 / a
            case .exp: Mathematics.exp(a)
            case .log: Mathematics.log(a)
            case .less: a < b ? 1 : 0
            case .equal: a == b ? 1 : 0
            case .convert: a
            }
        return type == .float32 ? Double(Float(value)) : value
    }
}
