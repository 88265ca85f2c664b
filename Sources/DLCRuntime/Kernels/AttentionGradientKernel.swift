import CKernels

/// The gradient of scaled dot-product attention over `[batch, heads, rows, depth]` views, with the statistics of its weights where
/// the layer's step gives them.
package struct AttentionGradientKernel: Kernel {
    package static let name = "attention_gradient"
    package static let definition = KernelDefinition(
        operands: [
            OperandRule("q", .only(.float32), "B H Q D", .rows), OperandRule("k", .only(.float32), "B K T D", .rows),
            OperandRule("v", .only(.float32), "B K T V", .rows), OperandRule("mask?", .only(.float32, .bool), "B H Q T", .strided),
            OperandRule("y", .only(.float32), "B H Q V", .rows), OperandRule("dy", .only(.float32), "B H Q V", .rows),
            OperandRule("statistics?", .only(.float32), "B H Q 2"),
        ],
        results: [
            OperandRule("dq", .only(.float32), "B H Q D", .rows), OperandRule("dk", .only(.float32), "B K T D", .rows),
            OperandRule("dv", .only(.float32), "B K T V", .rows),
        ])

    /// The layer whose gradient it is.
    package var layer = AttentionKernel()

    package init() {}
    package mutating func visit(_ fields: inout some FieldVisitor) throws { try fields("layer", &layer) }

    package func prepare(_ step: BoundStep) throws -> PreparedKernel {
        var gradient = dlc_attention_gradient()
        gradient.layer = try layer.parameters(step)
        (gradient.dy, gradient.dq) = (try step("dy").attentionStrides, try step("dq").attentionStrides)
        (gradient.dk, gradient.dv) = (try step("dk").attentionStrides, try step("dv").attentionStrides)
        gradient.has_statistics = step.optional("statistics") != nil
        return try PreparedKernel(gradient, slots: step.slots) { dlc_attention_gradient_prepare(step.isa, $0, $1) }
    }
}
