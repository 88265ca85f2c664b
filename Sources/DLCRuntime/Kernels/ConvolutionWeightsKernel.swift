import CKernels

/// The gradient of a convolution with respect to its weights, over channels-last tensors without gaps.
package struct ConvolutionWeightsKernel: Kernel {
    package static let name = "conv_weights"
    package static let definition = KernelDefinition(
        operands: [OperandRule("x", .floats, "N *space C"), OperandRule("dy", .floats, "N *windows O")],
        results: [OperandRule("dw", .floats, "O I *kernel")])

    package var groups = 1
    package var window = Window()

    package init() {}
    package mutating func visit(_ fields: inout some FieldVisitor) throws {
        try fields("groups", &groups)
        try fields("window", &window)
    }

    package func prepare(_ step: BoundStep) throws -> PreparedKernel {
        let (x, dy, dw) = (try step("x"), try step("dy"), try step("dw"))
        var conv = dlc_conv_weights()
        try conv.fill(step, x: x, y: dy, window, groups: groups)
        try dw.expect([Int(conv.oc), Int(conv.c) / groups] + window.kernel, "dw")
        return try PreparedKernel(conv, slots: step.slots) { dlc_conv_weights_prepare(step.isa, $0, $1) }
    }
}
