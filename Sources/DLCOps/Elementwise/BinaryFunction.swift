import DLCGraph

/// Functions of two elements. Raw values are the names in the text form.
public enum BinaryFunction: String, Sendable, CaseIterable {
    case add, sub, mul, div, pow, mod, max, min
    case equal, greater, less, greaterOrEqual = "greater_or_equal", lessOrEqual = "less_or_equal"
    case and, or, xor, bitwiseAnd = "bitwise_and", bitwiseOr = "bitwise_or", bitwiseXor = "bitwise_xor", bitShift = "bit_shift"

    /// The ONNX operator and the first opset with it.
    var onnx: (name: String, since: Int) {
        switch self {
        case .add: ("Add", 7)
        case .sub: ("Sub", 7)
        case .mul: ("Mul", 7)
        case .div: ("Div", 7)
        case .pow: ("Pow", 7)
        case .mod: ("Mod", 10)
        case .max: ("Max", 8)
        case .min: ("Min", 8)
        case .equal: ("Equal", 7)
        case .greater: ("Greater", 7)
        case .less: ("Less", 7)
        case .greaterOrEqual: ("GreaterOrEqual", 12)
        case .lessOrEqual: ("LessOrEqual", 12)
        case .and: ("And", 7)
        case .or: ("Or", 7)
        case .xor: ("Xor", 7)
        case .bitwiseAnd: ("BitwiseAnd", 18)
        case .bitwiseOr: ("BitwiseOr", 18)
        case .bitwiseXor: ("BitwiseXor", 18)
        case .bitShift: ("BitShift", 11)
        }
    }

    /// Whether the result is bool whatever the operands are.
    public var isComparison: Bool {
        switch self {
        case .equal, .greater, .less, .greaterOrEqual, .lessOrEqual: true
        default: false
        }
    }

    public var isCommutative: Bool {
        switch self {
        case .add, .mul, .max, .min, .equal, .and, .or, .xor, .bitwiseAnd, .bitwiseOr, .bitwiseXor: true
        default: false
        }
    }

    var isDifferentiable: Bool {
        switch self {
        case .add, .sub, .mul, .div, .pow, .max, .min: true
        default: false
        }
    }

    /// The element types that the function takes.
    var types: [ElementType] {
        switch self {
        case .and, .or, .xor: [.bool]
        case .bitwiseAnd, .bitwiseOr, .bitwiseXor, .bitShift: ElementType.integers
        case .equal: ElementType.computed + [.string]
        default: ElementType.numbers
        }
    }
}

extension Binary {
    func compute(_ a: Double, _ b: Double) -> Double {
        switch function {
        case .add: a + b
        case .sub: a - b
        case .mul: a * b
        case .div: a / b
        case .pow: Oracle.pow(a, b)
        case .mod:
            fmod ? a.truncatingRemainder(dividingBy: b) : Self.remainder(a, b)
        case .max: a.isNaN || b.isNaN ? .nan : Swift.max(a, b)
        case .min: a.isNaN || b.isNaN ? .nan : Swift.min(a, b)
        case .equal: a == b ? 1 : 0
        case .greater: a > b ? 1 : 0
        case .less: a < b ? 1 : 0
        case .greaterOrEqual: a >= b ? 1 : 0
        case .lessOrEqual: a <= b ? 1 : 0
        case .and, .or, .xor, .bitwiseAnd, .bitwiseOr, .bitwiseXor, .bitShift: .nan
        }
    }

    /// The function of two 64-bit integers; wraps, dividing by zero gives 0, and a negative shift counts as a long one.
    func compute<T: FixedWidthInteger>(_ a: T, _ b: T) -> T {
        switch function {
        case .add: a &+ b
        case .sub: a &- b
        case .mul: a &* b
        case .div: b == 0 ? 0 : a.dividedReportingOverflow(by: b).partialValue
        case .pow: Self.power(a, b)
        case .mod: Self.remainder(a, b, truncating: fmod)
        case .max: Swift.max(a, b)
        case .min: Swift.min(a, b)
        case .equal: a == b ? 1 : 0
        case .greater: a > b ? 1 : 0
        case .less: a < b ? 1 : 0
        case .greaterOrEqual: a >= b ? 1 : 0
        case .lessOrEqual: a <= b ? 1 : 0
        case .and, .bitwiseAnd: a & b
        case .or, .bitwiseOr: a | b
        case .xor, .bitwiseXor: a ^ b
        case .bitShift: direction == .left ? (b < 0 ? 0 : a << b) : (b < 0 ? (a < 0 ? T.zero &- 1 : 0) : a >> b)
        }
    }

    /// The remainder with the sign of the divisor, as NumPy computes it.
    private static func remainder(_ a: Double, _ b: Double) -> Double {
        let r = a.truncatingRemainder(dividingBy: b)
        if r == 0 { return Double(signOf: b, magnitudeOf: 0) }
        return (r < 0) != (b < 0) ? r + b : r
    }

    private static func remainder<T: FixedWidthInteger>(_ a: T, _ b: T, truncating: Bool) -> T {
        if b == 0 { return 0 }
        let r = a.remainderReportingOverflow(dividingBy: b).partialValue
        return !truncating && r != 0 && (r < 0) != (b < 0) ? r &+ b : r
    }

    private static func power<T: FixedWidthInteger>(_ base: T, _ exponent: T) -> T {
        if exponent < 0 {
            if base == 1 { return 1 }
            return T.isSigned && base == 0 &- 1 ? (exponent & 1 == 0 ? 1 : base) : 0
        }
        var (result, square, rest) = (T(1), base, exponent)
        while rest > 0 {
            if rest & 1 == 1 { result = result &* square }
            square = square &* square
            rest >>= 1
        }
        return result
    }
}
