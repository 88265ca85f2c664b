import CKernels
import DLCGraph
import DLCOps

/// Which instruction computes which elementwise operator.
enum ElementwiseInstructions {
    /// Operators without attributes.
    private static let simple: [String: dlc_op] = [
        "add": DLC_OP_ADD, "sub": DLC_OP_SUB, "mul": DLC_OP_MUL, "div": DLC_OP_DIV, "pow": DLC_OP_POW,
        "min": DLC_OP_MIN, "max": DLC_OP_MAX, "neg": DLC_OP_NEG, "abs": DLC_OP_ABS, "sign": DLC_OP_SIGN, "relu": DLC_OP_RELU,
        "equal": DLC_OP_EQ, "less": DLC_OP_LT, "less_or_equal": DLC_OP_LE, "greater": DLC_OP_GT,
        "greater_or_equal": DLC_OP_GE, "and": DLC_OP_AND, "or": DLC_OP_OR, "xor": DLC_OP_XOR, "not": DLC_OP_NOT,
        "where": DLC_OP_WHERE, "cast": DLC_OP_CONVERT,
        "ceil": DLC_OP_CEIL, "floor": DLC_OP_FLOOR, "round": DLC_OP_ROUND, "sqrt": DLC_OP_SQRT,
        "reciprocal": DLC_OP_RECIPROCAL, "exp": DLC_OP_EXP, "log": DLC_OP_LOG, "sin": DLC_OP_SIN, "cos": DLC_OP_COS,
        "tan": DLC_OP_TAN, "asin": DLC_OP_ASIN, "acos": DLC_OP_ACOS, "atan": DLC_OP_ATAN, "sinh": DLC_OP_SINH,
        "cosh": DLC_OP_COSH, "tanh": DLC_OP_TANH, "asinh": DLC_OP_ASINH, "acosh": DLC_OP_ACOSH, "atanh": DLC_OP_ATANH,
        "erf": DLC_OP_ERF, "sigmoid": DLC_OP_SIGMOID, "softplus": DLC_OP_SOFTPLUS, "softsign": DLC_OP_SOFTSIGN,
        "hard_swish": DLC_OP_HARD_SWISH, "mish": DLC_OP_MISH, "is_nan": DLC_OP_IS_NAN,
        "bitwise_and": DLC_OP_BIT_AND, "bitwise_or": DLC_OP_BIT_OR, "bitwise_xor": DLC_OP_BIT_XOR, "bitwise_not": DLC_OP_BIT_NOT,
    ]

    /// The instruction with its immediates, or nil where there is none.
    static func instruction(for op: any Operator, operand: ElementType, result: ElementType) throws -> ElementwiseProgram.Instruction? {
        let type = ElementwiseProgram.compute(operand)
        if let code = simple[op.name] { return ElementwiseProgram.Instruction(op: code, type: type) }
        func float(_ name: String, _ standard: Double) -> Double {
            op.attribute(name).flatMap(Double.init(attributeValue:)) ?? standard
        }
        func make(_ code: dlc_op, _ f0: Double = 0, _ f1: Double = 0, _ i0: Int = 0, _ i1: Int = 0) -> ElementwiseProgram.Instruction {
            ElementwiseProgram.Instruction(op: code, type: type, f0: f0, f1: f1, i0: i0, i1: i1)
        }
        switch op.name {
        case "hard_sigmoid": return make(DLC_OP_HARD_SIGMOID, float("alpha", 0.2), float("beta", 0.5))
        case "leaky_relu": return make(DLC_OP_LEAKY_RELU, float("alpha", 0.01))
        case "elu": return make(DLC_OP_ELU, float("alpha", 1))
        case "selu": return make(DLC_OP_SELU, float("alpha", 1.6732632423543772), float("gamma", 1.0507009873554805))
        case "celu": return make(DLC_OP_CELU, float("alpha", 1))
        case "thresholded_relu": return make(DLC_OP_THRESHOLDED_RELU, float("alpha", 1))
        case "gelu":
            let isTanh = op.attribute("approximate").flatMap(String.init(attributeValue:)) == "tanh"
            return make(isTanh ? DLC_OP_GELU_TANH : DLC_OP_GELU)
        case "swish": return float("alpha", 1) == 1 ? make(DLC_OP_SILU) : nil
        case "is_inf":
            let positive = op.attribute("detect_positive").flatMap(Bool.init(attributeValue:)) ?? true
            let negative = op.attribute("detect_negative").flatMap(Bool.init(attributeValue:)) ?? true
            return make(DLC_OP_IS_INF, 0, 0, (positive ? 1 : 0) + (negative ? 2 : 0))
        case "mod":
            let isRemainder = op.attribute("fmod").flatMap(Bool.init(attributeValue:)) ?? false
            return make(DLC_OP_MOD, 0, 0, isRemainder ? 1 : 0)
        case "bit_shift":
            return make(op.attribute("direction").flatMap(String.init(attributeValue:)) == "RIGHT" ? DLC_OP_SHR : DLC_OP_SHL)
        case "clip":
            let low = op.attribute("min").flatMap(Double.init(attributeValue:)) ?? -.infinity
            let high = op.attribute("max").flatMap(Double.init(attributeValue:)) ?? .infinity
            if operand.isFloat { return make(DLC_OP_CLIP, low, high) }
            let range = integerRange(operand)
            return make(DLC_OP_CLIP, 0, 0, integer(low, range.0), integer(high, range.1))
        default: return nil
        }
    }

    /// The limit as an integer, or `standard` where it is beyond all integers.
    private static func integer(_ limit: Double, _ standard: Int) -> Int { Int(exactly: limit.rounded()) ?? standard }

    private static func integerRange(_ type: ElementType) -> (Int, Int) {
        type == .uint64 ? (0, -1) : (.min, .max)
    }
}
