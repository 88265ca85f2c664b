import DLCGraph

/// Functions of one element without parameters. Raw values are the names in the text form.
public enum UnaryFunction: String, Sendable, CaseIterable {
    case relu, sigmoid, tanh, exp, log, sqrt, neg, abs, reciprocal, floor, ceil, round, sign, erf, not, softplus, softsign
    case sin, cos, tan, asin, acos, atan, sinh, cosh, asinh, acosh, atanh
    case isNaN = "is_nan", bitwiseNot = "bitwise_not", mish, hardSwish = "hard_swish"

    /// The ONNX operator and the first opset with it.
    var onnx: (name: String, since: Int) {
        switch self {
        case .relu: ("Relu", 6)
        case .sigmoid: ("Sigmoid", 6)
        case .tanh: ("Tanh", 6)
        case .exp: ("Exp", 6)
        case .log: ("Log", 6)
        case .sqrt: ("Sqrt", 6)
        case .neg: ("Neg", 6)
        case .abs: ("Abs", 6)
        case .reciprocal: ("Reciprocal", 6)
        case .floor: ("Floor", 6)
        case .ceil: ("Ceil", 6)
        case .round: ("Round", 11)
        case .sign: ("Sign", 9)
        case .erf: ("Erf", 9)
        case .not: ("Not", 1)
        case .softplus: ("Softplus", 1)
        case .softsign: ("Softsign", 1)
        case .sin: ("Sin", 7)
        case .cos: ("Cos", 7)
        case .tan: ("Tan", 7)
        case .asin: ("Asin", 7)
        case .acos: ("Acos", 7)
        case .atan: ("Atan", 7)
        case .sinh: ("Sinh", 9)
        case .cosh: ("Cosh", 9)
        case .asinh: ("Asinh", 9)
        case .acosh: ("Acosh", 9)
        case .atanh: ("Atanh", 9)
        case .isNaN: ("IsNaN", 9)
        case .bitwiseNot: ("BitwiseNot", 18)
        case .mish: ("Mish", 18)
        case .hardSwish: ("HardSwish", 14)
        }
    }

    /// The element types that the function takes.
    var types: [ElementType] {
        switch self {
        case .relu, .neg: ElementType.signedNumbers
        case .abs, .sign, .erf: ElementType.numbers
        case .not: [.bool]
        case .bitwiseNot: ElementType.integers
        default: ElementType.floats
        }
    }

    /// Whether the function is smooth almost everywhere with a derivative other than zero.
    var isDifferentiable: Bool {
        switch self {
        case .floor, .ceil, .round, .sign, .not, .isNaN, .bitwiseNot: false
        default: true
        }
    }

    func compute(_ x: Double) -> Double {
        switch self {
        case .relu: x < 0 ? 0 : x
        case .sigmoid: Oracle.sigmoid(x)
        case .tanh: Oracle.tanh(x)
        case .exp: Oracle.exp(x)
        case .log: Oracle.log(x)
        case .sqrt: x.squareRoot()
        case .neg: -x
        case .abs: Swift.abs(x)
        case .reciprocal: 1 / x
        case .floor: x.rounded(.down)
        case .ceil: x.rounded(.up)
        case .round: x.rounded(.toNearestOrEven)
        case .sign: x > 0 ? 1 : x < 0 ? -1 : x
        case .erf: Oracle.erf(x)
        case .not: x == 0 ? 1 : 0
        case .softplus: Oracle.softplus(x)
        case .softsign: x / (1 + Swift.abs(x))
        case .sin: Oracle.sin(x)
        case .cos: Oracle.cos(x)
        case .tan: Oracle.tan(x)
        case .asin: Oracle.asin(x)
        case .acos: Oracle.acos(x)
        case .atan: Oracle.atan(x)
        case .sinh: Oracle.sinh(x)
        case .cosh: Oracle.cosh(x)
        case .asinh: Oracle.asinh(x)
        case .acosh: Oracle.acosh(x)
        case .atanh: Oracle.atanh(x)
        case .isNaN: x.isNaN ? 1 : 0
        case .bitwiseNot: x
        case .mish: x * Oracle.tanh(Oracle.softplus(x))
        case .hardSwish: x * Swift.max(0, Swift.min(1, x / 6 + 0.5))
        }
    }

    /// The function of a 64-bit integer; wraps.
    func compute(_ x: Int64, isSigned: Bool) -> Int64 {
        switch self {
        case .relu: isSigned ? Swift.max(x, 0) : x
        case .neg: 0 &- x
        case .abs: isSigned && x < 0 ? 0 &- x : x
        case .sign: isSigned ? x.signum() : (x == 0 ? 0 : 1)
        case .not: x == 0 ? 1 : 0
        case .bitwiseNot: ~x
        default: x
        }
    }
}
