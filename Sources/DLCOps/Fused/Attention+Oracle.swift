import DLCGraph

/// The scores of attention in doubles, a row at a time.
struct AttentionScores {
    let op: Attention
    let q: Tensor, k: Tensor
    let qs: [Double], ks: [Double]
    private let mask: Tensor?
    private let ms: [Double]

    /// - Throws: where an operand is missing.
    init(_ op: Attention, _ operands: [Tensor?]) throws {
        self.op = op
        (q, k, mask) = (try Oracle.operand(operands, 0), try Oracle.operand(operands, 1), Oracle.optional(operands, 3))
        (qs, ks, ms) = (try q.doubles(), try k.doubles(), try mask?.doubles() ?? [])
    }

    var batch: Int { q.shape[0] }
    var heads: Int { q.shape[op.axes.head] }
    var rows: Int { q.shape[op.axes.row] }
    var columns: Int { k.shape[op.axes.row] }
    /// Heads of queries that share one of keys.
    var group: Int { max(heads / max(k.shape[op.axes.head], 1), 1) }

    /// The columns that a row sees, masked ones included.
    func seen(_ row: Int) -> Int { op.causal ? min(max(row + columns - rows + 1, 0), columns) : columns }

    /// The weights of a row, still to be divided by their sum; `isEmpty` where they are zeros instead.
    func weights(_ b: Int, _ h: Int, _ row: Int) -> (values: [Double], sum: Double, isEmpty: Bool) {
        let query = op.elements(of: q, b, h, row), seen = seen(row)
        let scores = (0..<columns).map { column -> Double in
            if column >= seen { return -.infinity }
            let product = zip(query, op.elements(of: k, b, h / group, column)).reduce(0.0) { $0 + qs[$1.0] * ks[$1.1] }
            return masked(product * op.scale, [b, h, row, column])
        }
        let most = scores.reduce(-.infinity) { $0.isNaN || $1.isNaN ? .nan : max($0, $1) }
        let isEmpty = most == -.infinity && (!op.emptyRowsAreNaN || columns == 0)
        let weights = scores.map { isEmpty ? 0 : Oracle.exp($0 - most) }, sum = weights.reduce(0, +)
        return op.nanWeightsAreZero && sum.isNaN ? (weights.map { _ in 0 }, 1, isEmpty) : (weights, sum, isEmpty)
    }

    private func masked(_ score: Double, _ index: [Int]) -> Double {
        guard let mask else { return score }
        var offset = 0
        for (axis, extent) in mask.shape.enumerated() { offset = offset * extent + (extent == 1 ? 0 : index[axis + 4 - mask.rank]) }
        return mask.type == .bool ? (ms[offset] != 0 ? score : -.infinity) : score + ms[offset]
    }
}

extension Attention {
    /// Where the elements of a row of a head lie.
    func elements(of t: Tensor, _ b: Int, _ h: Int, _ r: Int) -> Range<Int> {
        let start = headsInner ? ((b * t.shape[1] + r) * t.shape[2] + h) * t.shape[3] : ((b * t.shape[1] + h) * t.shape[2] + r) * t.shape[3]
        return start..<start + t.shape[3]
    }

    public func evaluate(_ operands: [Tensor?]) throws -> [Tensor] {
        let scores = try AttentionScores(self, operands), v = try Oracle.operand(operands, 2)
        let vs = try v.doubles()
        var shape = scores.q.shape
        shape[3] = v.shape[3]
        let y = try Tensor(type: .float64, shape: shape) { _ in }
        var result = [Double](repeating: 0, count: y.count)
        for b in 0..<scores.batch {
            for h in 0..<scores.heads {
                let columns = (0..<scores.columns).map { elements(of: v, b, h / scores.group, $0).lowerBound }
                for r in 0..<scores.rows {
                    let row = scores.weights(b, h, r)
                    for (d, place) in elements(of: y, b, h, r).enumerated() where !row.isEmpty {
                        result[place] = zip(columns, row.values).reduce(0.0) { $0 + $1.1 * vs[$1.0 + d] } / row.sum
                    }
                }
            }
        }
        return [try Tensor(doubles: result, type: scores.q.type, shape: shape)]
    }
}
