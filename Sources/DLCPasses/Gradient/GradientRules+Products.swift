import DLCGraph
import DLCOps

extension GradientRules {
    static let products: [GradientRule] = [
        GradientRule(MatMul.self, single: matmul),
        GradientRule(Gemm.self, single: gemm),
        GradientRule(Conv.self, single: { gradient, op, node, adjoint in
            guard let x = node.operands[0], let w = node.operands[1] else { return [] }
            return try convolved(&gradient, Geometry(op), x, w, adjoint) + [channelSum(&gradient, op.channelsLast, node, adjoint)]
        }),
        GradientRule(ConvTranspose.self, single: { gradient, op, node, adjoint in
            guard let x = node.operands[0], let w = node.operands[1] else { return [] }
            // The positions that padding of the result adds are padding that is missing behind.
            var geometry = Geometry(op)
            for (axis, padding) in op.outputPadding.enumerated() {
                let behind = axis + op.strides.count
                geometry.pads[behind] = try geometry.pads[behind].minus(Dim(padding))
            }
            return [
                try gradient.add(geometry.conv, adjoint, w),
                try gradient.add(geometry.weightGradient(kernel: gradient.kernel(w)), adjoint, x),
                try channelSum(&gradient, op.channelsLast, node, adjoint),
            ]
        }),
        // Linear in x and in dy, as the convolution is in x and in the weights.
        GradientRule(ConvWeightGradient.self, single: { gradient, op, node, adjoint in
            guard let x = node.operands[0], let dy = node.operands[1] else { return [] }
            let geometry = Geometry(op)
            return [
                try gradient.add(geometry.transpose(gradient.shape(x), gradient.shape(dy), gradient.kernel(adjoint)), dy, adjoint),
                try gradient.add(geometry.conv, x, adjoint),
            ]
        }),
        .zero(IntegerProduct.self),
        .zero(IntegerConv.self),
        .none(Determinant.self, because: "its rule takes the inverse, which a singular matrix has not"),
        // dx = −yᵀ · dy · yᵀ (Petersen and Pedersen, "The Matrix Cookbook", section 2.2)
        GradientRule(Inverse.self, single: { gradient, _, node, adjoint in
            let rank = gradient.shape(adjoint).count
            let turn = Transpose(Array(0..<rank - 2) + [rank - 1, rank - 2])
            let turned = try gradient.add(turn, node.results[0])
            return [try gradient.add(Unary(.neg), gradient.add(MatMul(), gradient.add(MatMul(), turned, adjoint), turned))]
        }),
        .none(FusedConv.self, because: "it arises only when a graph is optimised"),
        .none(FusedConvTranspose.self, because: "it arises only when a graph is optimised"),
        .none(FusedMatMul.self, because: "it arises only when a graph is optimised"),
    ]

    /// The gradients with respect to the image and the weights.
    private static func convolved(
        _ gradient: inout GradientBuilder, _ geometry: Geometry, _ x: Value, _ w: Value, _ adjoint: Value
    ) throws -> [Value?] {
        let kernel = try gradient.kernel(w)
        return [
            try gradient.add(geometry.transpose(gradient.shape(x), gradient.shape(adjoint), kernel), adjoint, w),
            try gradient.add(geometry.weightGradient(kernel: kernel), x, adjoint),
        ]
    }

    /// The gradient with respect to the bias, where there is one.
    private static func channelSum(
        _ gradient: inout GradientBuilder, _ channelsLast: Bool, _ node: Node, _ adjoint: Value
    ) throws -> Value? {
        guard node.operands.count > 2, node.operands[2] != nil else { return nil }
        return try gradient.channelSum(adjoint, channel: channelsLast ? gradient.shape(adjoint).count - 1 : 1)
    }

