import DLCGraph
import DLCOps

/// Slices move up through operators that compute row by row, so that rows which nobody reads are not computed: a
/// classifier that takes the first token needs one row of the last block.
///
///     slice(gelu(%x))                            →   gelu(slice(%x))
///     slice(layer_norm(%x, %g)) of rows          →   layer_norm(slice(%x), %g)
///     slice(fused_matmul(%a, %b, _, %r)) of rows →   fused_matmul(slice(%a), %b, _, slice(%r))
///     slice(attention(%q, %k, %v)) of rows       →   attention(slice(%q), %k, %v)
public let sliceEarly = Pass("slice-early", at: .canonical) { rewriter, node in
    guard let slice = node.op as? Slice, let x = node.operands[0], let y = try computed(&rewriter, slice, of: x) else { return nil }
    return [y]
}

/// The slice of a value, computed from slices of what the value is computed from; nil where that is no less work.
private func computed(_ rewriter: inout Rewriter, _ slice: Slice, of value: Value) throws -> Value? {
    let shape = rewriter.shape(value)
    let cut = shape.indices.filter { slice.sizes[$0] != shape[$0] || slice.steps[$0] != 1 }
    guard rewriter.useCount(value) == 1, !cut.isEmpty, let node = rewriter.producer(of: value), node.results[0] == value,
        node.results.dropFirst().allSatisfy({ rewriter.useCount($0) == 0 })
    else { return nil }
    var operands = node.operands
    func cuts(_ positions: Range<Int>) throws -> Bool {
        for position in positions where position < operands.count {
            guard let operand = operands[position] else { continue }
            guard let part = try sliced(&rewriter, slice, operand, like: shape) else { return false }
            operands[position] = part
        }
        return true
    }
    switch node.op {
    case is FusedMatMul:
        guard let op = node.op as? FusedMatMul, !op.transA, let b = operands[1], rewriter.shape(b).count == 2, cut.last != shape.count - 1,
            operands.count <= FusedMatMul.scalePosition, let a = operands[0], rewriter.shape(a).count == shape.count
        else { return nil }
        var rows = slice
        rows.sizes[shape.count - 1] = rewriter.shape(a)[shape.count - 1]
        operands[0] = try part(&rewriter, rows, of: a)
        guard try cuts(EpilogueOperand.residual..<EpilogueOperand.residual + 1) else { return nil }
    case let op as LayerNormalization:
        guard try cut.allSatisfy({ $0 < (try InferenceRules.axis(op.axis, rank: shape.count)) }), try cuts(0..<1) else { return nil }
    case let op as Softmax:
        guard try !cut.contains(InferenceRules.axis(op.axis, rank: shape.count)), try cuts(0..<1) else { return nil }
    case let op as Attention:
        guard op.headsInner, !op.causal, cut == [1], operands.count < 4 || operands[3] == nil, let q = operands[0] else { return nil }
        var rows = slice
        rows.sizes[3] = rewriter.shape(q)[3]
        operands[0] = try part(&rewriter, rows, of: q)
    case let op as Reshape:
        guard let x = operands[0], let source = try beforeReshape(slice, cut, of: op.shape, rewriter.shape(x)) else { return nil }
        return try rewriter.add1(Reshape(shape: slice.sizes), [try part(&rewriter, source, of: x)], name: node.name)
    case let inner as Slice:
        guard let x = operands[0] else { return nil }
        return try part(&rewriter, try inner.followed(by: slice), of: x)
    default:
        guard node.op.definition.traits.contains(.elementwise), node.results.count == 1, try cuts(0..<operands.count) else { return nil }
    }
    return try rewriter.add(node.op, operands, name: node.name)[0]
}

/// The slice of a value, as far up as it goes.
private func part(_ rewriter: inout Rewriter, _ slice: Slice, of value: Value) throws -> Value {
    try computed(&rewriter, slice, of: value) ?? rewriter.add1(slice, [value])
}

/// The part of an operand that broadcasts to a result of `shape`, of which `slice` is wanted; nil where extents differ otherwise.
private func sliced(_ rewriter: inout Rewriter, _ slice: Slice, _ operand: Value, like shape: Shape) throws -> Value? {
    let own = rewriter.shape(operand)
    let missing = shape.count - own.count
    guard missing >= 0 else { return nil }
    var result = Slice(starts: own.map { _ in 0 }, sizes: own, steps: own.map { _ in 1 })
    // An extent of 1 is left to broadcast only where another operand has more: no rows of one row are cut from every operand.
    for axis in own.indices where own[axis].constant != 1 || shape[axis + missing].constant == 1 {
        guard own[axis] == shape[axis + missing] else { return nil }
        result.starts[axis] = slice.starts[axis + missing]
        result.sizes[axis] = slice.sizes[axis + missing]
        result.steps[axis] = slice.steps[axis + missing]
    }
    let isWhole = result.sizes == own && result.steps.allSatisfy { $0 == 1 }
    return isWhole ? operand : try part(&rewriter, result, of: operand)
}

/// The slice of what is reshaped from `source` to `shape`, where every axis that is cut is an axis of both.
private func beforeReshape(_ slice: Slice, _ cut: [Int], of shape: Shape, _ source: Shape) throws -> Slice? {
    var result = Slice(starts: source.map { _ in 0 }, sizes: source, steps: source.map { _ in 1 })
    for axis in cut {
        let before = try Shape(shape[..<axis]).product()
        guard let place = try source.indices.first(where: { try source[$0] == shape[axis] && Shape(source[..<$0]).product() == before })
        else {
            return nil
        }
        (result.starts[place], result.sizes[place], result.steps[place]) = (slice.starts[axis], slice.sizes[axis], slice.steps[axis])
    }
    return result
}

extension Slice {
    /// This slice and then another of its result, as one.
    func followed(by next: Slice) throws -> Slice {
        var result = next
        for axis in starts.indices {
            result.starts[axis] = try starts[axis].plus(next.starts[axis].times(Dim(steps[axis])))
            result.steps[axis] = try Checked.multiply(steps[axis], next.steps[axis])
        }
        return result
    }
}
