import CKernels

/// Scaled dot-product attention over `[batch, heads, rows, depth]` views; the mask is broadcast to the scores. The statistics are
/// what weights are made with, for the layer's gradient.
package struct AttentionKernel: Kernel {
    package static let name = "attention"
    package static let definition = KernelDefinition(
        operands: [
            OperandRule("q", .only(.float32), "B H Q D", .rows), OperandRule("k", .only(.float32), "B K T D", .rows),
            OperandRule("v", .only(.float32), "B K T V", .rows), OperandRule("mask?", .only(.float32, .bool), "B H Q T", .strided),
        ],
        results: [OperandRule("y", .only(.float32), "B H Q V", .rows), OperandRule("statistics?", .only(.float32), "B H Q 2")])

    package var causal = false
    /// Whether a query whose scores are all −∞ gives NaN; else it gives zeros.
    package var emptyRowsAreNaN = false
    /// Whether weights that are NaN count as 0.
    package var nanWeightsAreZero = false
    package var scale = 1.0

    package init() {}
    package mutating func visit(_ fields: inout some FieldVisitor) throws {
        try fields("causal", &causal)
        try fields("empty_rows_are_nan", &emptyRowsAreNaN)
        try fields("nan_weights_are_zero", &nanWeightsAreZero)
        try fields("scale", &scale)
    }

    package func prepare(_ step: BoundStep) throws -> PreparedKernel {
        try PreparedKernel(parameters(step), slots: step.slots) { dlc_attention_prepare(step.isa, $0, $1) }
    }

    /// The layer as C knows it, of a step that has its operands and result under their names.
    /// - Throws: where heads of keys do not divide those of queries.
    func parameters(_ step: BoundStep) throws -> dlc_attention {
        let (q, k, v, y) = (try step("q"), try step("k"), try step("v"), try step("y"))
        guard k.shape[1] > 0 ? q.shape[1] % k.shape[1] == 0 : q.shape[1] == 0 else {
            throw DLCError("\(q.shape[1]) heads of queries share \(k.shape[1]) of keys")
        }
        var attention = dlc_attention()
        (attention.batch, attention.heads, attention.kv_heads) = (Int64(q.shape[0]), Int64(q.shape[1]), Int64(k.shape[1]))
        (attention.queries, attention.keys) = (Int64(q.shape[2]), Int64(k.shape[2]))
        (attention.depth, attention.value_depth) = (Int64(q.shape[3]), Int64(v.shape[3]))
        (attention.q, attention.k, attention.v, attention.y) = (q.attentionStrides, k.attentionStrides, v.attentionStrides, y.attentionStrides)
        if let mask = step.optional("mask") {
            attention.mask = mask.attentionStrides
            attention.mask_column = Int64(mask.strides[3])
            attention.mask_kind = mask.type == .bool ? DLC_MASK_BOOL : DLC_MASK_F32
        }
        (attention.causal, attention.empty_rows_are_nan, attention.nan_weights_are_zero) = (causal, emptyRowsAreNaN, nanWeightsAreZero)
        attention.causal_offset = attention.keys - attention.queries
        attention.scale = Float(scale)
        return attention
    }
}

extension BoundOperand {
    /// The distances of `[batch, heads, rows, depth]`.
    var attentionStrides: dlc_attention_strides {
        dlc_attention_strides(batch: Int64(strides[0]), head: Int64(strides[1]), row: Int64(strides[2]))
    }
}
