import DLCGraph
import DLCOps

/// Recognises scaled-dot-product attention (Vaswani et al., 2017, section 3.2.1) in its primitive form, with the scale
/// on the product, on the queries or on the keys, and up to two added masks, as shifted windows have them.
///
///     matmul(softmax(matmul(%q, transpose(%k)) * s + %mask), %v)   →   attention(%q, %k, %v, %mask) {scale: s}
///
/// A row of −∞ is NaN there, so the operator is told; a mask that is wider than the scores would widen the result. Batches and heads
/// may be one dimension, as `nn.MultiheadAttention` has them, and a fifth in front goes where it is 1. The weights may be
/// `where(is_nan(%w), 0, %w)`, a mask may be `where(%seen, %scores, -inf)`, and of keys and values that are repeated for heads that
/// share them, each is read where it is.
public let recognizeAttention = Pass("recognize-attention", at: .canonical) { rewriter, node in
    guard node.op is MatMul, let v = node.operands[1], rewriter.fact(v).element == .float32,
        let rank = ranks.first(where: { $0 == rewriter.shape(v).count }),
        let (softmax, softmaxNode, nanIsZero) = weights(rewriter, node.operands[0]), softmax.kind == .softmax,
        softmax.axis == -1 || softmax.axis == rank - 1, var scores = softmaxNode.operands[0]
    else { return nil }
    var scale = 1.0
    var masks: [Value] = []
    for _ in 0..<5 {
        // What something else reads would be computed twice.
        guard rewriter.useCount(scores) == 1 else { return nil }
        if masks.isEmpty, scale == 1, let (seen, inner) = try seenOnly(&rewriter, scores) {
            masks.append(seen)
            scores = inner
        } else if scale == 1, masks.count < 2, let (mask, inner) = try addedInFront(&rewriter, scores) {
            masks.append(mask)
            scores = inner
        } else if let sum = rewriter.node(scores, "add"), masks.count < 2, scale == 1, let a = sum.operands[0], let b = sum.operands[1] {
            // The mask is the side that is no scaled product.
            let productIsFirst = isScaledProduct(rewriter, a)
            guard productIsFirst || isScaledProduct(rewriter, b) else { return nil }
            masks.append(productIsFirst ? b : a)
            scores = productIsFirst ? a : b
        } else if let product = rewriter.node(scores, "mul"), let (c, other) = rewriter.either(product, { rewriter.scalar($0) }) {
            scale *= c
            scores = other
        } else if let quotient = rewriter.node(scores, "div"), let c = rewriter.scalar(quotient.operands[1]),
            let other = quotient.operands[0]
        {
            scale /= c
            scores = other
        }
    }
    guard let (_, product) = rewriter.produced(scores, by: MatMul.self), rewriter.useCount(scores) <= 1,
        var q = product.operands[0], let transposedKeys = product.operands[1],
        rewriter.shape(q).count == rank, rewriter.shape(transposedKeys).count == rank
    else { return nil }
    guard let weights = node.operands[0] else { return nil }
    let extents = rewriter.shape(weights)
    // Head and batch must match without broadcasting.
    guard rewriter.shape(q).dropLast(2) == rewriter.shape(v).dropLast(2),
        rewriter.shape(transposedKeys).dropLast(2) == rewriter.shape(v).dropLast(2),
        extents == rewriter.shape(product.results[0]), scale.isFinite, rank < 5 || extents[0] == 1
    else { return nil }
    for mask in masks {
        let own = rewriter.shape(mask)
        guard masks.count == 1 || rewriter.fact(mask).element == .float32, own.count <= rank,
            zip(own.reversed(), extents.reversed()).allSatisfy({ $0 == 1 || $0 == $1 })
        else { return nil }
    }
    var (turnedKeys, values, keyScale) = (transposedKeys, v, 1.0)
    if let scaled = rewriter.node(transposedKeys, "mul"), let (c, other) = rewriter.either(scaled, { rewriter.scalar($0) }),
        c.isFinite, rewriter.shape(other) == rewriter.shape(transposedKeys)
    {
        (keyScale, turnedKeys) = (c, other)
    }
    // Queries and keys that are scaled apart have products that do not overflow; where NaN counts as 0, nobody would see that they had.
    if !nanIsZero { (scale, keyScale) = (scale * keyScale, 1) }
    if !nanIsZero, let scaled = rewriter.node(q, "mul"), let (c, other) = rewriter.either(scaled, { rewriter.scalar($0) }),
        c.isFinite, rewriter.shape(other) == rewriter.shape(q)
    {
        scale *= c
        q = other
    }
    guard Float(scale).isNormal else { return nil }
    let turned = Array(0..<(rank - 2)) + [rank - 1, rank - 2]
    var k: Value
    if let (transpose, inner) = rewriter.produced(turnedKeys, by: Transpose.self), transpose.perm == turned,
        let ownKeys = unrepeated(rewriter, inner.operands[0]), let ownValues = unrepeated(rewriter, v),
        rewriter.shape(ownKeys)[1] == rewriter.shape(ownValues)[1]
    {
        (k, values) = (ownKeys, ownValues)
    } else {
        k = try rewriter.add1(Transpose(turned), [turnedKeys], name: node.name)
    }
    if keyScale != 1 {
        let factor = rewriter.constant(try Tensor(filling: keyScale, type: .float32, shape: []))
        k = try rewriter.add1(Binary(.mul), [k, factor], name: node.name)
    }
    let mask = try masks.dropFirst().reduce(masks.first) { sum, other in
        try sum.map { try rewriter.add1(Binary(.add), [$0, other], name: node.name) }
    }
    let operands = try ([q, k, values, mask] as [Value?]).map { try $0.map { try inFour(&rewriter, $0, of: rank, name: node.name) } }
    let result = try rewriter.add1(Attention(scale: scale, emptyRowsAreNaN: true, nanWeightsAreZero: nanIsZero), operands, name: node.name)
    let shape = try rewriter.resultType(node).shape
    return [rank == 4 ? result : try rewriter.add1(Reshape(shape: shape), [result], name: node.name)]
}

