import DLCGraph
import DLCOps

/// Taps at the edges of a kernel that read nothing but padding for all outputs go, as large dilations have them and volumes that
/// are shallower than the kernel.
///
///     conv(%x: f32[1, 960, 14, 14], %w: f32[256, 960, 3, 3]) {dilations: [24, 24], pads: [24, 24, 24, 24]}
///         →   conv(%x, slice(%w): f32[256, 960, 1, 1]) {dilations: [1, 1], pads: [0, 0, 0, 0]}
public let trimTaps = Pass("trim-taps", at: .canonical) { rewriter, node in
    guard var conv = node.op as? Conv, let x = node.operands[0], let w = node.operands[1] else { return nil }
    let shape = rewriter.shape(w)
    guard shape.count >= 3, let kernel = Shape(shape.dropFirst(2)).constants, rewriter.shape(x).count == shape.count,
        conv.strides.count == kernel.count, conv.dilations.count == kernel.count, conv.pads.count == 2 * kernel.count
    else { return nil }
    let first = conv.channelsLast ? 1 : 2
    var slice = Slice(starts: shape.map { _ in 0 }, sizes: shape, steps: shape.map { _ in 1 })
    for axis in kernel.indices {
        guard let extent = rewriter.shape(x)[axis + first].constant,
            let outputs = try rewriter.resultType(node).shape[axis + first].constant,
            let before = conv.pads[axis].constant, let after = conv.pads[axis + kernel.count].constant, outputs > 0
        else { continue }
        let (stride, dilation) = (conv.strides[axis], conv.dilations[axis])
        // Arithmetic on what a file says stays inside Int, and nobody waits for kernels that no network has.
        guard kernel[axis] <= 4096, [extent, outputs, before, after, stride, dilation].allSatisfy({ 0...(1 << 24) ~= $0 }) else { continue }
        let isLive = (0..<kernel[axis]).map { tap in
            // The first output that does not read in front of the data, and whether it is there and reads no place behind it.
            let shift = before - tap * dilation
            let output = shift <= 0 ? 0 : (shift + stride - 1) / stride
            return output < outputs && output * stride - shift < extent
        }
        guard let front = isLive.firstIndex(of: true), let last = isLive.lastIndex(of: true), last - front + 1 < kernel[axis]
        else { continue }
        let pads = (before: before - front * dilation, after: after - (kernel[axis] - 1 - last) * dilation)
        guard pads.before >= 0, pads.after >= 0 else { continue }
        (conv.pads[axis], conv.pads[axis + kernel.count]) = (Dim(pads.before), Dim(pads.after))
        (slice.starts[axis + 2], slice.sizes[axis + 2]) = (Dim(front), Dim(last - front + 1))
        if front == last { conv.dilations[axis] = 1 }
    }
    guard slice.sizes != shape else { return nil }
    var operands = node.operands
    operands[1] = try rewriter.add1(slice, [w], name: node.name)
    return [try rewriter.add1(conv, operands, name: node.name)]
}
