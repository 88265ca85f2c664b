import DLCGraph
import DLCOps

/// Batch normalisation: with running statistics at inference, with the batch's in a training's step, which move the others.
public struct BatchNormLayer: Layer {
    public var epsilon = 1e-5
    public var momentum = 0.1
    public var affine = true

    public var definition: LayerDefinition { Self.definition }

    public static let definition = LayerDefinition(
        Self(), name: "batchNorm",
        doc: "`(x - running_mean) / √(running_var + epsilon) · weight + bias` per channel of x `[N, C, …]`. In a training's step mean and "
            + "variance are the batch's, and the running ones move toward them, the variance without bias.",
        source: "Ioffe and Szegedy, 2015", parameters: ["[weight]", "[bias]", "running_mean", "running_var"]
    ) {
        Argument("epsilon", \.epsilon, "added to the variance")
        Argument("momentum", \.momentum, "how far a batch moves the running statistics")
        Argument("affine", \.affine, "whether there are a weight and a bias")
    }

    public func apply(to operands: [TensorValue?], in context: LayerContext) throws -> [TensorValue] {
        let x = try operand(operands, 0)
        guard 0...1 ~= momentum else { throw DLCError("momentum is \(momentum); expected 0 to 1") }
        let channels = try x.extent(1)
        let scale = affine ? try context.parameter("weight", [channels], .ones, type: x.element) : try x.filled(1, [channels])
        let offset = affine ? try context.parameter("bias", [channels], .zeros, type: x.element) : try x.filled(0, [channels])
        let mean = try context.parameter("running_mean", [channels], .zeros, type: x.element, role: .buffer)
        let variance = try context.parameter("running_var", [channels], .ones, type: x.element, role: .buffer)
        let name = ModelBuilder.join(context.path, "running_mean")
        guard context.builder.movesStatistics(name) else {
            return [try context.add(BatchNormalization(epsilon: epsilon), x, scale, offset, mean, variance)]
        }
        let (y, batchMean, batchVariance) = try normalised(x, scale, offset, context)
        // Without bias: n / (n - 1) of the variance.
        let count = try context.count(of: x, axes: [0] + Array(2..<x.rank))
        let one = try x.builder.scalar(1, like: x)
        let unbiased = try batchVariance * (count / context.add(Binary(.max), count - one, one))
        try context.builder.move(name, toward: batchMean, momentum: momentum)
        try context.builder.move(ModelBuilder.join(context.path, "running_var"), toward: unbiased, momentum: momentum)
        return [y]
    }

    /// With mean and biased variance of the batch.
    private func normalised(
        _ x: TensorValue, _ scale: TensorValue, _ offset: TensorValue, _ context: LayerContext
    ) throws -> (TensorValue, TensorValue, TensorValue) {
        let axes = [0] + Array(2..<x.rank)
        let column = Shape([x.shape[1]] + [Dim](repeating: 1, count: x.rank - 2))
        func spread(_ vector: TensorValue) throws -> TensorValue { x.rank == 2 ? vector : try context.add(Reshape(shape: column), vector) }
        let mean = try context.add(Reduce(.mean, axes: axes, keepDims: false), x)
        let centred = try context.add(Binary(.sub), x, spread(mean))
        let variance = try context.add(Reduce(.mean, axes: axes, keepDims: false), context.add(Binary(.mul), centred, centred))
        let deviation = try context.add(Unary(.sqrt), context.add(Binary(.add), variance, x.builder.scalar(epsilon, like: x)))
        let unit = try context.add(Binary(.div), centred, spread(deviation))
        return (try context.add(Binary(.add), context.add(Binary(.mul), unit, spread(scale)), spread(offset)), mean, variance)
    }
}

extension LayerContext {
    /// How many elements of x lie along axes, as a scalar of its element type.
    func count(of x: TensorValue, axes: [Int]) throws -> TensorValue {
        let count = try Shape(axes.map { x.shape[$0] }).product()
        if let number = count.constant { return try x.builder.scalar(Double(number), like: x) }
        return try add(Cast(to: x.element), add(DLCGraph.Extents(values: [count], shape: [], type: .int64)))
    }
}
