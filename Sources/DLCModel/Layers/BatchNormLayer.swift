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
        let results = try context.all(BatchNormTraining(epsilon: epsilon), [x, scale, offset])
        // Without bias: n / (n - 1) of the variance.
        let count = try context.count(of: x, axes: [0] + Array(2..<x.rank))
        let one = try x.builder.scalar(1, like: x)
        let unbiased = try results[2] * (count / context.add(Binary(.max), count - one, one))
        try context.builder.move(name, toward: results[1], momentum: momentum)
        try context.builder.move(ModelBuilder.join(context.path, "running_var"), toward: unbiased, momentum: momentum)
        return [results[0]]
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
