import DLCGraph
import DLCOps

/// Layer normalisation over the last dimensions.
public struct LayerNormLayer: Layer {
    public var dimensions = 1
    public var epsilon = 1e-5
    public var affine = true
    public var bias = true

    public var definition: LayerDefinition { Self.definition }

    public static let definition = LayerDefinition(
        Self(), name: "layerNorm", doc: "Mean 0 and variance 1 over the last dimensions, then weight and bias of their shape.",
        source: "Ba et al., 2016", parameters: ["[weight]", "[bias]"]
    ) {
        Argument("dimensions", \.dimensions, "how many last dimensions are normalised")
        Argument("epsilon", \.epsilon, "added to the variance")
        Argument("affine", \.affine, "whether there are a weight and a bias")
        Argument("bias", \.bias, "whether there is a bias beside the weight")
    }

    public func apply(to operands: [TensorValue?], in context: LayerContext) throws -> [TensorValue] {
        let x = try operand(operands, 0)
        let shape = try lastExtents(x, dimensions)
        let scale = affine ? try context.parameter("weight", shape, .ones, type: x.element) : try x.filled(1, shape)
        let offset = affine && bias ? try context.parameter("bias", shape, .zeros, type: x.element) : nil
        return [try context.all(LayerNormalization(axis: x.rank - dimensions, epsilon: epsilon), [x, scale, offset])[0]]
    }
}

/// Division by the root mean square over the last dimensions.
public struct RMSNormLayer: Layer {
    public var dimensions = 1
    public var epsilon = 1e-6

    public var definition: LayerDefinition { Self.definition }

    public static let definition = LayerDefinition(
        Self(), name: "rmsNorm", doc: "Division by the root mean square over the last dimensions, then a weight of their shape.",
        source: "Zhang and Sennrich, 2019", parameters: ["weight"]
    ) {
        Argument("dimensions", \.dimensions, "how many last dimensions are normalised")
        Argument("epsilon", \.epsilon, "added to the mean square")
    }

    public func apply(to operands: [TensorValue?], in context: LayerContext) throws -> [TensorValue] {
        let x = try operand(operands, 0)
        let shape = try lastExtents(x, dimensions)
        let scale = try context.parameter("weight", shape, .ones, type: x.element)
        return [try context.add(RMSNormalization(axis: x.rank - dimensions, epsilon: epsilon), x, scale)]
    }
}

/// Normalisation over space and groups of channels.
public struct GroupNormLayer: Layer {
    /// Nil for a group per channel.
    public var groups: Int?
    public var epsilon = 1e-5
    public var affine = true

    public var definition: LayerDefinition { groups == nil ? Self.instance : Self.group }

    static let group = LayerDefinition(
        Self(groups: 1), name: "groupNorm",
        doc: "Mean 0 and variance 1 over space and groups of adjacent channels of x `[N, C, …]`, then a weight and a bias per channel.",
        source: "Wu and He, 2018", parameters: ["[weight]", "[bias]"]
    ) {
        Argument("groups", \.groups, "how many groups the channels form", .required)
        Argument("epsilon", \.epsilon, "added to the variance")
        Argument("affine", \.affine, "whether there are a weight and a bias")
    }

    static let instance = LayerDefinition(
        Self(affine: false), name: "instanceNorm", doc: "Mean 0 and variance 1 over the space of every channel of x `[N, C, …]`.",
        source: "Ulyanov et al., 2016", parameters: ["[weight]", "[bias]"]
    ) {
        Argument("epsilon", \.epsilon, "added to the variance")
        Argument("affine", \.affine, "whether there are a weight and a bias per channel")
    }

    public func apply(to operands: [TensorValue?], in context: LayerContext) throws -> [TensorValue] {
        let x = try operand(operands, 0)
        let channels = try x.extent(1)
        let count = groups ?? channels
        guard count >= 1, channels % count == 0 else {
            throw DLCError("\(count) groups do not divide the \(channels) channels of \(x.type)")
        }
        let scale = affine ? try context.parameter("weight", [channels], .ones, type: x.element) : try x.filled(1, [channels])
        let offset = affine ? try context.parameter("bias", [channels], .zeros, type: x.element) : try x.filled(0, [channels])
        return [try context.add(GroupNormalization(groups: count, epsilon: epsilon), x, scale, offset)]
    }
}

