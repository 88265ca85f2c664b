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
    /// Whether weights that are NaN count as 0, as PyTorch exports its scaled_dot_product_attention: those of a row of scores with NaN,
    /// ∞ or, as softmax has it, −∞ alone.
    public var nanWeightsAreZero: Bool

    public init(
        scale: Double = 1, causal: Bool = false, headsInner: Bool = false, emptyRowsAreNaN: Bool = false, nanWeightsAreZero: Bool = false
    ) {
        self.emptyRowsAreNaN = emptyRowsAreNaN
        self.nanWeightsAreZero = nanWeightsAreZero
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
                Example(
                    "nothing seen, counted as 0", Attention(scale: 0.4, emptyRowsAreNaN: true, nanWeightsAreZero: true),
                    [q, k, v, try emptyRow()], isDifferentiable: false),
                Example("causal rows", Attention(scale: 0.3, causal: true, headsInner: true), square),
            ]
        }
    ) {
        Attribute("scale", \.scale)
        Attribute("causal", \.causal)
        Attribute("heads_inner", \.headsInner)
        Attribute("empty_rows_are_nan", \.emptyRowsAreNaN)
        Attribute("nan_weights_are_zero", \.nanWeightsAreZero)
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
            try context.expect(index, name, sameTypeAs: 0)
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
        let reason = "heads of keys divide heads of queries, q \(q.type) and k \(k.type)"
        if k.shape[axes.head].constant == 0 {
            try context.require(q.shape[axes.head], equals: 0, reason)
        } else {
            try context.require(.divides, k.shape[axes.head], q.shape[axes.head], reason)
        }
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
}
