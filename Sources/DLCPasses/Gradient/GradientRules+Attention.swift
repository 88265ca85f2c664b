import DLCGraph
import DLCOps

extension GradientRules {
    /// A gradient at an added mask needs that of all scores, so that the layer is spelled for it, as it is where weights are replaced.
    static let attention: [GradientRule] = [
        GradientRule(Attention.self, single: { gradient, op, node, adjoint in
            guard op.nanWeightsAreZero || node.operands.count > 3 && gradient.isWanted(3) else {
                let mask = node.operands.count > 3 ? node.operands[3] : nil
                return try gradient.results(
                    AttentionGradient(of: op), node.operands[0], node.operands[1], node.operands[2], mask, node.results[0], adjoint)
            }
            return try gradient.backpropagated(to: node.operands, [adjoint]) { try attended(&$0, op, node.operands) }
        }),
        .spelled(AttentionGradient.self, attentionGradients),
    ]

    /// Attention as products and a softmax over all scores.
    @Sendable private static func attended(
        _ gradient: inout GradientBuilder, _ op: Attention, _ operands: [Value?]
    ) throws -> [Value?] {
        guard let spelling = try AttentionSpelling(&gradient, op, operands) else { return [] }
        let y = try gradient.matmul(spelling.weights, spelling.v)
        return [try spelling.layerRows(&gradient, y, heads: spelling.heads)]
    }

    /// The gradient of attention as products over all scores, with y as it is given.
    @Sendable static func attentionGradients(
        _ gradient: inout GradientBuilder, _ op: AttentionGradient, _ operands: [Value?]
    ) throws -> [Value?] {
        guard let spelling = try AttentionSpelling(&gradient, op.layer, operands), let result = operands[4], let adjoint = operands[5]
        else { return [] }
        let (y, dy) = (try spelling.queries(&gradient, result), try spelling.queries(&gradient, adjoint))
        let delta = try gradient.sum(gradient.times(dy, y), axes: [-1])
        let dp = try gradient.matmul(dy, gradient.matrixTranspose(spelling.v))
        // A query that sees no number at all has weights that are none, for keys that it sees.
        let weights = try spelling.ofSeen(&gradient, spelling.weights)
        var ds = try spelling.ofSeen(&gradient, gradient.times(weights, gradient.minus(dp, delta)))
        if op.layer.scale != 1 { ds = try gradient.times(ds, op.layer.scale) }
        let dq = try gradient.matmul(ds, spelling.k)
        let dk = try gradient.matmul(gradient.matrixTranspose(ds), spelling.q)
        let dv = try gradient.matmul(gradient.matrixTranspose(weights), dy)
        // Heads of queries that share one of keys add to its gradients.
        let sums = try [dk, dv].map { spelling.isGrouped ? try gradient.sum($0, axes: [2]) : $0 }
        return [
            try spelling.layerRows(&gradient, dq, heads: spelling.heads),
            try spelling.layerRows(&gradient, sums[0], heads: spelling.keyHeads),
            try spelling.layerRows(&gradient, sums[1], heads: spelling.keyHeads),
        ]
    }
}

/// Attention's operands by heads, `[B, H, L, D]`, and its weights. Where heads of queries share those of keys, they are a
/// dimension of their own, `[B, Hk, H / Hk, L, D]`. Rows that see nothing are zeros without gradients.
private struct AttentionSpelling {
    private let op: Attention
    let heads, keyHeads: Dim
    var isGrouped: Bool { heads != keyHeads }
    private(set) var q, k, v: Value
    private(set) var weights: Value
    /// `[L, S]`, what a causal query sees; nil where it sees everything.
    private var seen: Value?

    /// - Returns: nil where an operand is missing.
    init?(_ gradient: inout GradientBuilder, _ op: Attention, _ operands: [Value?]) throws {
        guard operands.count >= 3, let q = operands[0], let k = operands[1], let v = operands[2] else { return nil }
        self.op = op
        let (headAxis, rowAxis) = op.headsInner ? (2, 1) : (1, 2)
        (heads, keyHeads) = (gradient.shape(q)[headAxis], gradient.shape(k)[headAxis])
        let (batch, rows, columns) = (gradient.shape(q)[0], gradient.shape(q)[rowAxis], gradient.shape(k)[rowAxis])
        (self.q, self.k, self.v, weights) = (q, k, v, q)
        self.q = try queries(&gradient, q)
        self.k = try keys(&gradient, k)
        self.v = try keys(&gradient, v)

        var scores = try gradient.matmul(self.q, gradient.matrixTranspose(self.k))
        if op.scale != 1 { scores = try gradient.times(scores, op.scale) }
        let grouped = gradient.shape(scores)
        scores = try gradient.reshape(scores, to: [batch, heads, rows, columns])
        let nothing = try gradient.scalar(-.infinity, like: scores)
        if op.causal {
            // Row i sees columns up to i + S - L.
            let (row, column) = (try gradient.reshape(gradient.range(rows), to: [rows, 1]), try gradient.range(columns))
            let last = try gradient.add(Binary(.add), row, gradient.extent(columns.minus(rows)))
            let seen = try gradient.add(Binary(.lessOrEqual), column, last)
            scores = try gradient.select(seen, scores, nothing)
            self.seen = seen
        }
        if operands.count > 3, let mask = operands[3] {
            let isFloat = gradient.type(mask).element.isFloat
            scores = try isFloat
                ? gradient.plus(scores, gradient.cast(mask, to: gradient.type(scores).element)) : gradient.select(mask, scores, nothing)
        }
        if !op.emptyRowsAreNaN {
            let isEmpty = try gradient.isEqual(gradient.add(Reduce(.max, axes: [3]), scores), nothing)
            weights = try gradient.add(Softmax(), gradient.replaced(scores, where: isEmpty, by: 0))
            weights = try gradient.replaced(weights, where: isEmpty, by: 0)
        } else {
            weights = try gradient.add(Softmax(), scores)
        }
        if op.nanWeightsAreZero { weights = try gradient.replaced(weights, where: gradient.unary(.isNaN, weights), by: 0) }
        weights = try gradient.reshape(weights, to: grouped)
    }

    /// Something of every score, 0 where it is of a key that the query does not see.
    func ofSeen(_ gradient: inout GradientBuilder, _ x: Value) throws -> Value {
        try seen.map { try gradient.masked(x, where: $0) } ?? x
    }

    /// Rows of queries by heads, from the layer's layout.
    func queries(_ gradient: inout GradientBuilder, _ x: Value) throws -> Value {
        let x = try op.headsInner ? gradient.transpose(x, [0, 2, 1, 3]) : x
        let shape = gradient.shape(x)
        return try isGrouped ? gradient.reshape(x, to: [shape[0], keyHeads, heads.quotient(keyHeads), shape[2], shape[3]]) : x
    }

    private func keys(_ gradient: inout GradientBuilder, _ x: Value) throws -> Value {
        let x = try op.headsInner ? gradient.transpose(x, [0, 2, 1, 3]) : x
        let shape = gradient.shape(x)
        return try isGrouped ? gradient.reshape(x, to: [shape[0], keyHeads, 1, shape[2], shape[3]]) : x
    }

    /// Rows by heads in the layer's layout.
    func layerRows(_ gradient: inout GradientBuilder, _ x: Value, heads: Dim) throws -> Value {
        let shape = gradient.shape(x)
        let rows = try gradient.reshape(x, to: [shape[0], heads] + Shape(shape.suffix(2)))
        return op.headsInner ? try gradient.transpose(rows, [0, 2, 1, 3]) : rows
    }
}
