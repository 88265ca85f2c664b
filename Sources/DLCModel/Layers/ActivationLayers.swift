import DLCGraph
import DLCOps

/// A function of every element without arguments.
public struct FunctionLayer: Layer {
    public enum Function: String, Sendable, CaseIterable {
        case relu, relu6, sigmoid, tanh, silu, mish, softsign, hardSigmoid, hardSwish, selu, step
        case exp, log, sqrt, abs, sign, floor, ceil, round, sin, cos, erf, reciprocal, square
        case identity
    }

    static let activations: [Function] = [.relu, .relu6, .sigmoid, .tanh, .silu, .mish, .softsign, .hardSigmoid, .hardSwish, .selu, .step]
    static let functions = Function.allCases.filter { !activations.contains($0) }

    public let function: Function

    public init(_ function: Function) { self.function = function }

    public var definition: LayerDefinition { Self.definitions[function] ?? Self.define(function) }

    private static let definitions = Dictionary(uniqueKeysWithValues: Function.allCases.map { ($0, define($0)) })

    private static func define(_ function: Function) -> LayerDefinition {
        let (doc, source) = description(function)
        return LayerDefinition(Self(function), name: function.rawValue, doc: doc, source: source)
    }

    private static func description(_ function: Function) -> (doc: String, source: String?) {
        switch function {
        case .relu: ("The rectifier, `max(x, 0)`.", "Nair and Hinton, 2010")
        case .relu6: ("`min(max(x, 0), 6)`.", "Howard et al., 2017")
        case .sigmoid: ("The logistic function, `1 / (1 + exp(-x))`.", nil)
        case .tanh: ("The hyperbolic tangent.", nil)
        case .silu: ("`x · sigmoid(x)`, also called swish.", "Elfwing et al., 2017")
        case .mish: ("`x · tanh(log(1 + exp(x)))`.", "Misra, 2019")
        case .softsign: ("`x / (1 + |x|)`.", nil)
        case .hardSigmoid: ("`min(max(x / 6 + 1/2, 0), 1)`.", nil)
        case .hardSwish: ("`x · hardSigmoid(x)`.", "Howard et al., 2019")
        case .selu: ("The scaled exponential linear unit.", "Klambauer et al., 2017")
        case .step: ("1 where x is at least 0, else 0.", "Rosenblatt, 1958")
        case .exp: ("The exponential.", nil)
        case .log: ("The natural logarithm.", nil)
        case .sqrt: ("The square root.", nil)
        case .abs: ("The absolute value.", nil)
        case .sign: ("-1, 0 or 1.", nil)
        case .floor: ("The next whole number downwards.", nil)
        case .ceil: ("The next whole number upwards.", nil)
        case .round: ("The nearest whole number, ties to even.", nil)
        case .sin: ("The sine.", nil)
        case .cos: ("The cosine.", nil)
        case .erf: ("The error function.", nil)
        case .reciprocal: ("`1 / x`.", nil)
        case .square: ("`x · x`.", nil)
        case .identity: ("x as it is.", nil)
        }
    }

    public func apply(to operands: [TensorValue?], in context: LayerContext) throws -> [TensorValue] {
        let x = try operand(operands, 0)
        switch function {
        case .identity: return [x]
        case .relu6: return [try context.add(Clip(min: 0, max: 6), x)]
        case .silu: return [try context.add(Activation(.swish), x)]
        case .selu: return [try context.add(Activation(.selu), x)]
        case .hardSigmoid: return [try context.add(Activation(.hardSigmoid, alpha: 1.0 / 6, beta: 0.5), x)]
        case .hardSwish: return [try context.add(Unary(.hardSwish), x)]
        case .square: return [try context.add(Binary(.mul), x, x)]
        case .step:
            let isHigh = try context.add(Binary(.greaterOrEqual), x, x.builder.scalar(0, like: x))
            return [try context.add(Cast(to: x.element), isHigh)]
        default:
            guard let unary = UnaryFunction(rawValue: function.rawValue) else { throw DLCError("\(function) has no operator") }
            return [try context.add(Unary(unary), x)]
        }
    }
}

