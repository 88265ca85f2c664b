import DLCGraph

/// Which way a recurrent layer walks through time.
public enum RecurrentDirection: String, Sendable, CaseIterable, AttributeConvertible {
    case forward, reverse, bidirectional

    /// The number of passes, the extent D of weights and results.
    var count: Int { self == .bidirectional ? 2 : 1 }
}

/// Functions that gates of recurrent layers may use. Raw values are the names in ONNX.
public enum RecurrentActivation: String, Sendable, CaseIterable {
    case sigmoid = "Sigmoid", tanh = "Tanh", relu = "Relu", affine = "Affine", leakyRelu = "LeakyRelu"
    case thresholdedRelu = "ThresholdedRelu", scaledTanh = "ScaledTanh", hardSigmoid = "HardSigmoid", elu = "Elu"
    case softsign = "Softsign", softplus = "Softplus"

    /// The function with the given ONNX name, in any case of letters.
    /// - Throws: where ONNX has none of that name.
    public init(named name: String) throws {
        guard let match = Self.allCases.first(where: { $0.rawValue.lowercased() == name.lowercased() }) else {
            throw DLCError("activation \(name) is unknown; expected one of \(Self.allCases.map(\.rawValue).joined(separator: ", "))")
        }
        self = match
    }

    /// Alpha where nothing is given, nil where the function has none.
    var standardAlpha: Double? {
        switch self {
        case .leakyRelu: 0.01
        case .hardSigmoid: 0.2
        case .affine, .scaledTanh, .thresholdedRelu, .elu: 1
        default: nil
        }
    }

    /// Beta where nothing is given, nil where the function has none.
    var standardBeta: Double? {
        switch self {
        case .hardSigmoid: 0.5
        case .affine: 0
        case .scaledTanh: 1
        default: nil
        }
    }

    func compute(_ x: Double, _ alpha: Double, _ beta: Double) -> Double {
        switch self {
        case .sigmoid: Oracle.sigmoid(x)
        case .tanh: Oracle.tanh(x)
        case .relu: max(x, 0)
        case .affine: alpha * x + beta
        case .leakyRelu: x < 0 ? alpha * x : x
        case .thresholdedRelu: x >= alpha ? x : 0
        case .scaledTanh: alpha * Oracle.tanh(beta * x)
        case .hardSigmoid: min(max(alpha * x + beta, 0), 1)
        case .elu: x < 0 ? alpha * Oracle.expm1(x) : x
        case .softsign: x / (1 + abs(x))
        case .softplus: Oracle.softplus(x)
        }
    }

    /// The derivative; where there is none, that from the side on which the function is x or constant, as PyTorch has it.
    func derivative(_ x: Double, _ alpha: Double, _ beta: Double) -> Double {
        let y = compute(x, alpha, beta)
        return switch self {
        case .sigmoid: y * (1 - y)
        case .tanh: 1 - y * y
        case .relu: x > 0 ? 1 : 0
        case .affine: alpha
        case .leakyRelu: x > 0 ? 1 : alpha
        case .thresholdedRelu: x > alpha ? 1 : 0
        case .scaledTanh: alpha * beta * (1 - Oracle.tanh(beta * x) * Oracle.tanh(beta * x))
        case .hardSigmoid: alpha * x + beta > 0 && alpha * x + beta < 1 ? alpha : 0
        case .elu: x > 0 ? 1 : alpha * Oracle.exp(x)
        case .softsign: 1 / ((1 + abs(x)) * (1 + abs(x)))
        case .softplus: Oracle.sigmoid(x)
        }
    }
}
