import CKernels

/// The gradient of a convolution with respect to its weights, over channels-last tensors without gaps.
package struct ConvolutionWeightsKernel: Kernel {
    package static let definition = KernelDefinition(
        "conv_weights", operands: [OperandRule("x", .floats, "N *space C"), OperandRule("dy", .floats, "N *windows O")],
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
        let window = try window.bound(step, x: x, y: dy)
        let channels = x.shape[x.rank - 1]
        guard groups >= 1, channels % groups == 0 else { throw DLCError("\(channels) channels in \(groups) groups") }
        try dw.expect([dy.shape[dy.rank - 1], channels / groups] + self.window.kernel, "dw")
        var conv = dlc_conv_weights()
        conv.type = x.type.kernelType
        conv.n = Int64(x.shape[0])
        (conv.d, conv.h, conv.w) = try x.volume()
        (conv.od, conv.oh, conv.ow) = try dy.volume()
        conv.c = Int64(channels)
        conv.oc = Int64(dy.shape[dy.rank - 1])
        conv.groups = Int64(groups)
        (conv.kernel, conv.stride, conv.dilation, conv.pad) = (window.kernel, window.stride, window.dilation, window.before)
        return try PreparedKernel(conv, slots: step.slots) { dlc_conv_weights_prepare(step.isa, $0, $1) }
    }
}
