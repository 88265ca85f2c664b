import DLCGraph

/// Batch normalisation in training (Ioffe and Szegedy, 2015, algorithm 1): `(x - mean) / √(variance + epsilon) · scale + bias`
/// with the mean and the (biased) variance of each channel over all images and positions.
///
/// x `[N, C, spatial…]` (`[N, spatial…, C]` with `channelsLast`), also `[N, C]`; scale, bias and the results mean and
/// variance `[C]`.
public struct BatchNormTraining: Operator {
    public var epsilon = 1e-5
    public var channelsLast = false

    public init(epsilon: Double = 1e-5, channelsLast: Bool = false) {
        self.epsilon = epsilon
        self.channelsLast = channelsLast
    }

    public var definition: OperatorDefinition { Self.definition }

    public static let definition = OperatorDefinition(
        BatchNormTraining(), name: "batch_norm_training", operands: ["x", "scale", "bias"], results: ["y", "mean", "variance"],
        examples: {
            func example(_ name: String, _ op: BatchNormTraining, _ shape: [Int], _ channels: Int, _ type: ElementType = .float32) throws
                -> Example
            {
                Example(
                    name, op,
                    [
                        try .random(seed: 1, type: type, shape: shape), try .random(seed: 2, type: type, shape: [channels]),
                        try .random(seed: 3, type: type, shape: [channels]),
                    ])
            }
            return [
                try example("image", .init(), [2, 3, 4, 5], 3),
                try example("channels last", .init(epsilon: 1e-3, channelsLast: true), [2, 5, 4, 19], 19),
                try example("vectors", .init(epsilon: 0.1), [7, 3], 3),
                try example("1-D f64", .init(), [2, 3, 9], 3, .float64),
                // Far from zero: the variance comes from differences to the mean.
                Example(
                    "mean 1000", BatchNormTraining(),
                    [
                        try Tensor(doubles: (0..<24).map { 1000 + Double($0 * 5 % 7) / 4 }, type: .float32, shape: [3, 2, 4]),
                        try .random(seed: 2, shape: [2]), try .random(seed: 3, shape: [2]),
                    ], isDifferentiable: false),
            ]
        }
    ) {
        Attribute("epsilon", \.epsilon)
        Attribute("channels_last", \.channelsLast)
    }

    public func infer(_ context: inout InferContext) throws -> [Fact] {
        let channels = try Self.channels(&context, channelsLast, vectors: ["scale", "bias"])
        let x = try context.operand(0)
        return [Fact(x.type), Fact(x.element, [channels]), Fact(x.element, [channels])]
    }

    public func evaluate(_ operands: [Tensor?]) throws -> [Tensor] {
        let x = try Oracle.operand(operands, 0)
        let (scale, bias) = (try Oracle.operand(operands, 1).doubles(), try Oracle.operand(operands, 2).doubles())
        let values = try x.doubles()
        let channel = Self.channel(of: x.shape, channelsLast)
        let count = Double(x.count) / Double(max(scale.count, 1))
        var (mean, variance) = (scale.map { _ in 0.0 }, scale.map { _ in 0.0 })
        // Divided at the end: of nothing, 0 / 0.
        for (i, value) in values.enumerated() { mean[channel(i)] += value }
        mean = mean.map { $0 / count }
        for (i, value) in values.enumerated() { variance[channel(i)] += (value - mean[channel(i)]) * (value - mean[channel(i)]) }
        variance = variance.map { $0 / count }
        let y = values.enumerated().map { i, value -> Double in
            let c = channel(i)
            return (value - mean[c]) / (variance[c] + epsilon).squareRoot() * scale[c] + bias[c]
        }
        return [try Tensor(doubles: y, type: x.type, shape: x.shape)]
            + (try [mean, variance].map { try Tensor(doubles: $0, type: x.type, shape: [scale.count]) })
    }

    /// Checks x and the vectors behind it, one element per channel.
    /// - Returns: the number of channels.
    static func channels(_ context: inout InferContext, _ channelsLast: Bool, vectors: [String]) throws -> Dim {
        try context.expect(0, "x", ElementType.floats)
        let x = try context.operand(0)
        guard x.rank >= 2 else { throw DLCError("x is \(x.type); expected [N, C, …]") }
        let channels = x.shape[channelsLast ? x.rank - 1 : 1]
        for (index, name) in vectors.enumerated() {
            let vector = try context.operand(index + 1)
            let reason = "\(name) is \(vector.type); expected \(TensorType(x.element, [channels])) for x \(x.type)"
            guard vector.element == x.element else { throw DLCError(reason) }
            try context.require(vector.shape, equals: [channels], reason)
        }
        return channels
    }

    /// The channel of an element of a tensor.
    static func channel(of shape: [Int], _ channelsLast: Bool) -> (Int) -> Int {
        let axis = channelsLast ? shape.count - 1 : 1
        let (inner, channels) = (shape[(axis + 1)...].reduce(1, *), shape[axis])
        return { $0 / inner % channels }
    }
}
