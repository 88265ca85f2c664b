import DLCGraph
import DLCOps

/// A convolution that reads every pixel of an image once, as vision transformers cut theirs into patches (Dosovitskiy et al. 2021), is
/// a product of the patches: a tap of few channels is short for a convolution's kernel, a patch is a long row.
///
///     conv(%x, %w, %b) {strides: kernel}   →   transpose(add(matmul(patches of %x, transpose(%w)), %b))
public let multiplyPatches = Pass("multiply-patches", at: .canonical) { rewriter, node in
    guard let conv = node.op as? Conv, !conv.channelsLast, conv.group == 1, let x = node.operands[0], let w = node.operands[1],
        let kernel = Shape(rewriter.shape(w).dropFirst(2)).constants, let channels = rewriter.shape(x)[1].constant,
        let image = Shape(rewriter.shape(x).dropFirst(2)).constants, let outputs = rewriter.shape(w)[0].constant,
        channels <= mostChannels, conv.strides == kernel, conv.dilations.allSatisfy({ $0 == 1 }), conv.pads.allSatisfy({ $0 == 0 }),
        zip(image, kernel).allSatisfy({ $0 > 0 && $1 > 0 && $0 % $1 == 0 })
    else { return nil }
    let length = try Checked.multiply(channels, Checked.count(kernel))
    guard length >= leastLength else { return nil }
    let batch = rewriter.shape(x)[0], rank = kernel.count
    let counts = Shape(zip(image, kernel).map { Dim($0 / $1) })
    // [N, C, rows, kernel rows, columns, kernel columns] → [N, rows, columns, C, kernel rows, kernel columns]
    let parts: Shape = [batch, Dim(channels)] + zip(counts, kernel).flatMap { [$0, Dim($1)] }
    let order = [0] + (0..<rank).map { 2 + 2 * $0 } + [1] + (0..<rank).map { 3 + 2 * $0 }
    let moved = try rewriter.add1(Transpose(order), [rewriter.add1(Reshape(shape: parts), [x])])
    let patches = try rewriter.add1(Reshape(shape: [batch, counts.product(), Dim(length)]), [moved])
    let weights = try rewriter.add1(Transpose([1, 0]), [rewriter.add1(Reshape(shape: [Dim(outputs), Dim(length)]), [w])])
    var y = try rewriter.add1(MatMul(), [patches, weights], name: node.name)
    if node.operands.count > 2, let bias = node.operands[2] { y = try rewriter.add1(Binary(.add), [y, bias]) }
    let last = try rewriter.add1(Reshape(shape: [batch] + counts + [Dim(outputs)]), [y])
    return [try rewriter.add1(Transpose(ChannelOrder.toFirst(rank + 2)), [last])]
}

/// With more channels a tap is a row that is long enough, and the image would be copied for little; shorter patches are no long row.
private let (mostChannels, leastLength) = (4, 256)