/// The softmax that weights are, and whether those that are NaN count as 0.
private func weights(_ rewriter: Rewriter, _ value: Value?) -> (op: Softmax, node: Node, nanIsZero: Bool)? {
    if let (op, node) = rewriter.solelyUsed(value, as: Softmax.self) { return (op, node, false) }
    guard let (_, choice) = rewriter.solelyUsed(value, as: Where.self), let isNaN = choice.operands[0], let weights = choice.operands[2],
        let zero = rewriter.scalar(choice.operands[1]), zero == 0, zero.sign == .plus,
        rewriter.node(isNaN, "is_nan")?.operands[0] == weights, rewriter.useCount(isNaN) == 1, rewriter.useCount(weights) == 2,
        let (op, node) = rewriter.produced(weights, by: Softmax.self), rewriter.shape(weights) == rewriter.shape(choice.results[0])
    else { return nil }
    return (op, node, true)
}

/// A mask of bools, true where a key is seen, whose other scores are −∞.
private func seenOnly(_ rewriter: inout Rewriter, _ value: Value) throws -> (seen: Value, scores: Value)? {
    guard let (_, choice) = rewriter.produced(value, by: Where.self), let condition = choice.operands[0],
        let scores = (1...2).first(where: { choice.operands[$0].map { isScaledProduct(rewriter, $0) } ?? false }),
        rewriter.scalar(choice.operands[3 - scores]) == -.infinity, let kept = choice.operands[scores]
    else { return nil }
    return (scores == 1 ? condition : try rewriter.add1(Unary(.not), [condition]), kept)
}

/// Keys or values whose heads stand several times each, one after the other, as they were before.
///
///     reshape(expand(reshape(%x): [B, H, 1, S, D]): [B, H, G, S, D]): [B, H·G, S, D]   →   %x
private func unrepeated(_ rewriter: Rewriter, _ value: Value?) -> Value? {
    guard let value, let (_, outer) = rewriter.produced(value, by: Reshape.self), let wide = outer.operands[0],
        let (_, spread) = rewriter.produced(wide, by: Expand.self), let column = spread.operands[0],
        let (_, inner) = rewriter.produced(column, by: Reshape.self), let x = inner.operands[0]
    else { return nil }
    let (own, shape) = (rewriter.shape(x), rewriter.shape(value))
    guard own.count == 4, let heads = own[1].constant, heads > 0, rewriter.shape(wide).count == 5,
        let group = rewriter.shape(wide)[2].constant, let all = try? Dim(heads).times(Dim(group))
    else { return nil }
    func spelled(_ repeats: Dim) -> Shape { [own[0], own[1], repeats] + Shape(own[2...]) }
    guard rewriter.shape(column) == spelled(1), rewriter.shape(wide) == spelled(Dim(group)),
        shape == [own[0], all] + Shape(own[2...])
    else { return nil }
    return x
}

/// Of queries, keys and values as attention is spelled.
private let ranks = [3, 4, 5]

