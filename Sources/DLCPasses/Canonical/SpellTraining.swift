import DLCGraph
import DLCOps

/// Spells batch norm in training, and its gradient, in sums over images and elementwise operators, which regions then gather
/// with what stands around them.
///
///     %y, %mean, %variance = batch_norm_training(%x, %scale, %bias)   →
///         %mean = sum(%x) / count, %variance = sum((%x - %mean)²) / count
///         %y = %x · (%scale / √(%variance + epsilon)) + (%bias - %mean · %scale / √(%variance + epsilon))
public let spellTraining = Pass("spell-training", at: .canonical) { rewriter, node in
    var builder = GradientBuilder(rewriter.builder)
    builder.name = node.name
    let results: [Value]
    switch node.op {
    case let op as BatchNormTraining: results = try builder.batchNormTraining(op, node.operands.compactMap { $0 })
    case let op as BatchNormGradient: results = try builder.batchNormGradient(op, node.operands.compactMap { $0 })
    default: return nil
    }
    rewriter.builder = builder.builder
    return results
}

extension GradientBuilder {
    /// The results of batch norm over x, scale and bias: y, the mean and the variance of each channel.
    fileprivate mutating func batchNormTraining(_ op: BatchNormTraining, _ operands: [Value]) throws -> [Value] {
        let (x, shape, vector) = (operands[0], shape(operands[0]), shape(operands[1]))
        let channel = op.channelsLast ? shape.count - 1 : 1
        let axes = shape.indices.filter { $0 != channel }
        let count = try count(of: shape, axes: axes, like: x)
        let mean = try over(sum(x, axes: axes), count)
        let variance = try over(sum(squared(minus(x, mean)), axes: axes), count)
        let factor = try times(along(channel, operands[1], rank: shape.count), inverseRoot(variance, epsilon: op.epsilon))
        let y = try plus(times(minus(x, mean), factor), along(channel, operands[2], rank: shape.count))
        return [y, try reshape(mean, to: vector), try reshape(variance, to: vector)]
    }
}
