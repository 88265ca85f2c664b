import DLCGraph
import DLCOps

extension GradientRules {
    static let normalization: [GradientRule] = [
        .spelled(BatchNormalization.self, batchNormalized),
        GradientRule(BatchNormTraining.self, batchNormTraining),
        .spelled(BatchNormGradient.self) { try $0.batchNormGradient($1, $2.compactMap { $0 }) },
        GradientRule(LayerNormalization.self, layerNorm),
        GradientRule(GroupNormalization.self, single: groupNorm),
        GradientRule(RMSNormalization.self, single: rmsNorm),
        .spelled(LpNormalization.self) { gradient, op, operands in
            guard let x = operands[0] else { return [] }
            let norm = try gradient.add(Reduce(op.p == 1 ? .l1 : .l2, axes: [op.axis]), x)
            let isZero = try gradient.isZero(norm)
            let quotient = try gradient.over(x, gradient.replaced(norm, where: isZero, by: 1))
            return [try gradient.replaced(quotient, where: isZero, by: 0)]
        },
        .spelled(LRN.self, locallyNormalized),
    ]

    /// x - mean over axes, its inverse deviation, and their product.
    private static func standardized(
        _ gradient: inout GradientBuilder, _ x: Value, axes: [Int], epsilon: Double
    ) throws -> (mean: Value, inverse: Value, normal: Value) {
        let mean = try gradient.mean(x, axes: axes)
        let centred = try gradient.minus(x, mean)
        let inverse = try gradient.inverseRoot(gradient.mean(gradient.squared(centred), axes: axes), epsilon: epsilon)
        return (mean, inverse, try gradient.times(centred, inverse))
    }

    @Sendable private static func batchNormalized(
        _ gradient: inout GradientBuilder, _ op: BatchNormalization, _ operands: [Value?]
    ) throws -> [Value?] {
        guard let x = operands[0] else { return [] }
        let (type, rank) = (gradient.type(x).element, gradient.shape(x).count)
        let vectors = try operands.dropFirst().compactMap { $0 }.map { vector in
            try gradient.along(min(1, rank - 1), gradient.cast(vector, to: type), rank: rank)
        }
        guard vectors.count == 4 else { return [] }
        let normal = try gradient.times(gradient.minus(x, vectors[2]), gradient.inverseRoot(vectors[3], epsilon: op.epsilon))
        return [try gradient.plus(gradient.times(normal, vectors[0]), vectors[1])]
    }

    @Sendable private static func batchNormTraining(
        _ gradient: inout GradientBuilder, _ op: BatchNormTraining, _ node: Node, _ adjoints: [Value?]
    ) throws -> [Value?] {
        guard let x = node.operands[0], let scale = node.operands[1] else { return [] }
        let (mean, variance) = (node.results[1], node.results[2])
        var results: [Value?] = [nil, nil, nil]
        if let adjoint = adjoints[0] {
            results = try gradient.results(
                BatchNormGradient(epsilon: op.epsilon, channelsLast: op.channelsLast), x, scale, mean, variance, adjoint)
        }
        guard adjoints[1] != nil || adjoints[2] != nil else { return results }
        let shape = gradient.shape(x)
        let channel = op.channelsLast ? shape.count - 1 : 1
        let count = try gradient.count(of: shape, axes: shape.indices.filter { $0 != channel }, like: x)
        var parts: [Value] = []
        if let adjoint = adjoints[1] {
            parts.append(try gradient.expand(gradient.along(channel, gradient.over(adjoint, count), rank: shape.count), to: shape))
        }
        if let adjoint = adjoints[2] {
            let factor = try gradient.along(channel, gradient.over(gradient.times(adjoint, 2), count), rank: shape.count)
            parts.append(try gradient.times(gradient.minus(x, gradient.along(channel, mean, rank: shape.count)), factor))
        }
        var sum = results[0]
        for part in parts { sum = try sum.map { try gradient.plus($0, part) } ?? part }
        results[0] = sum
        return results
    }

    /// With n = (x - mean) · inverse and g = dy · scale, dx = inverse · (g - mean(g) - n · mean(g · n)). Gradients that arrive
    /// at the statistics go through their definition.
    @Sendable private static func layerNorm(
        _ gradient: inout GradientBuilder, _ op: LayerNormalization, _ node: Node, _ adjoints: [Value?]
    ) throws -> [Value?] {
        guard let x = node.operands[0], let scale = node.operands[1] else { return [] }
        let (shape, type) = (gradient.shape(x), gradient.type(x).element)
        let axes = Array(try InferenceRules.axis(op.axis, rank: shape.count)..<shape.count)
        let bias = node.operands.count > 2 ? node.operands[2] : nil
        guard adjoints[1] == nil, adjoints[2] == nil, let adjoint = adjoints[0], type == .float32 else {
            return try gradient.backpropagated(to: node.operands, adjoints) { gradient in
                let (mean, inverse, normal) = try standardized(&gradient, x, axes: axes, epsilon: op.epsilon)
                var y = try gradient.times(normal, gradient.cast(scale, to: type))
                if let bias { y = try gradient.plus(y, gradient.cast(bias, to: type)) }
                return [y, try gradient.cast(mean, to: .float32), try gradient.cast(inverse, to: .float32)]
            }
        }
        let inverse = node.results[2]
        let normal = try gradient.times(gradient.minus(x, node.results[1]), inverse)
        let scaled = try gradient.times(adjoint, gradient.cast(scale, to: type))
        return [
            try centred(&gradient, scaled, normal, inverse, axes: axes), try gradient.handed(gradient.times(adjoint, normal), to: scale),
            try bias.map { try gradient.handed(adjoint, to: $0) },
        ]
    }