/// An activation with a number: leaky ReLU, ELU, CELU, thresholded ReLU.
public struct SlopedActivationLayer: Layer {
    public let function: ActivationFunction
    public var alpha: Double

    public init(_ function: ActivationFunction, alpha: Double) {
        self.function = function
        self.alpha = alpha
    }

    public var definition: LayerDefinition {
        switch function {
        case .leakyRelu: Self.leaky
        case .celu: Self.celu
        case .thresholdedRelu: Self.thresholded
        default: Self.elu
        }
    }

    static let leaky = define(
        Self(.leakyRelu, alpha: 0.01), "leakyRelu", "slope", "x where it is positive, else `slope · x`.", "Maas et al., 2013")
    static let elu = define(
        Self(.elu, alpha: 1), "elu", "alpha", "x where it is positive, else `alpha · (exp(x) - 1)`.", "Clevert et al., 2015")
    static let celu = define(
        Self(.celu, alpha: 1), "celu", "alpha", "x where it is positive, else `alpha · (exp(x / alpha) - 1)`.", "Barron, 2017")
    static let thresholded = define(
        Self(.thresholdedRelu, alpha: 1), "thresholdedRelu", "threshold", "x where it is above the threshold, else 0.", nil)

    private static func define(
        _ prototype: @autoclosure @escaping @Sendable () -> Self, _ name: String, _ argument: String, _ doc: String, _ source: String?
    ) -> LayerDefinition {
        LayerDefinition(prototype(), name: name, doc: doc, source: source) {
            Argument(argument, \.alpha, "the number in the formula", .positional)
        }
    }

    public func apply(to operands: [TensorValue?], in context: LayerContext) throws -> [TensorValue] {
        [try context.add(Activation(function, alpha: alpha), try operand(operands, 0))]
    }
}

/// The Gaussian error linear unit.
public struct GeluLayer: Layer {
    public enum Approximation: String, Sendable, CaseIterable, ArgumentConvertible { case none, tanh }

    public var approximate = Approximation.none

    public var definition: LayerDefinition { Self.definition }

    public static let definition = LayerDefinition(
        Self(), name: "gelu", doc: "`x · Φ(x)` with the normal distribution function Φ.", source: "Hendrycks and Gimpel, 2016"
    ) {
        Argument("approximate", \.approximate, "\"tanh\" for the formula with the hyperbolic tangent, as in GPT-2")
    }

    public func apply(to operands: [TensorValue?], in context: LayerContext) throws -> [TensorValue] {
        [try context.add(Gelu(approximate == .tanh ? .tanh : .none), try operand(operands, 0))]
    }
}

/// ReLU with slopes that are learned.
public struct PReluLayer: Layer {
    public var perChannel = false
    public var initialValue = 0.25

    public var definition: LayerDefinition { Self.definition }

    public static let definition = LayerDefinition(
        Self(), name: "prelu", doc: "x where it is positive, else `weight · x`; weight `[1]`, or `[C]` for x `[N, C, …]`.",
        source: "He et al., 2015", parameters: ["weight"]
    ) {
        Argument("perChannel", \.perChannel, "whether every channel has a slope of its own")
        Argument("initialValue", \.initialValue, "the slope before training")
    }

    public func apply(to operands: [TensorValue?], in context: LayerContext) throws -> [TensorValue] {
        let x = try operand(operands, 0)
        let count = perChannel ? try x.extent(1) : 1
        let slope = try context.parameter("weight", [count], .constant(initialValue), type: x.element)
        guard perChannel, x.rank > 2 else { return [try context.add(PRelu(), x, slope)] }
        let shape = Shape(constants: [count] + [Int](repeating: 1, count: x.rank - 2))
        return [try context.add(PRelu(), x, context.add(Reshape(shape: shape), slope))]
    }
}

