import DLCGraph
import DLCOps

/// A transposed convolution of stride 1 is a convolution with its weights turned round, which has faster kernels: the gradient
/// of a convolution with respect to its input is one.
///
///     conv_transpose(%x, %w) {pads}   →   conv(%x, transpose(reverse(%w))) {dilation · (kernel - 1) - pads}
public let convolveTransposed = Pass("convolve-transposed", at: .canonical) { rewriter, node in
    guard let op = node.op as? ConvTranspose, op.strides.allSatisfy({ $0 == 1 }), op.outputPadding.allSatisfy({ $0 == 0 }) else {
        return nil
    }
    guard let x = node.operands[0], let w = node.operands[1], let kernel = Shape(rewriter.shape(w).dropFirst(2)).constants else {
        return nil
    }
    let spatial = kernel.count
    guard op.pads.count == 2 * spatial, op.dilations.count == spatial, let pads = op.pads.constants else { return nil }
    let reach = zip(kernel, op.dilations).map { ($0 - 1) * $1 }
    let padding = pads.indices.map { reach[$0 % spatial] - pads[$0] }
    guard padding.allSatisfy({ $0 >= 0 }), spatial > 0 else { return nil }
    // A convolution needs a whole window, where the transposed one of nothing is nothing.
    let extents = Shape(op.channelsLast ? rewriter.shape(x).dropFirst().dropLast() : rewriter.shape(x).dropFirst(2))
    guard try extents.indices.allSatisfy({ try extents[$0].plus(Dim(padding[$0] + padding[$0 + spatial])).isAtLeast(reach[$0] + 1) })
    else { return nil }
    let shape = rewriter.shape(w)
    let reversed = try rewriter.add1(
        Slice(
            starts: [0, 0] + kernel.map { Dim($0 - 1) }, sizes: shape, steps: [1, 1] + [Int](repeating: -1, count: spatial)), [w],
        name: node.name)
    let turned: Value
    if op.group == 1 {
        turned = try rewriter.add1(Transpose([1, 0] + Array(2..<(2 + spatial))), [reversed], name: node.name)
    } else {
        // [G · I, O, kernel] → [G · O, I, kernel].
        let groups = Dim(op.group)
        let inputs = try shape[0].quotient(groups)
        let split = try rewriter.add1(Reshape(shape: [groups, inputs] + shape[1...]), [reversed], name: node.name)
        let swapped = try rewriter.add1(Transpose([0, 2, 1] + Array(3..<(3 + spatial))), [split], name: node.name)
        turned = try rewriter.add1(Reshape(shape: [try groups.times(shape[1]), inputs] + shape[2...]), [swapped], name: node.name)
    }
    let conv = Conv(
        strides: op.strides, dilations: op.dilations, pads: padding.map { Dim($0) }, group: op.group, channelsLast: op.channelsLast)
    return [try rewriter.add1(conv, [x, turned] + node.operands.dropFirst(2), name: node.name)]
}