    /// The gradient of layer norm over the rows of every group.
    @Sendable private static func groupNorm(
        _ gradient: inout GradientBuilder, _ op: GroupNormalization, _ node: Node, _ adjoint: Value
    ) throws -> [Value?] {
        guard var x = node.operands[0], let scale = node.operands[1] else { return [] }
        let rank = gradient.shape(x).count
        let isLast = op.channelsLast && rank > 2
        var adjoint = adjoint
        if isLast {
            x = try gradient.transpose(x, ChannelOrder.toFirst(rank))
            adjoint = try gradient.transpose(adjoint, ChannelOrder.toFirst(rank))
        }
        let shape = gradient.shape(x)
        let groups = Dim(op.groups)
        let rows: Shape = [shape[0], groups, try Shape(shape[2...]).product().times(shape[1].quotient(groups))]
        let (_, inverse, normal) = try standardized(&gradient, gradient.reshape(x, to: rows), axes: [2], epsilon: op.epsilon)
        let scaled = try gradient.reshape(gradient.times(adjoint, gradient.along(1, scale, rank: rank)), to: rows)
        let dx = try gradient.reshape(centred(&gradient, scaled, normal, inverse, axes: [2]), to: shape)
        let dscale = try gradient.channelSum(gradient.times(adjoint, gradient.reshape(normal, to: shape)), channel: 1)
        return [isLast ? try gradient.transpose(dx, ChannelOrder.toLast(rank)) : dx, dscale, try gradient.channelSum(adjoint, channel: 1)]
    }

    /// `inverse · (g - mean(g) - n · mean(g · n))` of a gradient g and the standardised operand n.
    private static func centred(
        _ gradient: inout GradientBuilder, _ scaled: Value, _ normal: Value, _ inverse: Value, axes: [Int]
    ) throws -> Value {
        let slope = try gradient.mean(gradient.times(scaled, normal), axes: axes)
        let centred = try gradient.minus(gradient.minus(scaled, gradient.mean(scaled, axes: axes)), gradient.times(normal, slope))
        return try gradient.times(centred, inverse)
    }

    /// With r = 1 / √(mean(x²) + epsilon), n = x · r and g = dy · scale, dx = r · (g - n · mean(g · n)).
    @Sendable private static func rmsNorm(
        _ gradient: inout GradientBuilder, _ op: RMSNormalization, _ node: Node, _ adjoint: Value
    ) throws -> [Value?] {
        guard let x = node.operands[0], let scale = node.operands[1] else { return [] }
        let (shape, type) = (gradient.shape(x), gradient.type(x).element)
        let axes = Array(try InferenceRules.axis(op.axis, rank: shape.count)..<shape.count)
        let inverse = try gradient.inverseRoot(gradient.mean(gradient.squared(x), axes: axes), epsilon: op.epsilon)
        let normal = try gradient.times(x, inverse)
        let adjoint = try gradient.cast(adjoint, to: type)
        let scaled = try gradient.times(adjoint, gradient.cast(scale, to: type))
        let slope = try gradient.mean(gradient.times(scaled, normal), axes: axes)
        return [
            try gradient.times(inverse, gradient.minus(scaled, gradient.times(normal, slope))),
            try gradient.handed(gradient.times(adjoint, normal), to: scale),
        ]
    }

    /// The mean of squares over a window of channels is an average pooling that counts padding.
    @Sendable private static func locallyNormalized(
        _ gradient: inout GradientBuilder, _ op: LRN, _ operands: [Value?]
    ) throws -> [Value?] {
        guard let x = operands[0] else { return [] }
        let shape = gradient.shape(x)
        let axis = op.channelsLast ? shape.count - 1 : 1
        let (outer, inner) = (try Shape(shape[..<axis]).product(), try Shape(shape[(axis + 1)...]).product())
        var pool = Pool(.average, kernel: [op.size, 1], pads: [Dim((op.size - 1) / 2), 0, Dim(op.size / 2), 0])
        pool.countIncludePad = true
        let squares = try gradient.reshape(gradient.squared(x), to: [outer, 1, shape[axis], inner])
        let mean = try gradient.reshape(gradient.add(pool, squares), to: shape)
        let base = try gradient.plus(gradient.times(mean, op.alpha), op.bias)
        return [try gradient.times(x, gradient.add(Binary(.pow), base, gradient.scalar(-op.beta, like: base)))]
    }
}

extension GradientBuilder {
    /// The gradients with respect to x, scale and bias of batch norm over x, scale, mean, variance and the gradient of y.
    mutating func batchNormGradient(_ op: BatchNormGradient, _ values: [Value]) throws -> [Value] {
        guard values.count == 5 else { throw DLCError("expects 5 operands, found \(values.count)") }
        let (x, adjoint, shape, vector) = (values[0], values[4], shape(values[0]), shape(values[1]))
        let channel = op.channelsLast ? shape.count - 1 : 1
        let axes = shape.indices.filter { $0 != channel }
        let (scale, mean) = (try along(channel, values[1], rank: shape.count), try along(channel, values[2], rank: shape.count))
        let inverse = try inverseRoot(along(channel, values[3], rank: shape.count), epsilon: op.epsilon)
        let centred = try minus(x, mean)
        let count = try count(of: shape, axes: axes, like: x)
        // The sum of dy · (x - mean) · inverse, with the factor taken out.
        let (dscale, dbias) = (try times(sum(times(adjoint, centred), axes: axes), inverse), try sum(adjoint, axes: axes))
        let slope = try times(over(dscale, count), inverse)
        let dx = try times(minus(minus(adjoint, over(dbias, count)), times(centred, slope)), times(scale, inverse))
        return [dx, try reshape(dscale, to: vector), try reshape(dbias, to: vector)]
    }
}