    /// dA = dY · Bᵀ, dB = Aᵀ · dY. Against one matrix the rows of all batches are one.
    @Sendable private static func matmul(
        _ gradient: inout GradientBuilder, _ op: MatMul, _ node: Node, _ adjoint: Value
    ) throws -> [Value?] {
        guard let a = node.operands[0], let b = node.operands[1] else { return [] }
        let (own, other) = (gradient.shape(a), gradient.shape(b))
        let x = try gradient.reshape(a, to: own.count == 1 ? [1] + own : own)
        let y = try gradient.reshape(b, to: other.count == 1 ? other + [1] : other)
        let (m, n) = (gradient.shape(x)[gradient.shape(x).count - 2], gradient.shape(y)[gradient.shape(y).count - 1])
        let batch = gradient.shape(adjoint).dropLast((own.count == 1 ? 0 : 1) + (other.count == 1 ? 0 : 1))
        let dy = try gradient.reshape(adjoint, to: Shape(batch) + [m, n])
        let left = try gradient.matmul(dy, gradient.matrixTranspose(y))
        let right: Value
        if gradient.shape(y).count == 2, gradient.shape(x).count > 2 {
            let rows = try Shape(gradient.shape(x).dropLast()).product()
            let flat = try gradient.reshape(x, to: [rows, gradient.shape(y)[0]])
            right = try gradient.matmul(gradient.matrixTranspose(flat), gradient.reshape(dy, to: [rows, n]))
        } else {
            right = try gradient.matmul(gradient.matrixTranspose(x), dy)
        }
        return [
            try gradient.reshape(gradient.summed(left, to: gradient.shape(x)), to: own),
            try gradient.reshape(gradient.summed(right, to: gradient.shape(y)), to: other),
        ]
    }

    @Sendable private static func gemm(
        _ gradient: inout GradientBuilder, _ op: Gemm, _ node: Node, _ adjoint: Value
    ) throws -> [Value?] {
        guard let a = node.operands[0], let b = node.operands[1] else { return [] }
        func product(_ gradient: inout GradientBuilder, _ left: Value, _ transA: Bool, _ right: Value, _ transB: Bool) throws -> Value {
            var product = Gemm()
            (product.transA, product.transB, product.alpha) = (transA, transB, op.alpha)
            return try gradient.add(product, left, right)
        }
        let da = try op.transA ? product(&gradient, b, op.transB, adjoint, true) : product(&gradient, adjoint, false, b, !op.transB)
        let db = try op.transB ? product(&gradient, adjoint, true, a, op.transA) : product(&gradient, a, !op.transA, adjoint, false)
        guard node.operands.count > 2, let c = node.operands[2], op.beta != 0 else { return [da, db] }
        let dc = try gradient.summed(op.beta == 1 ? adjoint : gradient.times(adjoint, op.beta), to: gradient.shape(c))
        return [da, db, dc]
    }
}

/// How the windows of a convolution lie.
private struct Geometry {
    var strides: [Int]
    var dilations: [Int]
    var pads: [Dim]
    var group: Int
    var channelsLast: Bool

    init(_ op: Conv) {
        (strides, dilations, pads, group, channelsLast) = (op.strides, op.dilations, op.pads, op.group, op.channelsLast)
    }

    init(_ op: ConvTranspose) {
        (strides, dilations, pads, group, channelsLast) = (op.strides, op.dilations, op.pads, op.group, op.channelsLast)
    }

    init(_ op: ConvWeightGradient) {
        (strides, dilations, pads, group, channelsLast) = (op.strides, op.dilations, op.pads, op.group, op.channelsLast)
    }

    var conv: Conv { Conv(strides: strides, dilations: dilations, pads: pads, group: group, channelsLast: channelsLast) }

    func weightGradient(kernel: [Int]) -> ConvWeightGradient {
        ConvWeightGradient(kernel: kernel, strides: strides, dilations: dilations, pads: pads, group: group, channelsLast: channelsLast)
    }

    /// The transposed convolution from the result's shape back to that of the image. Padding behind is what makes its extents
    /// those of the image, also where windows did not reach the end.
    func transpose(_ image: Shape, _ result: Shape, _ kernel: [Int]) throws -> ConvTranspose {
        var pads = pads
        let first = channelsLast ? 1 : 2
        for axis in kernel.indices {
            let reach = (kernel[axis] - 1) * dilations[axis] + 1
            let full = try result[first + axis].minus(1).times(Dim(strides[axis])).plus(Dim(reach))
            pads[axis + kernel.count] = try full.minus(pads[axis]).minus(image[first + axis])
        }
        return ConvTranspose(strides: strides, dilations: dilations, pads: pads, group: group, channelsLast: channelsLast)
    }
}

extension GradientBuilder {
    /// The extents of the kernel of a convolution's weights.
    func kernel(_ weights: Value) throws -> [Int] {
        guard let kernel = Shape(shape(weights)[2...]).constants else { throw DLCError("the kernel of w \(type(weights)) must be numbers") }
        return kernel
    }
}
