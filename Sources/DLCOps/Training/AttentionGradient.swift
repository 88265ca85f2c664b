import DLCGraph

/// The gradient of attention with respect to queries, keys and values (Dao et al., FlashAttention, 2022, appendix B.4).
///
/// Operands are those of `Attention`, its result y, and the gradient dy with respect to y; attributes and layouts are the forward
/// operator's. With the weights P and D = Σ dy ∘ y of each query, dS = scale · P ∘ (dy vᵀ − D), dq = dS k, dk = dSᵀ q and
/// dv = Pᵀ dy; heads that share keys and values add to theirs. Keys that a causal query does not see get nothing from it and give
/// nothing to it, whatever they hold.
public struct AttentionGradient: Operator {
    /// The operator whose gradient this is, without `nanWeightsAreZero`, which is differentiated as it is spelled.
    public var layer: Attention

    /// Where y stands among the operands.
    public static let yPosition = 4

    public init(of layer: Attention) { self.layer = layer }

    public var definition: OperatorDefinition { Self.definition }

    public static let definition = OperatorDefinition(
        AttentionGradient(of: Attention()), name: "attention_gradient", operands: ["q", "k", "v", "mask?", "y", "dy"],
        results: ["dq", "dk", "dv"], examples: { try examples() }
    ) {
        Attribute("scale", \.layer.scale)
        Attribute("causal", \.layer.causal)
        Attribute("heads_inner", \.layer.headsInner)
        Attribute("empty_rows_are_nan", \.layer.emptyRowsAreNaN)
    }

    /// Those of the forward operator.
    private static func examples() throws -> [Example] {
        try Attention.definition.examples().enumerated().compactMap { number, example in
            guard let layer = example.op as? Attention, !layer.nanWeightsAreZero else { return nil }
            let y = try layer.evaluate(example.operands)[0]
            let absent = [Tensor?](repeating: nil, count: 4 - example.operands.count)
            let dy = try Tensor.random(seed: 30 + UInt64(number), shape: y.shape)
            return Example(
                example.name, AttentionGradient(of: layer), example.operands + absent + [y, dy], isDifferentiable: example.isDifferentiable)
        }
    }

    public func infer(_ context: inout InferContext) throws -> [Fact] {
        var forward = InferContext(operands: (0..<4).map { context.optional($0) })
        let result = try layer.infer(&forward)[0]
        for constraint in forward.constraints { try context.require(constraint) }
        for (index, name) in [(Self.yPosition, "y"), (Self.yPosition + 1, "dy")] {
            let fact = try context.operand(index), reason = "\(name) is \(fact.type); expected \(result.type)"
            guard fact.element == result.element else { throw DLCError(reason) }
            try context.require(fact.shape, equals: result.shape, reason)
        }
        return try (0..<3).map { Fact(try context.operand($0).type) }
    }

    public func evaluate(_ operands: [Tensor?]) throws -> [Tensor] {
        let scores = try AttentionScores(layer, operands)
        let (q, k, v) = (scores.q, scores.k, try Oracle.operand(operands, 2))
        let (y, dy) = (try Oracle.operand(operands, 4), try Oracle.operand(operands, 5))
        let (vs, ys, dys) = (try v.doubles(), try y.doubles(), try dy.doubles())
        var (dq, dk, dv) = (scores.qs.map { _ in 0.0 }, scores.ks.map { _ in 0.0 }, vs.map { _ in 0.0 })
        func dot(_ a: [Double], _ i: Range<Int>, _ b: [Double], _ j: Range<Int>) -> Double { zip(i, j).reduce(0) { $0 + a[$1.0] * b[$1.1] } }
        for b in 0..<scores.batch {
            for h in 0..<scores.heads {
                for r in 0..<scores.rows {
                    let row = scores.weights(b, h, r)
                    let (query, result) = (layer.elements(of: q, b, h, r), layer.elements(of: y, b, h, r))
                    let delta = dot(ys, result, dys, result)
                    for c in 0..<scores.seen(r) {
                        let (key, value) = (layer.elements(of: k, b, h / scores.group, c), layer.elements(of: v, b, h / scores.group, c))
                        let weight = row.isEmpty ? 0 : row.values[c] / row.sum
                        let ds = layer.scale * weight * (dot(dys, result, vs, value) - delta)
                        for (i, j) in zip(query, key) {
                            dq[i] += ds * scores.ks[j]
                            dk[j] += ds * scores.qs[i]
                        }
                        for (i, j) in zip(result, value) { dv[j] += weight * dys[i] }
                    }
                }
            }
        }
        return try zip([dq, dk, dv], [q, k, v]).map { try Tensor(doubles: $0, type: q.type, shape: $1.shape) }
    }
}
