#if ONNX
internal import DLCGraph

/// From which opset on ONNX's operators take element types that not all opsets that are written know (the type constraints of
/// onnx/defs, by version).
struct TypeVersions {
    /// Element types of values by name.
    private var types: [String: ElementType] = [:]

    /// - Throws: where the opset knows the operator, but not for the types of the node's operands and results.
    mutating func check(_ node: ONNXWriter.WrittenNode, opset: Int) throws {
        let given = node.inputs.compactMap { types[$0] }
        let result = Self.result(of: node, given: given)
        for name in node.outputs where types[name] == nil { types[name] = result }
        guard node.domain.isEmpty else { return }
        for type in Set(given + node.outputs.compactMap { types[$0] }) {
            let least = Self.least(node.opType, type)
            if opset < least { throw DLCError("\(node.opType) of \(type) needs opset \(least) or newer, opset \(opset) was asked for") }
        }
    }

    mutating func note(_ name: String, _ type: ElementType) { types[name] = type }

    /// The element type of what only the written nodes know.
    private static func result(of node: ONNXWriter.WrittenNode, given: [ElementType]) -> ElementType? {
        func attribute(_ name: String) -> AttributeValue? { node.attributes.first { $0.name == name }?.value }
        switch node.opType {
        case "Cast":
            guard case .int(let code) = attribute("to") else { return nil }
            return ElementType(onnx: code)
        case "Less", "LessOrEqual", "Greater", "GreaterOrEqual", "Equal", "IsNaN", "IsInf", "And", "Or", "Not", "Xor": return .bool
        case "Shape", "Size", "NonZero", "ArgMax", "ArgMin", "NonMaxSuppression": return .int64
        case "ConstantOfShape":
            guard case .tensor(let value) = attribute("value") else { return .float32 }
            return value.type
        case "Where": return given.last
        default: return given.first
        }
    }

    /// The least opset in which an operator takes an element type; 0 where every one does that is written without being asked for.
    private static func least(_ opType: String, _ type: ElementType) -> Int {
        switch type {
        case .float8e4m3fn, .float8e4m3fnuz, .float8e5m2, .float8e5m2fnuz: float8[opType] ?? 19
        case .int4, .uint4: 21
        case .float4e2m1: 23
        case .float8e8m0: 24
        case .int2, .uint2: 25
        case .bfloat16: bfloat16[opType] ?? 0
        case .float16: float16[opType] ?? 0
        case .float64: opType == "Celu" ? 28 : 0
        case .int8, .int64: opType == "BitShift" ? 28 : 0
        case .int16: opType == "BitShift" ? 28 : quantizers.contains(opType) ? 21 : 0
        case .uint16: quantizers.contains(opType) ? 21 : 0
        case .int32: opType == "BitShift" ? 28 : opType == "QuantizeLinear" ? 19 : 0
        case .bool: opType == "ReduceMax" || opType == "ReduceMin" ? 20 : 0
        case .string: opType == "Equal" ? 19 : 0
        default: 0
        }
    }

    private static let quantizers: Set = ["QuantizeLinear", "DequantizeLinear"]

    private static let float8 = versions([
        20: "ConstantOfShape IsInf IsNaN",
        21: "Flatten Pad QLinearMatMul Squeeze Transpose Unsqueeze",
        22: "Dropout",
        28: "Optional OptionalGetElement OptionalHasElement",
    ])

    private static let float16 = versions([
        19: "DequantizeLinear QuantizeLinear", 20: "IsInf", 21: "QLinearMatMul", 27: "Range", 28: "Celu",
    ])

    private static let bfloat16 = versions([
        19: "DequantizeLinear QuantizeLinear",
        20: "ConstantOfShape IsInf",
        21: "QLinearMatMul",
        22: """
            Acos Acosh Asin Asinh Atan Atanh AveragePool Bernoulli Conv ConvTranspose Cos Cosh Det Dropout Elu EyeLike GRU \
            GlobalAveragePool GlobalLpPool GlobalMaxPool GridSample HardSigmoid HardSwish InstanceNormalization LSTM \
            LpNormalization LpPool MaxPool MaxRoiPool MaxUnpool Multinomial NegativeLogLikelihoodLoss RNN RandomNormal \
            RandomNormalLike RandomUniform RandomUniformLike RoiAlign Round Selu Sin Sinh Softplus Softsign Tan ThresholdedRelu
            """,
        24: "SplitToSequence TopK",
        27: "Range",
        28: "Celu Compress Einsum OneHot Optional OptionalGetElement OptionalHasElement ReverseSequence Unique",
    ])

    private static func versions(_ operators: [Int: String]) -> [String: Int] {
        let pairs = operators.flatMap { version, names in names.split(separator: " ").map { (String($0), version) } }
        return Dictionary(pairs) { first, _ in first }
    }
}
#endif
