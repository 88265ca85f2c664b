import DLCGraph

/// The gradient of `BatchNormTraining`'s y, through mean and variance too (Ioffe and Szegedy, 2015, section 3).
///
/// With `n = (x - mean) / √(variance + epsilon)` and M elements per channel, `dbias = Σ dy`, `dscale = Σ dy · n` and
/// `dx = scale / √(variance + epsilon) · (dy - dbias / M - n · dscale / M)`. x and dy `[N, C, spatial…]` (`[N, spatial…, C]`
/// with `channelsLast`), also `[N, C]`; the others `[C]`.
public struct BatchNormGradient: Operator {
    public var epsilon = 1e-5
    public var channelsLast = false

    public init(epsilon: Double = 1e-5, channelsLast: Bool = false) {
        self.epsilon = epsilon
        self.channelsLast = channelsLast
    }

    public var definition: OperatorDefinition { Self.definition }

    public static let definition = OperatorDefinition(
        BatchNormGradient(), name: "batch_norm_gradient", operands: ["x", "scale", "mean", "variance", "dy"],
        results: ["dx", "dscale", "dbias"],
        examples: {
            func example(_ name: String, _ op: BatchNormGradient, _ shape: [Int], _ channels: Int, _ type: ElementType = .float32) throws
                -> Example
            {
                let x = try Tensor.random(seed: 1, type: type, shape: shape)
                let scale = try Tensor.random(seed: 2, type: type, shape: [channels])
                let forward = try BatchNormTraining(epsilon: op.epsilon, channelsLast: op.channelsLast).evaluate([x, scale, scale])
                return Example(name, op, [x, scale, forward[1], forward[2], try .random(seed: 3, type: type, shape: shape)])
            }
            return [
                try example("image", .init(), [2, 3, 4, 5], 3),
                try example("channels last", .init(epsilon: 1e-3, channelsLast: true), [2, 5, 4, 19], 19),
                try example("vectors", .init(epsilon: 0.1), [7, 3], 3),
                try example("1-D f64", .init(), [2, 3, 9], 3, .float64),
            ]
        }
    ) {
        Attribute("epsilon", \.epsilon)
        Attribute("channels_last", \.channelsLast)
    }

    public func infer(_ context: inout InferContext) throws -> [Fact] {
        let channels = try BatchNormTraining.channels(&context, channelsLast, vectors: ["scale", "mean", "variance"])
        let (x, dy) = (try context.operand(0), try context.operand(4))
        let reason = "dy is \(dy.type); expected \(x.type) as x is"
        guard dy.element == x.element else { throw DLCError(reason) }
        try context.require(dy.shape, equals: x.shape, reason)
        return [Fact(x.type), Fact(x.element, [channels]), Fact(x.element, [channels])]
    }

    public func evaluate(_ operands: [Tensor?]) throws -> [Tensor] {
        let x = try Oracle.operand(operands, 0)
        let (scale, mean, variance) = (
            try Oracle.operand(operands, 1).doubles(), try Oracle.operand(operands, 2).doubles(), try Oracle.operand(operands, 3).doubles()
        )
        let (values, dy) = (try x.doubles(), try Oracle.operand(operands, 4).doubles())
        let channel = BatchNormTraining.channel(of: x.shape, channelsLast)
        let count = Double(x.count) / Double(max(scale.count, 1))
        let factor = variance.map { 1 / ($0 + epsilon).squareRoot() }
        let centred = values.enumerated().map { $1 - mean[channel($0)] }
        var (dscale, dbias) = (scale.map { _ in 0.0 }, scale.map { _ in 0.0 })
        for (i, adjoint) in dy.enumerated() {
            dscale[channel(i)] += adjoint * centred[i]
            dbias[channel(i)] += adjoint
        }
        dscale = zip(dscale, factor).map { $0 * $1 }
        let dx = dy.enumerated().map { i, adjoint -> Double in
            let c = channel(i)
            return scale[c] * factor[c] * (adjoint - dbias[c] / count - centred[i] * factor[c] * dscale[c] / count)
        }
        return [try Tensor(doubles: dx, type: x.type, shape: x.shape)]
            + (try [dscale, dbias].map { try Tensor(doubles: $0, type: x.type, shape: [scale.count]) })
    }
}
