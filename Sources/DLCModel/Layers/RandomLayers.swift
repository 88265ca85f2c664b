import DLCGraph
import DLCOps

/// Random numbers of a tensor's shape.
public struct RandomLayer: Layer {
    public enum Kind: String, Sendable, CaseIterable { case randomNormal, randomUniform }

    public let kind: Kind
    /// Of the normal numbers.
    public var mean = 0.0
    public var deviation = 1.0
    /// Of the even ones.
    public var low = 0.0
    public var high = 1.0

    public init(_ kind: Kind) { self.kind = kind }

    public var definition: LayerDefinition { kind == .randomNormal ? Self.normal : Self.uniform }

    static let normal = LayerDefinition(
        Self(.randomNormal), name: "randomNormal",
        doc:
            "Normally distributed numbers of x's shape and type, drawn anew by every run of a training's step and in its `predict`; elsewhere the mean. x itself plays no part.",
        source: "Box and Muller, 1958; Salmon et al., 2011"
    ) {
        Argument("mean", \.mean, "the mean")
        Argument("deviation", \.deviation, "the standard deviation")
    }

    static let uniform = LayerDefinition(
        Self(.randomUniform), name: "randomUniform",
        doc:
            "Evenly distributed numbers of x's shape and type, drawn anew by every run of a training's step and in its `predict`; elsewhere the middle. x itself plays no part.",
        source: "Salmon et al., 2011"
    ) {
        Argument("low", \.low, "the least")
        Argument("high", \.high, "what all of them are below")
    }

    public func apply(to operands: [TensorValue?], in context: LayerContext) throws -> [TensorValue] {
        let x = try operand(operands, 0)
        guard x.element.isFloat else { throw DLCError("x is \(x.type); expected floating point") }
        let (offset, scale) = kind == .randomNormal ? (mean, deviation) : (low, high - low)
        guard scale >= 0, offset.isFinite else {
            throw DLCError(kind == .randomNormal ? "deviation is \(deviation); expected at least 0" : "low is \(low) and high \(high)")
        }
        guard let drawn = try context.builder.draw(kind == .randomNormal ? .normal : .uniform, x.shape, name: context.path, isAsked: true)
        else {
            let middle = kind == .randomNormal ? mean : (low + high) / 2
            return [try context.add(Fill(shape: x.shape, value: Tensor(filling: middle, type: x.element, shape: [])))]
        }
        let scaled = scale == 1 && offset == 0 ? drawn : try drawn * scale + offset
        return [scaled.element == x.element ? scaled : try context.add(Cast(to: x.element), scaled)]
    }
}

/// Noise on top of a tensor.
public struct GaussianNoiseLayer: Layer {
    public var deviation = 0.1

    public var definition: LayerDefinition { Self.definition }

    public static let definition = LayerDefinition(
        Self(), name: "gaussianNoise", doc: "x as it is; in a training's step normally distributed noise is added.", source: "Bishop, 1995"
    ) {
        Argument("deviation", \.deviation, "the standard deviation", .positional)
    }

    public func apply(to operands: [TensorValue?], in context: LayerContext) throws -> [TensorValue] {
        let x = try operand(operands, 0)
        guard deviation >= 0 else { throw DLCError("deviation is \(deviation); expected at least 0") }
        guard let drawn = try context.builder.draw(.normal, x.shape, name: context.path) else { return [x] }
        let noise = drawn.element == x.element ? drawn : try context.add(Cast(to: x.element), drawn)
        return [try x + noise * deviation]
    }
}

/// A tensor as a constant of differentiation.
public struct StopGradientLayer: Layer {
    public var definition: LayerDefinition { Self.definition }

    public static let definition = LayerDefinition(Self(), name: "stopGradient", doc: "x as it is, through which no gradient goes.")

    public func apply(to operands: [TensorValue?], in context: LayerContext) throws -> [TensorValue] {
        [try context.add(StopGradient(), operand(operands, 0))]
    }
}

extension TensorValue {
    public func randomNormal(mean: Double = 0, deviation: Double = 1, name: String? = nil) throws -> TensorValue {
        var layer = RandomLayer(.randomNormal)
        (layer.mean, layer.deviation) = (mean, deviation)
        return try applying(layer, name: name)
    }
    public func randomUniform(low: Double = 0, high: Double = 1, name: String? = nil) throws -> TensorValue {
        var layer = RandomLayer(.randomUniform)
        (layer.low, layer.high) = (low, high)
        return try applying(layer, name: name)
    }
    public func gaussianNoise(_ deviation: Double = 0.1, name: String? = nil) throws -> TensorValue {
        try applying(GaussianNoiseLayer(deviation: deviation), name: name)
    }
    public func stopGradient(name: String? = nil) throws -> TensorValue { try applying(StopGradientLayer(), name: name) }
    public func spatialDropout(_ rate: Double = 0.5, name: String? = nil) throws -> TensorValue {
        try applying(DropoutLayer(.spatialDropout, rate: rate), name: name)
    }
    public func stochasticDepth(_ rate: Double = 0.5, name: String? = nil) throws -> TensorValue {
        try applying(DropoutLayer(.stochasticDepth, rate: rate), name: name)
    }
}
