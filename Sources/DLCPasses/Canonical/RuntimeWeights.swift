import DLCGraph
import DLCOps

/// Convolutions whose weights are computed at run time, which cannot be packed beforehand, become matrix products over
/// gathered columns (Chellapilla et al., 2006):
///
///     conv(%x, %w)   →   matmul(reshape(%w), gather(flat %x and a zero, table))
///
/// The table says for every tap and every result pixel which pixel of x meets, or the zero outside; a transposed
/// convolution has another table.
public let convolveAtRunTime = Pass("convolve-at-run-time", at: .canonical) { rewriter, node in
    guard let x = node.operands.first ?? nil, node.operands.count > 1, let w = node.operands[1], rewriter.constant(w) == nil,
        let image = Shape(rewriter.shape(x).dropFirst(2)).constants, let kernel = Shape(rewriter.shape(w).dropFirst(2)).constants,
        let result = Shape(rewriter.resultType(node).shape.dropFirst(2)).constants
    else { return nil }
    let table: ColumnTable?
    let group: Int
    var weights = w
    let shape = rewriter.shape(w)
    switch node.op {
    case let op as Conv:
        guard !op.channelsLast, let pads = op.pads.constants else { return nil }
        table = ColumnTable(image: image, result: result, kernel: kernel) { position, tap, axis in
            position * op.strides[axis] + tap * op.dilations[axis] - pads[axis]
        }
        group = op.group
    case let op as ConvTranspose:
        guard !op.channelsLast, let pads = op.pads.constants, let inputs = shape[0].constant else { return nil }
        table = ColumnTable(image: image, result: result, kernel: kernel) { position, tap, axis in
            let reached = position + pads[axis] - tap * op.dilations[axis]
            return reached % op.strides[axis] == 0 ? reached / op.strides[axis] : -1
        }
        group = op.group
        // [C, O / group, kernel…] → [O, C / group, kernel…]
        let grouped = try rewriter.add1(Reshape(shape: [Dim(group), Dim(inputs / group)] + shape.dropFirst()), [w])
        let swapped = try rewriter.add1(Transpose([0, 2, 1] + (3..<(shape.count + 1))), [grouped])
        weights = try rewriter.add1(Reshape(shape: [try shape[1].times(Dim(group)), Dim(inputs / group)] + shape.dropFirst(2)), [swapped])
    default: return nil
    }
    guard let table else { return nil }
    let (batch, channels) = (rewriter.shape(x)[0], rewriter.shape(x)[1])
    let (taps, pixels) = (Dim(table.taps), Dim(table.pixels))
    let outputs = rewriter.shape(weights)[0]
    let (rows, depth) = (try outputs.quotient(Dim(group)), try channels.quotient(Dim(group)).times(taps))
    let flat = try rewriter.add1(Reshape(shape: [batch, channels, Dim(table.zero)]), [x], name: node.name)
    let padded = try rewriter.add1(Pad(pads: [0, 0, 0, 0, 0, 1]), [flat], name: node.name)
    let indices = rewriter.constant(try Tensor(table.indices, shape: [table.taps * table.pixels]))
    let gathered = try rewriter.add1(Gather(axis: 2), [padded, indices], name: node.name)
    let columns = try rewriter.add1(Reshape(shape: [batch, Dim(group), depth, pixels]), [gathered], name: node.name)
    let matrix = try rewriter.add1(Reshape(shape: [1, Dim(group), rows, depth]), [weights], name: node.name)
    let product = try rewriter.add1(MatMul(), [matrix, columns], name: node.name)
    var y = try rewriter.add1(Reshape(shape: [batch, outputs] + Shape(constants: result)), [product], name: node.name)
    if node.operands.count > 2, let bias = node.operands[2] {
        let column = try rewriter.add1(Reshape(shape: [outputs] + result.map { _ in 1 }), [bias], name: node.name)
        y = try rewriter.add1(Binary(.add), [y, column], name: node.name)
    }
    return [y]
}

/// Which pixel meets each tap at each pixel of the result; taps before pixels.
private struct ColumnTable {
    var indices: [Int64] = []
    let taps: Int
    let pixels: Int
    /// The index of the zero behind the last pixel.
    let zero: Int

    /// - Parameter source: the coordinate of x along an axis for a position of the result and a tap.
    /// Nil where the table would be too large.
    init?(image: [Int], result: [Int], kernel: [Int], source: (_ position: Int, _ tap: Int, _ axis: Int) -> Int) {
        guard let zero = try? Checked.count(image), let taps = try? Checked.count(kernel), let pixels = try? Checked.count(result),
            let size = try? Checked.multiply(taps, pixels), size > 0, size <= 1 << 24
        else { return nil }
        (self.zero, self.taps, self.pixels) = (zero, taps, pixels)
        indices.reserveCapacity(size)
        for tap in 0..<taps {
            let tapAt = Self.coordinates(tap, kernel)
            for pixel in 0..<pixels {
                var flat = 0
                for (axis, position) in Self.coordinates(pixel, result).enumerated() {
                    let at = source(position, tapAt[axis], axis)
                    guard flat >= 0, at >= 0, at < image[axis] else {
                        flat = -1
                        break
                    }
                    flat = flat * image[axis] + at
                }
                indices.append(Int64(flat < 0 ? zero : flat))
            }
        }
    }

    private static func coordinates(_ index: Int, _ shape: [Int]) -> [Int] {
        var (rest, result) = (index, shape)
        for axis in shape.indices.reversed() { (rest, result[axis]) = (rest / shape[axis], rest % shape[axis]) }
        return result
    }
}
