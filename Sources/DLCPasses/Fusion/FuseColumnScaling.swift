import DLCGraph
import DLCOps

/// A scale and a shift per channel, and a ReLU, in front of a 1×1 convolution of channels-last tensors move into the
/// product that it is: dense networks normalise so before every convolution, and squeeze-and-excitation scales channels
/// by gates that are computed at run time.
///
///     fused_conv(relu(add(mul(%x, %s), %t)), %w)   →   fused_matmul(%x, reshape(%w), scale_a: %s, shift_a: %t) {relu_a}
///     fused_conv(mul(%x, %gate), %w)               →   fused_matmul(%x, reshape(%w), scale_a: %gate)
public let fuseColumnScaling = Pass("fuse-column-scaling", at: .canonical) { rewriter, node in
    guard let conv = node.op as? FusedConv, conv.channelsLast, conv.conv.group == 1, let weights = rewriter.constant(node.operands[1]),
        weights.type == .float32, isPointwise(conv.conv, kernel: Shape(constants: Array(weights.shape.dropFirst(2)))[...]),
        let scaling = ColumnScaling(rewriter, node.operands[0])
    else { return nil }
    var op = FusedMatMul()
    (op.transB, op.reluA) = (true, scaling.hasReLU)
    (op.activation, op.alpha, op.beta, op.residualAfterActivation) = (conv.activation, conv.alpha, conv.beta, conv.residualAfterActivation)
    var operands = node.operands
    operands[0] = scaling.x
    operands[1] = rewriter.constant(try weights.reshaped(Array(weights.shape.prefix(2))))
    while operands.count < FusedMatMul.scalePosition { operands.append(nil) }
    operands.append(try scaling.isGate ? scaling.scale : vector(&rewriter, scaling.scale))
    if let shift = scaling.shift { operands.append(try vector(&rewriter, shift)) }
    return [try rewriter.add1(op, operands, name: node.name)]
}

/// A constant's elements as `[C]`.
private func vector(_ rewriter: inout Rewriter, _ value: Value) throws -> Value {
    guard let tensor = rewriter.constant(value) else { throw DLCError("a constant is expected") }
    return rewriter.constant(try tensor.reshaped([tensor.count]))
}

/// What a value is as `x · scale + shift`, perhaps with a ReLU, where nobody else reads it.
private struct ColumnScaling {
    var x: Value
    var scale: Value
    var shift: Value?
    var hasReLU = false
    /// Whether the scale is computed at run time: `[N, 1, …, C]`.
    var isGate = false

    init?(_ rewriter: Rewriter, _ value: Value?) {
        guard var value, rewriter.fact(value).element == .float32, rewriter.useCount(value) == 1 else { return nil }
        let shape = rewriter.shape(value)
        func isChannels(_ other: Value) -> Bool {
            guard let tensor = rewriter.constant(other), let channels = shape.last?.constant else { return false }
            return tensor.count == channels && tensor.shape.last == channels
        }
        func isGate(_ other: Value) -> Bool {
            let own = rewriter.shape(other)
            return rewriter.constant(other) == nil && own.count == shape.count && own.last == shape.last && own[0] == shape[0]
                && own.dropFirst().dropLast().allSatisfy { $0 == 1 } && own != shape
        }
        func step(_ name: String, _ accepts: (Value) -> Bool) -> Value? {
            guard let node = rewriter.node(value, name), rewriter.useCount(value) == 1,
                let (picked, other) = rewriter.either(node, { accepts($0) ? $0 : nil }), rewriter.shape(other) == shape
            else { return nil }
            value = other
            return picked
        }
        if let relu = rewriter.node(value, "relu"), let inner = relu.operands[0] {
            (hasReLU, value) = (true, inner)
        }
        shift = step("add", isChannels)
        guard let scale = step("mul", { isChannels($0) || isGate($0) }) else { return nil }
        (self.scale, x, self.isGate) = (scale, value, rewriter.constant(scale) == nil)
    }
}
