import DLCGraph
import DLCOps

extension GradientRules {
    /// Pooling, interpolation and recurrent layers.
    static let layers: [GradientRule] = [
        GradientRule(Pool.self, { gradient, op, node, adjoints in
            guard let x = node.operands[0], let y = node.results.first, let adjoint = adjoints[0] else { return [] }
            switch op.kind {
            case .max: return [try gradient.add(MaxPoolGradient(like: op), x, adjoint)]
            case .average:
                let extents = spatial(gradient.shape(x), op.channelsLast)
                return [try gradient.add(AveragePoolGradient(like: op, extents: extents), adjoint)]
            case .lp: return [try normPool(&gradient, op, x, y, adjoint)]
            }
        }),
        GradientRule(MaxPoolGradient.self, single: { gradient, op, node, adjoint in
            [nil, try gradient.add(op.select, node.operands[0], adjoint)]
        }),
        GradientRule(MaxPoolSelect.self, single: { gradient, op, node, adjoint in
            [nil, try gradient.add(op.gradient, node.operands[0], adjoint)]
        }),
        GradientRule(AveragePoolGradient.self, single: { gradient, op, _, adjoint in [try gradient.add(op.pool, adjoint)] }),
        GradientRule(Resize.self, single: { gradient, op, node, adjoint in
            guard let x = node.operands[0] else { return [] }
            return [try gradient.add(ResizeGradient(of: op, extents: gradient.shape(x)), adjoint)]
        }),
        GradientRule(ResizeGradient.self, single: { gradient, op, _, adjoint in
            var resize = op.resize
            resize.extrapolation = 0
            return [try gradient.add(resize, adjoint)]
        }),
        // Every tap of every window reads one place: a convolution whose weights are a diagonal.
        GradientRule(ColumnsToImage.self, single: { gradient, op, node, adjoint in
            guard let x = node.operands[0] else { return [] }
            let (taps, shape, type) = (try Checked.count(op.kernel), gradient.shape(adjoint), gradient.type(x).element)
            guard taps <= 1 << 13 else { throw DLCError("a kernel of \(taps) is too large") }
            let diagonal = (0..<taps).flatMap { row in (0..<taps).map { Double(row == $0 ? 1 : 0) } }
            let weights = gradient.builder.constant(try Tensor(doubles: diagonal, type: type, shape: [taps, 1] + op.kernel))
            let images = try gradient.reshape(adjoint, to: [shape[0].times(shape[1]), 1] + shape[2...])
            let conv = Conv(strides: op.strides, dilations: op.dilations, pads: op.pads)
            return [try gradient.reshape(gradient.add(conv, images, weights), to: gradient.shape(x))]
        }),
        GradientRule(Recurrent.self, { gradient, op, node, adjoints in
            let backward = RecurrentGradient(of: op)
            let absent = [Value?](repeating: nil, count: backward.forwardCount - node.operands.count)
            let operands = node.operands + absent + [node.results.first] + adjoints
            let results = try gradient.builder.add(backward, operands, name: gradient.name)
            // The lengths, operand 4, stand between the bias and the states.
            let all = Array(results.prefix(4)) + [nil] + Array(results.dropFirst(4))
            return zip(node.operands, all).map { $0 == nil ? nil : $1 }
        }),
        .none(RecurrentGradient.self, because: "second derivatives of recurrent layers are not available"),
    ]

    private static func spatial(_ shape: Shape, _ channelsLast: Bool) -> [Dim] {
        Array(channelsLast ? shape[1..<(shape.count - 1)] : shape[2...])
    }

    /// dx = |x|^(p−1) · sign x · Σ dy · y^(1−p) over the windows around x, the sum as a transposed convolution with ones.
    /// Where y is 0, as only a window of zeros is, the gradient is 0.
    private static func normPool(
        _ gradient: inout GradientBuilder, _ op: Pool, _ x: Value, _ y: Value, _ adjoint: Value
    ) throws -> Value {
        let rank = gradient.shape(x).count
        var weight = adjoint
        if op.p > 1 {
            let isZero = try gradient.isZero(y)
            let safe = try gradient.replaced(y, where: isZero, by: 1)
            let power = try gradient.add(Binary(.pow), safe, gradient.scalar(Double(1 - op.p), like: y))
            weight = try gradient.masked(gradient.times(adjoint, power), where: gradient.unary(.not, isZero))
        }
        if op.channelsLast { weight = try gradient.transpose(weight, ChannelOrder.toFirst(rank)) }
        let result = gradient.shape(weight)
        let extents = spatial(gradient.shape(x), op.channelsLast)
        let planes = try result[0].times(result[1])
        var pads = op.pads
        for (axis, extent) in extents.enumerated() {
            let reach = (op.kernel[axis] - 1) * op.dilations[axis] + 1
            let full = try result[axis + 2].minus(1).times(Dim(op.strides[axis])).plus(Dim(reach))
            pads[axis + extents.count] = try full.minus(pads[axis]).minus(extent)
        }
        let ones = gradient.builder.constant(try Tensor(filling: 1, type: gradient.type(x).element, shape: [1, 1] + op.kernel))
        let spread = try gradient.add(
            ConvTranspose(strides: op.strides, dilations: op.dilations, pads: pads),
            gradient.reshape(weight, to: [planes, 1] + result.dropFirst(2)), ones)
        var sum = try gradient.reshape(spread, to: Shape(result.prefix(2)) + extents)
        if op.channelsLast { sum = try gradient.transpose(sum, ChannelOrder.toLast(rank)) }
        switch op.p {
        case 1: return try gradient.times(sum, gradient.unary(.sign, x))
        case 2: return try gradient.times(sum, x)
        default:
            let size = try gradient.add(Binary(.pow), gradient.unary(.abs, x), gradient.scalar(Double(op.p - 1), like: x))
            return try gradient.times(sum, gradient.times(size, gradient.unary(.sign, x)))
        }
    }
}