/// Softplus with a sharpness.
public struct SoftplusLayer: Layer {
    public var beta = 1.0

    public var definition: LayerDefinition { Self.definition }

    public static let definition = LayerDefinition(
        Self(), name: "softplus", doc: "`log(1 + exp(beta · x)) / beta`, a smooth rectifier.", source: "Dugas et al., 2000"
    ) {
        Argument("beta", \.beta, "how sharp the bend is")
    }

    public func apply(to operands: [TensorValue?], in context: LayerContext) throws -> [TensorValue] {
        let x = try operand(operands, 0)
        if beta == 1 { return [try context.add(Unary(.softplus), x)] }
        guard beta > 0 else { throw DLCError("beta is \(beta); expected more than 0") }
        return [try context.add(Unary(.softplus), x * beta) / beta]
    }
}

/// Limits every element to a range.
public struct ClampLayer: Layer {
    public var low = -1.0
    public var high = 1.0

    public var definition: LayerDefinition { Self.definition }

    public static let definition = LayerDefinition(Self(), name: "clamp", doc: "`min(max(x, low), high)`; the hard tanh by default.") {
        Argument("low", \.low, "the least value of the result", .positional)
        Argument("high", \.high, "the largest value of the result", .positional)
    }

    public func apply(to operands: [TensorValue?], in context: LayerContext) throws -> [TensorValue] {
        guard low <= high else { throw DLCError("low is \(low) and high is \(high); expected low to be at most high") }
        let op = Clip(min: low == -.infinity ? nil : low, max: high == .infinity ? nil : high)
        return [try context.add(op, try operand(operands, 0))]
    }
}

/// The largest of several linear functions per unit.
public struct MaxoutLayer: Layer {
    public var pieces = 2
    public var axis = 1

    public var definition: LayerDefinition { Self.definition }

    public static let definition = LayerDefinition(
        Self(), name: "maxout", doc: "The maximum of every `pieces` adjacent channels: `[N, C, …]` becomes `[N, C / pieces, …]`.",
        source: "Goodfellow et al., 2013"
    ) {
        Argument("pieces", \.pieces, "how many channels compete", .required)
        Argument("axis", \.axis, "the dimension of the channels")
    }

    public func apply(to operands: [TensorValue?], in context: LayerContext) throws -> [TensorValue] {
        let x = try operand(operands, 0)
        let axis = try InferenceRules.axis(axis, rank: x.rank)
        let channels = try x.extent(axis)
        guard pieces >= 1, channels % pieces == 0 else {
            throw DLCError("\(pieces) pieces do not divide the \(channels) channels of \(x.type)")
        }
        let split = Shape(x.shape[..<axis]) + [Dim(channels / pieces), Dim(pieces)] + Shape(x.shape[(axis + 1)...])
        let parts = try context.add(Reshape(shape: split), x)
        return [try context.add(Reduce(.max, axes: [axis + 1], keepDims: false), parts)]
    }
}

/// Softmax and its logarithm.
public struct SoftmaxLayer: Layer {
    public let kind: SoftmaxKind
    public var axis = -1

    public init(_ kind: SoftmaxKind) { self.kind = kind }

    public var definition: LayerDefinition { kind == .logSoftmax ? Self.logarithm : Self.plain }

    static let plain = define(.softmax, "softmax", "`exp(x) / Σ exp(x)` along an axis.")
    static let logarithm = define(.logSoftmax, "logSoftmax", "The logarithm of the softmax along an axis.")

    private static func define(_ kind: SoftmaxKind, _ name: String, _ doc: String) -> LayerDefinition {
        LayerDefinition(Self(kind), name: name, doc: doc) {
            Argument("axis", \.axis, "the dimension whose elements sum to 1")
        }
    }

    public func apply(to operands: [TensorValue?], in context: LayerContext) throws -> [TensorValue] {
        [try context.add(Softmax(kind, axis: axis), try operand(operands, 0))]
    }
}
