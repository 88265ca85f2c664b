import DLCGraph
import DLCOps

/// Removes operators that do nothing and merges neighbours of one kind.
///
///     reshape(reshape(%x))       →   reshape(%x)
///     transpose(transpose(%x))   →   transpose(%x) or %x
///     transpose that only moves dimensions of extent 1   →   reshape
///     reshape(transpose(reshape(%x): [A·B, C, D]): [A·B, D, C]): [A, B, D, C]   →   transpose(%x)
public let simplifyMovement = Pass("simplify-movement") { rewriter, node in
    guard let x = node.operands.first ?? nil, node.results.count == 1 else { return nil }
    let shape = rewriter.shape(x)
    switch node.op {
    case let reshape as Reshape:
        if reshape.shape == shape { return [x] }
        if let (_, inner) = rewriter.produced(x, by: Reshape.self) {
            return [try rewriter.add1(reshape, [inner.operands[0]], name: node.name)]
        }
        if let whole = transposedApart(rewriter, reshape.shape, x) {
            let rank = reshape.shape.count
            return [try rewriter.add1(Transpose(Array(0..<(rank - 2)) + [rank - 1, rank - 2]), [whole], name: node.name)]
        }
    case let transpose as Transpose:
        if transpose.perm == Array(0..<shape.count) { return [x] }
        if let (other, inner) = rewriter.produced(x, by: Transpose.self) {
            return [try rewriter.add1(Transpose(transpose.perm.map { other.perm[$0] }), [inner.operands[0]], name: node.name)]
        }
        let moved = transpose.perm.filter { shape[$0].constant != 1 }
        if moved == moved.sorted() { return [try rewriter.add1(Reshape(shape: transpose.perm.map { shape[$0] }), [x], name: node.name)] }
    case is Concat:
        if node.operands.count == 1 { return [x] }
    case let slice as Slice:
        if slice.sizes == shape, slice.steps.allSatisfy({ $0 == 1 }) { return [x] }
    case let expand as Expand:
        if expand.shape == shape { return [x] }
    case let cast as Cast:
        if rewriter.fact(x).element == cast.to { return [x] }
    case let pad as Pad:
        if pad.pads.allSatisfy({ $0 == 0 }) { return [x] }
    default: break
    }
    return nil
}

/// What was turned in its last two dimensions while the ones in front of them were one, as torch.export turns keys; nil where `shape`
/// does not put these back.
private func transposedApart(_ rewriter: Rewriter, _ shape: Shape, _ value: Value) -> Value? {
    guard let (transpose, turned) = rewriter.produced(value, by: Transpose.self), transpose.perm == [0, 2, 1],
        let (_, merged) = rewriter.produced(turned.operands[0], by: Reshape.self), let whole = merged.operands[0]
    else { return nil }
    let (own, middle) = (rewriter.shape(whole), rewriter.shape(merged.results[0]))
    guard own.count >= 3, Shape(own.suffix(2)) == Shape(middle.suffix(2)),
        shape == Shape(own.dropLast(2)) + [own[own.count - 1], own[own.count - 2]]
    else { return nil }
    return whole
}

/// A gather of one constant index, or of evenly spaced ones, becomes a slice, which is a view. Not in the canonical form:
/// exported models would need a newer opset for it.
///
///     gather(%x, 2) {axis: 1}   →   reshape(slice(%x))
public let sliceConstantGathers = Pass("slice-constant-gathers", at: .canonical) { rewriter, node in
    guard let gather = node.op as? Gather, let x = node.operands[0],
        let slice = try slice(gather, rewriter.shape(x), indices: rewriter.constant(node.operands[1]))
    else { return nil }
    let part = try rewriter.add1(slice, [x], name: node.name)
    let result = try rewriter.resultType(node).shape
    return [slice.sizes == result ? part : try rewriter.add1(Reshape(shape: result), [part], name: node.name)]
}

/// The slice that reads the same elements: one index, or several in steps of a positive distance.
private func slice(_ gather: Gather, _ shape: Shape, indices: Tensor?) throws -> Slice? {
    let axis = try InferenceRules.axis(gather.axis, rank: shape.count)
    guard let extent = shape[axis].constant, let indices, indices.rank <= 1, indices.count > 0 else { return nil }
    let places = try indices.integers().map { $0 < 0 ? Int($0) + extent : Int($0) }
    let step = places.count > 1 ? places[1] - places[0] : 1
    guard step > 0, places.allSatisfy({ (0..<extent).contains($0) }),
        places.indices.dropFirst().allSatisfy({ places[$0] - places[$0 - 1] == step })
    else { return nil }
    var slice = Slice(starts: shape.map { _ in 0 }, sizes: shape, steps: shape.map { _ in 1 })
    (slice.starts[axis], slice.sizes[axis], slice.steps[axis]) = (Dim(places[0]), Dim(places.count), step)
    return slice
}

/// A concatenation that begins with the operands of an earlier one along the same axis reads that one instead, so that
/// in dense networks every feature map is written once, in place.
///
///     %a = concat(%1, %2);  %b = concat(%1, %2, %3)   →   %b = concat(%a, %3)
public let nestConcatenations = Pass("nest-concatenations", at: .canonical) { rewriter, node in
    guard node.op is Concat, node.operands.count > 2 else { return nil }
    // What was nested before is found by what it reads now, so the search starts again with every part found.
    var operands = node.operands
    while operands.count > 2, let (part, length) = longestPart(rewriter, node.op, operands) {
        operands = [part] + operands.dropFirst(length)
    }
    return operands.count < node.operands.count ? [try rewriter.add1(node.op, operands, name: node.name)] : nil
}

/// An earlier concatenation of the first operands, and how many they are.
private func longestPart(_ rewriter: Rewriter, _ op: any Operator, _ operands: [Value?]) -> (Value, Int)? {
    for length in (2..<operands.count).reversed() {
        if let part = rewriter.builder.existing(op, Array(operands.prefix(length))) { return (part[0], length) }
    }
    return nil
}

/// Constant padding with zeros moves into the convolution after it.
///
///     conv(pad(%x) {pads})   →   conv(%x) {pads}
public let foldPadding = Pass("fold-padding", at: .canonical) { rewriter, node in
    guard var conv = node.op as? Conv, !conv.channelsLast, let (pad, inner) = rewriter.produced(node.operands[0], by: Pad.self),
        pad.mode == .constant,
        inner.operands.count < 2 || rewriter.scalar(inner.operands[1]) == 0 || inner.operands[1] == nil
    else { return nil }
    let rank = pad.pads.count / 2
    let (begin, end) = (Array(pad.pads.prefix(rank)), Array(pad.pads.suffix(rank)))
    guard rank >= 3, begin[0] == 0, begin[1] == 0, end[0] == 0, end[1] == 0, (begin + end).allSatisfy({ $0.isNonNegative }),
        conv.pads.count == 2 * (rank - 2)
    else { return nil }
    let spatial = rank - 2
    for axis in 0..<spatial {
        conv.pads[axis] = try conv.pads[axis].plus(begin[axis + 2])
        conv.pads[axis + spatial] = try conv.pads[axis + spatial].plus(end[axis + 2])
    }
    var operands = node.operands
    operands[0] = inner.operands[0]
    return [try rewriter.add1(conv, operands, name: node.name)]
}
