import CKernels

/// Operations of elementwise programs by the names of the operators that they compute.
extension dlc_op: KernelChoice {
    package static let choices: ChoiceTable<dlc_op> = [
        DLC_OP_LOAD: "load", DLC_OP_STORE: "store", DLC_OP_SUM: "sum", DLC_OP_CONST: "constant", DLC_OP_CONVERT: "cast",
        DLC_OP_WRAP: "wrap",
        DLC_OP_ADD: "add", DLC_OP_SUB: "sub", DLC_OP_MUL: "mul", DLC_OP_DIV: "div",
        DLC_OP_MOD: "mod", DLC_OP_POW: "pow", DLC_OP_NEG: "neg", DLC_OP_ABS: "abs", DLC_OP_SIGN: "sign", DLC_OP_RELU: "relu",
        DLC_OP_MIN: "min", DLC_OP_MAX: "max", DLC_OP_CLIP: "clip", DLC_OP_EQ: "equal", DLC_OP_NE: "not_equal",
        DLC_OP_LT: "less", DLC_OP_LE: "less_or_equal", DLC_OP_GT: "greater", DLC_OP_GE: "greater_or_equal", DLC_OP_AND: "and",
        DLC_OP_OR: "or", DLC_OP_XOR: "xor", DLC_OP_NOT: "not", DLC_OP_WHERE: "where", DLC_OP_CEIL: "ceil",
        DLC_OP_FLOOR: "floor", DLC_OP_ROUND: "round", DLC_OP_TRUNC: "trunc", DLC_OP_SQRT: "sqrt", DLC_OP_RSQRT: "rsqrt",
        DLC_OP_RECIPROCAL: "reciprocal", DLC_OP_EXP: "exp", DLC_OP_LOG: "log", DLC_OP_SIN: "sin", DLC_OP_COS: "cos",
        DLC_OP_TAN: "tan", DLC_OP_ASIN: "asin", DLC_OP_ACOS: "acos", DLC_OP_ATAN: "atan", DLC_OP_SINH: "sinh",
        DLC_OP_COSH: "cosh", DLC_OP_TANH: "tanh", DLC_OP_ASINH: "asinh", DLC_OP_ACOSH: "acosh", DLC_OP_ATANH: "atanh",
        DLC_OP_ERF: "erf", DLC_OP_SIGMOID: "sigmoid", DLC_OP_HARD_SIGMOID: "hard_sigmoid", DLC_OP_LEAKY_RELU: "leaky_relu",
        DLC_OP_ELU: "elu", DLC_OP_SELU: "selu", DLC_OP_CELU: "celu", DLC_OP_SOFTPLUS: "softplus",
        DLC_OP_SOFTSIGN: "softsign", DLC_OP_THRESHOLDED_RELU: "thresholded_relu", DLC_OP_GELU: "gelu",
        DLC_OP_GELU_TANH: "gelu_tanh", DLC_OP_HARD_SWISH: "hard_swish", DLC_OP_MISH: "mish", DLC_OP_SILU: "silu",
        DLC_OP_IS_NAN: "is_nan", DLC_OP_IS_INF: "is_inf", DLC_OP_BIT_AND: "bitwise_and", DLC_OP_BIT_OR: "bitwise_or",
        DLC_OP_BIT_XOR: "bitwise_xor", DLC_OP_BIT_NOT: "bitwise_not", DLC_OP_SHL: "shift_left", DLC_OP_SHR: "shift_right",
        DLC_OP_GATE: "gate", DLC_OP_SUM_PRODUCT: "sum_product",
    ]

    /// Whether it adds up into a result.
    package var sums: Bool { self == DLC_OP_SUM || self == DLC_OP_SUM_PRODUCT }

    /// The operation that computes an operator without attributes, nil where there is none under its name.
    package init?(operator name: String) {
        guard let op = Self.byName[name] else { return nil }
        self = op
    }

    private static let byName = Dictionary(uniqueKeysWithValues: choices.entries.map { ($0.name, dlc_op(rawValue: $0.code)) })
}
