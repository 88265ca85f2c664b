import DLCGraph

/// Activations with parameters. Raw values are the names in the text form.
public enum ActivationFunction: String, Sendable, CaseIterable {
    case elu, leakyRelu = "leaky_relu", selu, celu, thresholdedRelu = "thresholded_relu", hardSigmoid = "hard_sigmoid", swish

    /// The ONNX operator, its first opset, and the defaults of its parameters.
    var onnx: (name: String, since: Int) {
        switch self {
        case .elu: ("Elu", 6)
        case .leakyRelu: ("LeakyRelu", 6)
        case .selu: ("Selu", 6)
        case .celu: ("Celu", 12)
        case .thresholdedRelu: ("ThresholdedRelu", 10)
        case .hardSigmoid: ("HardSigmoid", 6)
        case .swish: ("Swish", 24)
        }
    }
}

/// An activation function of each element with up to two parameters (ONNX Elu, LeakyRelu, Selu, Celu,
/// ThresholdedRelu, HardSigmoid, Swish). `swish` with alpha 1 is SiLU; opsets before 24 get it as x · sigmoid(alpha·x).
public struct Activation: Operator {
    public let function: ActivationFunction
    public var alpha: Double
    /// The offset of hard sigmoid.
    public var beta = 0.5
    /// The scale of SELU.
    public var gamma = 1.05070102214813232421875

    /// - Parameter alpha: nil for the default of ONNX.
    public init(_ function: ActivationFunction, alpha: Double? = nil, beta: Double = 0.5) {
        self.function = function
        self.beta = beta
        self.alpha =
            alpha
            ?? {
                switch function {
                case .leakyRelu: 0.01
                case .selu: 1.67326319217681884765625
                case .hardSigmoid: 0.2
                default: 1
                }
            }()
    }

    public var definition: OperatorDefinition { Self.definitions[function] ?? Self.elu }

    static let table: [OperatorDefinition] = ActivationFunction.allCases.compactMap { definitions[$0] }
    private static let elu = define(.elu)
    private static let definitions: [ActivationFunction: OperatorDefinition] = Dictionary(
        uniqueKeysWithValues: ActivationFunction.allCases.map { ($0, define($0)) })

    private static func define(_ function: ActivationFunction) -> OperatorDefinition {
        let mapping: [ONNXMapping]
        if function == .swish {
            mapping = [
                ONNXMapping("Swish", read: { try $0.add($0.configured(Activation(.swish)), $0.operands) }, write: writeSwish)
            ]
        } else {
            mapping = [ONNXMapping(function.onnx.name, Activation(function), since: function.onnx.since)]
        }
        let examples: @Sendable () throws -> [Example] = {
            let x = try Tensor.random(seed: 1, shape: [2, 3, 5])
            return [
                Example("defaults", Activation(function), [x]),
                Example("alpha", Activation(function, alpha: 0.7, beta: 0.25), [x]),
                Example("f64", Activation(function), [try Tensor.random(seed: 2, type: .float64, shape: [9])]),
                Example("f16", Activation(function), [try Tensor.random(seed: 3, type: .float16, shape: [3, 1])]),
                Example(
                    "special", Activation(function), [try Tensor([.nan, .infinity, -0.0] as [Float], shape: [3])], isDifferentiable: false),
            ]
        }
        switch function {
        case .hardSigmoid:
            return OperatorDefinition(
                Activation(function), name: function.rawValue, operands: ["x"], traits: [.elementwise, .inPlaceable],
                onnx: mapping, examples: examples
            ) {
                Attribute("alpha", \.alpha)
                Attribute("beta", \.beta)
            }
        case .selu:
            return OperatorDefinition(
                Activation(function), name: function.rawValue, operands: ["x"], traits: [.elementwise, .inPlaceable],
                onnx: mapping, examples: examples
            ) {
                Attribute("alpha", \.alpha)
                Attribute("gamma", \.gamma)
            }
        default:
            return OperatorDefinition(
                Activation(function), name: function.rawValue, operands: ["x"], traits: [.elementwise, .inPlaceable],
                onnx: mapping, examples: examples
            ) {
                Attribute("alpha", \.alpha)
            }
        }
    }

    private static let writeSwish: @Sendable (inout ONNXWriter) throws -> Void = { writer in
        guard let op = writer.op as? Activation else { return }
        if writer.opset >= 24 {
            writer.node("Swish", attributes: op.changedAttributes)
        } else if op.alpha == 1 {
            let gate = writer.intermediate("Sigmoid", [writer.inputs[0]])
            writer.node("Mul", inputs: [writer.inputs[0], gate])
        } else {
            let type = writer.resultFacts[0].element
            let alpha = writer.constant(try Tensor(filling: op.alpha, type: type, shape: []), "alpha")
            let gate = writer.intermediate("Sigmoid", [writer.intermediate("Mul", [writer.inputs[0], alpha])])
            writer.node("Mul", inputs: [writer.inputs[0], gate])
        }
    }

    func compute(_ x: Double) -> Double {
        switch function {
        case .elu: x < 0 ? alpha * Oracle.expm1(x) : x
        case .leakyRelu: x < 0 ? alpha * x : x
        case .selu: x < 0 ? gamma * alpha * Oracle.expm1(x) : gamma * x
        case .celu: x < 0 ? alpha * Oracle.expm1(x / alpha) : x
        case .thresholdedRelu: x > alpha ? x : 0
        case .hardSigmoid: ActivationKind.hardSigmoid.apply(x, alpha: alpha, beta: beta, slope: 0)
        case .swish: x * Oracle.sigmoid(alpha * x)
        }
    }

    public func infer(_ context: inout InferContext) throws -> [Fact] {
        try context.expect(0, "x", ElementType.floats)
        if function == .celu, alpha == 0 { throw DLCError("alpha is 0, which celu divides by") }
        return [Fact(try context.operand(0).type)]
    }

    public func evaluate(_ operands: [Tensor?]) throws -> [Tensor] {
        let x = try Oracle.operand(operands, 0)
        return [try Tensor(doubles: x.doubles().map(compute), type: x.type, shape: x.shape)]
    }
}
