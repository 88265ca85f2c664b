import DLCGraph
import DLCOps

/// What remains of a loss per element.
public enum LossReduction: String, Sendable, CaseIterable, ArgumentConvertible { case mean, sum, none }

/// The cross-entropy of classes.
public struct CrossEntropyLayer: Layer {
    public var smoothing = 0.0
    public var reduction = LossReduction.mean

    public var definition: LayerDefinition { Self.definition }

    public static let definition = LayerDefinition(
        Self(), name: "crossEntropy",
        doc:
            "Softmax cross-entropy of logits `[N, C, …]` and labels `[N, …]` (integers), with a weight `[C]` per class where given; the mean is "
            + "by the weights of the labels.",
        source: "Szegedy et al., 2016, section 7, for smoothing", operands: ["logits", "labels", "weights?"]
    ) {
        Argument("smoothing", \.smoothing, "the part of the probability that all classes share")
        Argument("reduction", \.reduction, "what remains of the losses of all places")
    }

    public func apply(to operands: [TensorValue?], in context: LayerContext) throws -> [TensorValue] {
        let (logits, labels) = (try operand(operands, 0), try operand(operands, 1))
        let classes = try logits.extent(1)
        guard labels.element.isInteger, labels.rank == logits.rank - 1 else {
            throw DLCError("logits are \(logits.type), labels \(labels.type); expected integers [N, …] for logits [N, C, …]")
        }
        guard smoothing >= 0, smoothing <= 1 else { throw DLCError("smoothing is \(smoothing); expected 0 to 1") }
        let values = logits.builder.constant(try Tensor(doubles: [0, 1], type: logits.element, shape: [2]))
        var hot = try context.add(OneHot(depth: Dim(classes), axis: 1), integers(labels, context), values)
        let surprise = try -context.add(Softmax(.logSoftmax, axis: 1), logits)
        if let weights = optional(operands, 2) {
            let column = Shape(constants: [classes] + [Int](repeating: 1, count: logits.rank - 2))
            let perClass = try context.add(Reshape(shape: column), weights)
            hot = try hot * perClass
            return try reduced(hot, surprise, surprise * perClass, classes, context)
        }
        return try reduced(hot, surprise, surprise, classes, context)
    }

    /// - Parameters:
    ///   - hot: the weight of the label at its class, 0 at the others.
    ///   - surprise: minus the logarithm of every class's probability.
    ///   - spread: the same times the class's weight.
    private func reduced(
        _ hot: TensorValue, _ surprise: TensorValue, _ spread: TensorValue, _ classes: Int, _ context: LayerContext
    ) throws -> [TensorValue] {
        let overClasses = Reduce(.sum, axes: [1], keepDims: false)
        var loss = try context.add(overClasses, surprise * hot)
        if smoothing > 0 { loss = try loss * (1 - smoothing) + context.add(overClasses, spread) * (smoothing / Double(classes)) }
        switch reduction {
        case .none: return [loss]
        case .sum: return [try context.add(Reduce(.sum, keepDims: false), loss)]
        case .mean: return [try context.add(Reduce(.sum, keepDims: false), loss) / context.add(Reduce(.sum, keepDims: false), hot)]
        }
    }
}

/// Losses of two tensors, element by element.
public struct LossLayer: Layer {
    public enum Kind: String, Sendable, CaseIterable {
        case meanSquaredError, meanAbsoluteError, huber, hinge, binaryCrossEntropy, klDivergence
    }

    public let kind: Kind
    public var reduction = LossReduction.mean
    /// Of Huber's loss: where the square ends. Of the hinge: the margin.
    public var delta = 1.0
    public var smoothing = 0.0

    public init(_ kind: Kind) { self.kind = kind }

    public var definition: LayerDefinition { Self.definitions[kind] ?? Self.define(kind) }

    private static let definitions = Dictionary(uniqueKeysWithValues: Kind.allCases.map { ($0, define($0)) })

    private static func define(_ kind: Kind) -> LayerDefinition {
        switch kind {
        case .meanSquaredError: plain(kind, "The square of x - target.", nil)
        case .meanAbsoluteError: plain(kind, "The magnitude of x - target.", nil)
        case .klDivergence:
            plain(
                kind, "The Kullback-Leibler divergence `target · (log(target) - x)` of logarithms of probabilities x and probabilities.",
                nil)
        case .huber:
            numbered(kind, "Half the square of x - target up to delta, linear beyond.", "Huber, 1964", "delta", "where the square ends")
        case .hinge:
            numbered(
                kind, "`max(0, margin - target · x)` for targets -1 and 1.", "Cortes and Vapnik, 1995", "margin",
                "how far a score must be on its side")
        case .binaryCrossEntropy:
            LayerDefinition(
                Self(kind), name: kind.rawValue, doc: "The cross-entropy of the sigmoid of logits x and targets from 0 to 1.",
                operands: ["x", "target", "weights?"]
            ) {
                Argument("smoothing", \.smoothing, "how far targets are moved toward one half")
                Argument("reduction", \.reduction, "what remains of the losses of all elements")
            }
        }
    }