/// Local response normalisation.
public struct LocalResponseNormLayer: Layer {
    public var size = 5
    public var alpha = 1e-4
    public var beta = 0.75
    public var k = 1.0

    public var definition: LayerDefinition { Self.definition }

    public static let definition = LayerDefinition(
        Self(), name: "localResponseNorm",
        doc: "`x / (k + alpha / size · Σ x²)^beta` over `size` neighbouring channels of x `[N, C, …]`.",
        source: "Krizhevsky et al., 2012, section 3.3"
    ) {
        Argument("size", \.size, "how many channels are summed", .positional)
        Argument("alpha", \.alpha, "the factor of the sum")
        Argument("beta", \.beta, "the exponent")
        Argument("k", \.k, "added to the sum")
    }

    public func apply(to operands: [TensorValue?], in context: LayerContext) throws -> [TensorValue] {
        try positive(size, "size")
        var op = LRN(size: size)
        (op.alpha, op.beta, op.bias) = (alpha, beta, k)
        return [try context.add(op, try operand(operands, 0))]
    }
}

/// Division by the length of vectors.
public struct L2NormalizeLayer: Layer {
    public var axis = 1
    public var epsilon = 1e-12

    public var definition: LayerDefinition { Self.definition }

    public static let definition = LayerDefinition(
        Self(), name: "l2Normalize", doc: "Vectors along a dimension divided by their length: `x / max(√(Σ x²), epsilon)`."
    ) {
        Argument("axis", \.axis, "the dimension of the vectors")
        Argument("epsilon", \.epsilon, "the least length")
    }

    public func apply(to operands: [TensorValue?], in context: LayerContext) throws -> [TensorValue] {
        let x = try operand(operands, 0)
        let length = try context.add(Reduce(.l2, axes: [InferenceRules.axis(axis, rank: x.rank)]), x)
        return [try context.add(Binary(.div), x, context.add(Clip(min: epsilon), length))]
    }
}

extension Layer {
    func lastExtents(_ x: TensorValue, _ dimensions: Int) throws -> [Int] {
        guard dimensions >= 1, dimensions <= x.rank else {
            throw DLCError("dimensions is \(dimensions); expected 1 to \(x.rank) for \(x.type)")
        }
        return try (x.rank - dimensions..<x.rank).map { try x.extent($0) }
    }
}

extension TensorValue {
    /// A constant of one number in this tensor's element type.
    func filled(_ number: Double, _ shape: [Int]) throws -> TensorValue {
        builder.constant(try Tensor(filling: number, type: element, shape: shape))
    }

    public func batchNorm(epsilon: Double = 1e-5, momentum: Double = 0.1, affine: Bool = true, name: String? = nil) throws -> TensorValue {
        try applying(BatchNormLayer(epsilon: epsilon, momentum: momentum, affine: affine), name: name)
    }

    public func layerNorm(
        dimensions: Int = 1, epsilon: Double = 1e-5, affine: Bool = true, bias: Bool = true, name: String? = nil
    ) throws -> TensorValue {
        try applying(LayerNormLayer(dimensions: dimensions, epsilon: epsilon, affine: affine, bias: bias), name: name)
    }

    public func rmsNorm(dimensions: Int = 1, epsilon: Double = 1e-6, name: String? = nil) throws -> TensorValue {
        try applying(RMSNormLayer(dimensions: dimensions, epsilon: epsilon), name: name)
    }

    public func groupNorm(_ groups: Int, epsilon: Double = 1e-5, affine: Bool = true, name: String? = nil) throws -> TensorValue {
        try applying(GroupNormLayer(groups: groups, epsilon: epsilon, affine: affine), name: name)
    }

    public func instanceNorm(epsilon: Double = 1e-5, affine: Bool = false, name: String? = nil) throws -> TensorValue {
        try applying(GroupNormLayer(epsilon: epsilon, affine: affine), name: name)
    }

    public func l2Normalize(axis: Int = 1, epsilon: Double = 1e-12, name: String? = nil) throws -> TensorValue {
        try applying(L2NormalizeLayer(axis: axis, epsilon: epsilon), name: name)
    }

    public func localResponseNorm(
        _ size: Int = 5, alpha: Double = 1e-4, beta: Double = 0.75, k: Double = 1, name: String? = nil
    ) throws -> TensorValue {
        try applying(LocalResponseNormLayer(size: size, alpha: alpha, beta: beta, k: k), name: name)
    }
}
