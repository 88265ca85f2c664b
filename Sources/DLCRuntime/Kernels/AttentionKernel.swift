import CKernels

/// Scaled dot-product attention over `[batch, heads, rows, depth]` views; the mask is broadcast to the scores.
package struct AttentionKernel: Kernel {
    package static let name = "attention"
    package static let definition = KernelDefinition(
        operands: [
            OperandRule("q", .only(.float32), "B H Q D", .rows), OperandRule("k", .only(.float32), "B K T D", .rows),
            OperandRule("v", .only(.float32), "B K T V", .rows), OperandRule("mask?", .only(.float32, .bool), "B H Q T", .strided),
        ],
        results: [OperandRule("y", .only(.float32), "B H Q V", .rows)])

    package var causal = false
    /// Whether a query whose scores are all −∞ gives NaN; else it gives zeros.
    package var emptyRowsAreNaN = false
    package var scale = 1.0

    package init() {}
    package mutating func visit(_ fields: inout some FieldVisitor) throws {
        try fields("causal", &causal)
        try fields("empty_rows_are_nan", &emptyRowsAreNaN)
        try fields("scale", &scale)
    }

    package func prepare(_ step: BoundStep) throws -> PreparedKernel {
        let (q, k, v, y) = (try step("q"), try step("k"), try step("v"), try step("y"))
        guard k.shape[1] > 0 ? q.shape[1] % k.shape[1] == 0 : q.shape[1] == 0 else {
            throw DLCError("\(q.shape[1]) heads of queries share \(k.shape[1]) of keys")
        }
        var attention = dlc_attention()
        (attention.batch, attention.heads, attention.kv_heads) = (Int64(q.shape[0]), Int64(q.shape[1]), Int64(k.shape[1]))
        (attention.queries, attention.keys) = (Int64(q.shape[2]), Int64(k.shape[2]))
        (attention.depth, attention.value_depth) = (Int64(q.shape[3]), Int64(v.shape[3]))
        func strides(_ operand: BoundOperand) -> dlc_attention_strides {
            dlc_attention_strides(batch: Int64(operand.strides[0]), head: Int64(operand.strides[1]), row: Int64(operand.strides[2]))
        }
        (attention.q, attention.k, attention.v, attention.y) = (strides(q), strides(k), strides(v), strides(y))
        if let mask = step.optional("mask") {
            attention.mask = strides(mask)
            attention.mask_column = Int64(mask.strides[3])
            attention.mask_kind = mask.type == .bool ? DLC_MASK_BOOL : DLC_MASK_F32
        }
        (attention.causal, attention.empty_rows_are_nan) = (causal, emptyRowsAreNaN)
        attention.causal_offset = attention.keys - attention.queries
        attention.scale = Float(scale)
        return try PreparedKernel(attention, slots: step.slots) { dlc_attention_prepare(step.isa, $0, $1) }
    }
}
