import DLCGraph
import DLCOps

/// Attention in f64 and its gradient, for which no kernels are made, in products and a softmax.
///
///     attention(%q, %k, %v, %mask) {scale: s}   →   matmul(softmax(matmul(%q, transpose(%k)) * s + %mask), %v)
public let spellAttention = Pass("spell-attention", at: .canonical) { rewriter, node in
    if let op = node.op as? AttentionGradient, let q = node.operands[0], rewriter.fact(q).element == .float64 {
        var gradient = GradientBuilder(rewriter.builder)
        gradient.name = node.name
        let results = try GradientRules.attentionGradients(&gradient, op, node.operands).compactMap { $0 }
        rewriter.builder = gradient.builder
        return results.count == node.results.count ? results : nil
    }
    guard let op = node.op as? Attention, let q = node.operands[0], let k = node.operands[1], let v = node.operands[2],
        rewriter.fact(q).element == .float64
    else { return nil }
    // Heads before rows from here on.
    func byHeads(_ value: Value) throws -> Value { try op.headsInner ? rewriter.add1(Transpose([0, 2, 1, 3]), [value]) : value }
    let queries = try byHeads(q)
    let heads = rewriter.shape(queries)[1]
    let keys = try spread(&rewriter, byHeads(k), over: heads), values = try spread(&rewriter, byHeads(v), over: heads)
    let product = try rewriter.add1(MatMul(), [queries, rewriter.add1(Transpose([0, 1, 3, 2]), [keys])], name: node.name)
    let (shape, type) = (rewriter.shape(product), rewriter.fact(product).element)
    func scalar(_ number: Double) throws -> Value { rewriter.constant(try Tensor(filling: number, type: type, shape: [])) }
    let lowest = try scalar(-.infinity)
    var scores = try rewriter.add1(Binary(.mul), [product, scalar(op.scale)], name: node.name)
    if node.operands.count > 3, let mask = node.operands[3] {
        let isBool = rewriter.fact(mask).element == .bool, wide = try rewriter.spread(mask, to: shape)
        scores = try isBool
            ? rewriter.add1(Where(), [wide, scores, lowest], name: node.name)
            : rewriter.add1(Binary(.add), [scores, wide], name: node.name)
    }
    if op.causal {
        let seen = try seen(&rewriter, rows: shape[2], columns: shape[3])
        scores = try rewriter.add1(Where(), [seen, scores, lowest], name: node.name)
    }
    var weights = try rewriter.add1(Softmax(axis: 3), [scores], name: node.name)
    if op.nanWeightsAreZero {
        weights = try rewriter.add1(Where(), [rewriter.add1(Unary(.isNaN), [weights]), scalar(0), weights], name: node.name)
    }
    var y = try rewriter.add1(MatMul(), [weights, values], name: node.name)
    if !op.emptyRowsAreNaN {
        let isEmpty = try rewriter.add1(Binary(.equal), [rewriter.add1(Reduce(.max, axes: [3]), [scores]), lowest], name: node.name)
        y = try rewriter.add1(Where(), [isEmpty, scalar(0), y], name: node.name)
    }
    return [try byHeads(y)]
}

/// Keys or values `[B, Hk, S, D]` with each head once per head of queries that shares it.
private func spread(_ rewriter: inout Rewriter, _ value: Value, over heads: Dim) throws -> Value {
    let shape = rewriter.shape(value)
    if shape[1] == heads { return value }
    let inner = Shape(shape[2...])
    let column = try rewriter.add1(Reshape(shape: [shape[0], shape[1], 1] + inner), [value])
    let wide = try rewriter.add1(Expand(shape: [shape[0], shape[1], heads.quotient(shape[1])] + inner), [column])
    return try rewriter.add1(Reshape(shape: [shape[0], heads] + inner), [wide])
}

/// What causal attention sees: row i the columns up to `i + columns - rows`, those with at least as many behind them as rows
/// stand behind row i.
private func seen(_ rewriter: inout Rewriter, rows: Dim, columns: Dim) throws -> Value {
    func fromEnd(_ extent: Dim) throws -> Value {
        let ones = try rewriter.add1(Fill(shape: [extent], value: Tensor([1] as [Int64], shape: [])), [])
        return try rewriter.add1(CumSum(reverse: true), [ones])
    }
    let column = try rewriter.add1(Reshape(shape: [rows, 1]), [fromEnd(rows)])
    return try rewriter.add1(Binary(.greaterOrEqual), [fromEnd(columns), column])
}