    private static func plain(_ kind: Kind, _ doc: String, _ source: String?) -> LayerDefinition {
        LayerDefinition(Self(kind), name: kind.rawValue, doc: doc, source: source, operands: ["x", "target"]) {
            Argument("reduction", \.reduction, "what remains of the losses of all elements")
        }
    }

    private static func numbered(_ kind: Kind, _ doc: String, _ source: String, _ argument: String, _ meaning: String) -> LayerDefinition {
        LayerDefinition(Self(kind), name: kind.rawValue, doc: doc, source: source, operands: ["x", "target"]) {
            Argument(argument, \.delta, meaning)
            Argument("reduction", \.reduction, "what remains of the losses of all elements")
        }
    }

    public func apply(to operands: [TensorValue?], in context: LayerContext) throws -> [TensorValue] {
        let (x, target) = (try operand(operands, 0), try operand(operands, 1))
        // [N] beside [N, 1] would be the differences of all pairs.
        guard target.rank == x.rank || target.rank == 0 else {
            throw DLCError("x is \(x.type), target \(target.type); expected as many dimensions")
        }
        let loss = try weighted(elements(x, target, context), optional(operands, 2))
        switch reduction {
        case .none: return [loss]
        case .sum: return [try context.add(Reduce(.sum, keepDims: false), loss)]
        case .mean: return [try context.add(Reduce(.mean, keepDims: false), loss)]
        }
    }

    private func weighted(_ loss: TensorValue, _ weights: TensorValue?) throws -> TensorValue { try weights.map { try loss * $0 } ?? loss }

    private func elements(_ x: TensorValue, _ target: TensorValue, _ context: LayerContext) throws -> TensorValue {
        func positivePart(_ y: TensorValue) throws -> TensorValue { try context.add(Unary(.relu), y) }
        func magnitude(_ y: TensorValue) throws -> TensorValue { try context.add(Unary(.abs), y) }
        switch kind {
        case .meanSquaredError:
            let difference = try x - target
            return try difference * difference
        case .meanAbsoluteError: return try magnitude(x - target)
        case .huber:
            // With a = |x - target| and m = min(a, delta) both branches are m · (a - m / 2).
            let size = try magnitude(x - target)
            let inner = try context.add(Clip(max: delta), size)
            return try inner * (size - inner * 0.5)
        case .hinge: return try positivePart(delta - target * x)
        case .binaryCrossEntropy:
            // max(x, 0) - x · t + log(1 + exp(-|x|)), which does not overflow.
            let goal = smoothing > 0 ? try target * (1 - smoothing) + smoothing / 2 : target
            return try positivePart(x) - x * goal + context.add(Unary(.softplus), -magnitude(x))
        case .klDivergence:
            // 0 · log 0 is 0.
            let tiny = try context.add(Clip(min: 1e-38), target)
            return try target * (context.add(Unary(.log), tiny) - x)
        }
    }
}

extension TensorValue {
    public func crossEntropy(
        _ labels: TensorValue, weights: TensorValue? = nil, smoothing: Double = 0, reduction: LossReduction = .mean, name: String? = nil
    ) throws -> TensorValue {
        try applying(CrossEntropyLayer(smoothing: smoothing, reduction: reduction), labels, weights, name: name)
    }

    private func loss(
        _ kind: LossLayer.Kind, _ operands: [TensorValue?], _ reduction: LossReduction, _ name: String?, delta: Double = 1,
        smoothing: Double = 0
    ) throws -> TensorValue {
        var layer = LossLayer(kind)
        (layer.reduction, layer.delta, layer.smoothing) = (reduction, delta, smoothing)
        return try builder.layer(layer, name: name).results([self] + operands)[0]
    }
    public func meanSquaredError(_ target: TensorValue, reduction: LossReduction = .mean, name: String? = nil) throws -> TensorValue {
        try loss(.meanSquaredError, [target], reduction, name)
    }
    public func meanAbsoluteError(_ target: TensorValue, reduction: LossReduction = .mean, name: String? = nil) throws -> TensorValue {
        try loss(.meanAbsoluteError, [target], reduction, name)
    }
    public func huber(_ target: TensorValue, delta: Double = 1, reduction: LossReduction = .mean, name: String? = nil) throws -> TensorValue
    {
        try loss(.huber, [target], reduction, name, delta: delta)
    }
    public func hinge(_ target: TensorValue, margin: Double = 1, reduction: LossReduction = .mean, name: String? = nil) throws
        -> TensorValue
    {
        try loss(.hinge, [target], reduction, name, delta: margin)
    }
    public func binaryCrossEntropy(
        _ target: TensorValue, weights: TensorValue? = nil, smoothing: Double = 0, reduction: LossReduction = .mean, name: String? = nil
    ) throws -> TensorValue {
        try loss(.binaryCrossEntropy, [target, weights], reduction, name, smoothing: smoothing)
    }
    public func klDivergence(_ target: TensorValue, reduction: LossReduction = .mean, name: String? = nil) throws -> TensorValue {
        try loss(.klDivergence, [target], reduction, name)
    }
}