/// An operand of attention as spelled in that many dimensions, in four: each of three's batches has one head, and a fifth dimension in
/// front, which is 1, goes. Masks of fewer dimensions stay as they are.
private func inFour(_ rewriter: inout Rewriter, _ value: Value, of rank: Int, name: String) throws -> Value {
    let shape = rewriter.shape(value)
    guard rank != 4, shape.count == rank else { return value }
    let four = rank == 3 ? [shape[0], 1] + shape[1...] : Shape(shape.dropFirst())
    return try rewriter.add1(Reshape(shape: four), [value], name: name)
}

/// A mask that is added to scores with one more dimension in front, which is 1: windows of one image, whose masks differ.
///
///     reshape(add(reshape(%scores): f32[1, 16, 6, 49, 49], %mask)): f32[16, 6, 49, 49]   →   %mask without the dimension, and %scores
private func addedInFront(_ rewriter: inout Rewriter, _ value: Value) throws -> (mask: Value, scores: Value)? {
    let shape = rewriter.shape(value)
    guard let (_, outer) = rewriter.produced(value, by: Reshape.self), let inner = outer.operands[0], let sum = rewriter.node(inner, "add"),
        rewriter.shape(inner) == [1] + shape
    else { return nil }
    let picked = rewriter.either(sum) { side in
        rewriter.produced(side, by: Reshape.self)?.node.operands[0].flatMap { rewriter.shape($0) == shape ? $0 : nil }
    }
    guard let (scores, mask) = picked, rewriter.shape(mask).count <= shape.count + 1 else { return nil }
    let own = rewriter.shape(mask)
    return (own.count <= shape.count ? mask : try rewriter.add1(Reshape(shape: Shape(own.dropFirst())), [mask]), scores)
}

/// Whether a value is a product times numbers, or such a one with a mask.
private func isScaledProduct(_ rewriter: Rewriter, _ value: Value, masked: Bool = false) -> Bool {
    if !masked, let sum = rewriter.node(value, "add") {
        return sum.operands.contains { $0.map { isScaledProduct(rewriter, $0, masked: true) } ?? false }
    }
    let (_, factors) = rewriter.factors(value)
    return factors.count == 1 && rewriter.produced(factors[0], by: MatMul.self) != nil
}

/// Lets attention read and write `[batch, rows, heads, depth]`, as the projections around it do.
///
///     transpose(attention(%q, %k, %v)) {perm: [0, 2, 1, 3]}
///     →  attention(transpose(%q), transpose(%k), transpose(%v)) {heads_inner: true}
///
/// Where the batch is 1, its dimension may go anywhere. A gradient follows where the one with respect to its result comes so.
public let attentionByRows = Pass("attention-by-rows", at: .canonical) { rewriter, node in
    if let op = node.op as? AttentionGradient { return try gradientByRows(&rewriter, op, node) }
    guard let transpose = node.op as? Transpose, let value = node.operands[0],
        let (attention, inner) = rewriter.solelyUsed(value, as: Attention.self), !attention.headsInner,
        transpose.perm == [0, 2, 1, 3] || rewriter.shape(value)[0] == 1 && transpose.perm.filter({ $0 != 0 }) == [2, 1, 3]
    else { return nil }
    var op = attention
    op.headsInner = true
    var operands: [Value?] = []
    for operand in inner.operands.prefix(3) { operands.append(try rewriter.add1(Transpose([0, 2, 1, 3]), [operand])) }
    let rows = try rewriter.add1(op, operands + inner.operands.dropFirst(3), name: inner.name)
    let shape = try rewriter.resultType(node).shape
    return [rewriter.shape(rows) == shape ? rows : try rewriter.add1(Reshape(shape: shape), [rows], name: node.name)]
}

private func gradientByRows(_ rewriter: inout Rewriter, _ op: AttentionGradient, _ node: Node) throws -> [Value]? {
    guard !op.layer.headsInner, let dy = node.operands[5], let (transpose, _) = rewriter.produced(dy, by: Transpose.self),
        transpose.perm == [0, 2, 1, 3]
    else { return nil }
    var inner = op
    inner.layer.headsInner = true
    let operands = try node.operands.enumerated().map { index, operand in
        try operand.flatMap { index == 3 ? $0 : try rewriter.add1(Transpose([0, 2, 1, 3]), [$0]) }
    }
    return try rewriter.add(inner, operands, name: node.name).map { try rewriter.add1(Transpose([0, 2, 1, 3]), [$0], name: node.name) }
}
