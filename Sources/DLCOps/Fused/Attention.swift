import DLCGraph

/// Scaled-dot-product attention, `softmax(scale · Q · Kᵀ + mask) · V` (Vaswani et al., 2017, section 3.2.1).
///
/// Operands: q `[B, H, L, D]`, k `[B, Hk, S, D]`, v `[B, Hk, S, Dv]` with Hk dividing H; mask broadcasts to `[B, H, L, S]`,
/// added where float, kept where true. With `headsInner` they are `[B, L, H, D]` and so on, as is the result.
public struct Attention: Operator {
    public var scale: Double
    /// Whether row i sees only columns up to `i + S - L`.
    public var causal: Bool
    public var headsInner: Bool
    /// Whether a row of scores that are all −∞ gives NaN, as softmax does, or zeros. A row without keys gives zeros.
    public var emptyRowsAreNaN: Bool

    public init(scale: Double = 1, causal: Bool = false, headsInner: Bool = false, emptyRowsAreNaN: Bool = false) {
        self.emptyRowsAreNaN = emptyRowsAreNaN
        self.scale = scale
        self.causal = causal
        self.headsInner = headsInner
    }

    public var definition: OperatorDefinition { Self.definition }

    public static let definition = OperatorDefinition(
        Attention(), name: "attention", operands: ["q", "k", "v", "mask?"], onnx: [mapping],
        examples: {
            let q = try Tensor.random(seed: 1, shape: [2, 4, 3, 5])
            let k = try Tensor.random(seed: 2, shape: [2, 2, 6, 5])
            let v = try Tensor.random(seed: 3, shape: [2, 2, 6, 7])
            let square = try (4..<7).map { try Tensor.random(seed: $0, shape: [1, 9, 2, 8]) }
            return [
                Example("grouped", Attention(scale: 0.4), [q, k, v]),
                Example("mask", Attention(scale: 0.4), [q, k, v, try Tensor.random(seed: 8, shape: [3, 6])]),
                Example("nothing seen", Attention(scale: 0.4), [q, k, v, try emptyRow()]),
                Example(
                    "nothing seen, as softmax", Attention(scale: 0.4, emptyRowsAreNaN: true), [q, k, v, try emptyRow()],
                    isDifferentiable: false),
                Example("causal rows", Attention(scale: 0.3, causal: true, headsInner: true), square),
            ]
        }
    ) {
        Attribute("scale", \.scale)
        Attribute("causal", \.causal)
        Attribute("heads_inner", \.headsInner)
        Attribute("empty_rows_are_nan", \.emptyRowsAreNaN)
    }

    /// A mask of three rows and six columns whose second row excludes all.
    private static func emptyRow() throws -> Tensor {
        try Tensor(doubles: (0..<18).map { (6..<12).contains($0) ? -.infinity : Double($0) / 9 }, type: .float32, shape: [3, 6])
    }

    var axes: (head: Int, row: Int) { headsInner ? (2, 1) : (1, 2) }

    public func infer(_ context: inout InferContext) throws -> [Fact] {
        for (index, name) in ["q", "k", "v"].enumerated() {
            try context.expect(index, name, rank: 4)
            try context.expect(index, name, [.float32, .float64, .float16, .bfloat16])
        }
        let (q, k, v) = (try context.operand(0), try context.operand(1), try context.operand(2))
        try context.require(q.shape[3], equals: k.shape[3], "q is \(q.type) and k is \(k.type): their last dimensions must agree")
        for axis in [axes.row, axes.head] {
            try context.require(k.shape[axis], equals: v.shape[axis], "k is \(k.type) and v is \(v.type): their rows and heads must agree")
        }
        for (name, fact) in [("k", k), ("v", v)] {
            try context.require(q.shape[0], equals: fact.shape[0], "q is \(q.type) and \(name) is \(fact.type): their batches must agree")
        }
        if let heads = q.shape[axes.head].constant, let inner = k.shape[axes.head].constant,
            inner == 0 ? heads != 0 : heads % inner != 0
        {
            throw DLCError("\(inner) heads of keys do not divide \(heads) heads of queries")
        }
        try context.require(
            .divides, k.shape[axes.head], q.shape[axes.head], "heads of keys divide heads of queries, q \(q.type) and k \(k.type)")
        var shape = q.shape
        shape[3] = v.shape[3]
        if let mask = context.optional(3) {
            guard mask.element == .bool || mask.element == q.element else {
                throw DLCError("mask is \(mask.type); expected bool or \(q.element)")
            }
            let scores: Shape = [q.shape[0], q.shape[axes.head], q.shape[axes.row], k.shape[axes.row]]
            try context.require(mask.shape, expandsTo: scores, "mask is \(mask.type), which broadcasts to \(scores.text)")
        }
        return [Fact(q.element, shape)]
    }

    public func evaluate(_ operands: [Tensor?]) throws -> [Tensor] {
        guard operands.count >= 3, let q = operands[0], let k = operands[1], let v = operands[2] else {
            throw DLCError("an operand is missing")
        }
        let mask = operands.count > 3 ? operands[3] : nil
        let (headAxis, rowAxis) = axes
        let (batch, heads, rows, depth) = (q.shape[0], q.shape[headAxis], q.shape[rowAxis], q.shape[3])
        let (columns, width) = (k.shape[rowAxis], v.shape[3])
        let group = heads / max(k.shape[headAxis], 1)
        let (qs, ks, vs, ms) = (try q.doubles(), try k.doubles(), try v.doubles(), try mask?.doubles())
        func at(_ t: Tensor, _ b: Int, _ h: Int, _ r: Int) -> Int {
            headsInner ? ((b * t.shape[1] + r) * t.shape[2] + h) * t.shape[3] : ((b * t.shape[1] + h) * t.shape[2] + r) * t.shape[3]
        }
        func masked(_ score: Double, _ index: [Int]) -> Double {
            guard let mask, let ms else { return score }
            var offset = 0
            for (axis, extent) in mask.shape.enumerated() { offset = offset * extent + (extent == 1 ? 0 : index[axis + 4 - mask.rank]) }
            return mask.type == .bool ? (ms[offset] != 0 ? score : -.infinity) : score + ms[offset]
        }
        var shape = q.shape
        shape[3] = width
        let y = try Tensor(type: .float64, shape: shape) { _ in }
        var result = [Double](repeating: 0, count: y.count)
        for b in 0..<batch {
            for h in 0..<heads {
                for r in 0..<rows {
                    let qAt = at(q, b, h, r)
                    let scores = (0..<columns).map { c -> Double in
                        if causal && c > r + columns - rows { return -.infinity }
                        let kAt = at(k, b, h / group, c)
                        let product = (0..<depth).reduce(0.0) { $0 + qs[qAt + $1] * ks[kAt + $1] }
                        return masked(product * scale, [b, h, r, c])
                    }
                    let most = scores.reduce(-.infinity) { $0.isNaN || $1.isNaN ? .nan : max($0, $1) }
                    let isEmpty = most == -.infinity && (!emptyRowsAreNaN || columns == 0)
                    let weights = scores.map { isEmpty ? 0 : Oracle.exp($0 - most) }
                    let sum = weights.reduce(0, +)
                    let yAt = at(y, b, h, r)
                    for d in 0..<width {
                        let value = (0..<columns).reduce(0.0) { $0 + weights[$1] * vs[at(v, b, h / group, $1) + d] }
                        result[yAt + d] = isEmpty ? 0 : value / sum
                    }
                }
            }
        }
        return [try Tensor(doubles: result, type: q.type, shape: shape)]
    }
}
