import CKernels

/// Depthwise convolutions over channels-last images together with the 1×1 convolutions around them. A missing stage has
/// no weights.
package struct SeparableKernel: Kernel {
    package static let name = "separable"
    package static let definition = KernelDefinition(
        operands: [
            OperandRule("x", .only(.float32), "N H W C", .pixels),
            OperandRule("expand_weights?", .any, "*"), OperandRule("expand_bias?", .only(.float32), "*"),
            OperandRule("depthwise_weights", .any, "*"), OperandRule("depthwise_bias?", .only(.float32), "*"),
            OperandRule("project_weights?", .any, "*"), OperandRule("project_bias?", .only(.float32), "#O"),
            OperandRule("residual?", .only(.float32), "N P Q O", .pixels),
        ],
        results: [OperandRule("y", .only(.float32), "N P Q O", .pixels)])

    /// Channels between the stages.
    package var middle = 0
    /// The extent of the square kernel.
    package var kernel = 3
    /// Height and width.
    package var stride: [Int] = [1, 1]
    package var before: [Dim] = [0, 0]
    package var expand = Epilogue()
    package var depthwise = Epilogue()
    package var project = Epilogue()

    package init() {}
    package mutating func visit(_ fields: inout some FieldVisitor) throws {
        try fields("middle", &middle)
        try fields("kernel", &kernel)
        try fields("stride", &stride)
        try fields("before", &before)
        try fields("expand", &expand)
        try fields("depthwise", &depthwise)
        try fields("project", &project)
    }

    package func prepare(_ step: BoundStep) throws -> PreparedKernel {
        let (x, y) = (try step("x"), try step("y"))
        let residual = step.optional("residual")
        var window = Window()
        (window.kernel, window.stride, window.dilation) = ([kernel, kernel], stride, [1, 1])
        (window.before, window.after) = (before, before)
        let bound = try window.bound(step, x: x, y: y)
        var separable = dlc_separable()
        (separable.n, separable.h, separable.w, separable.c) = (Int64(x.shape[0]), Int64(x.shape[1]), Int64(x.shape[2]), Int64(x.shape[3]))
        (separable.oh, separable.ow, separable.oc) = (Int64(y.shape[1]), Int64(y.shape[2]), Int64(y.shape[3]))
        separable.middle = Int64(middle)
        separable.kernel = Int64(kernel)
        (separable.stride, separable.pad) = ((bound.stride.1, bound.stride.2), (bound.before.1, bound.before.2))
        separable.expands = step.optional("expand_weights") != nil
        separable.projects = step.optional("project_weights") != nil
        separable.x_ld = Int64(try x.pixelStride())
        separable.y_ld = Int64(try y.pixelStride())
        separable.residual_ld = Int64(try residual?.pixelStride() ?? Int(separable.oc))
        separable.expand = expand.parameters
        separable.depthwise = depthwise.parameters
        separable.project = project.parameters
        guard ![expand, depthwise, project].contains(where: { $0.activation == DLC_ACT_PRELU }) else {
            throw DLCError("a stage has a slope")
        }
        guard residual == nil || separable.projects else { throw DLCError("a residual without a projection") }
        for channels in [middle, x.shape[3], y.shape[3]] where !(1...(1 << 24)).contains(channels) {
            throw DLCError("\(channels) channels are out of range")
        }
        guard separable.expands || middle == x.shape[3], separable.projects || middle == y.shape[3] else {
            throw DLCError("\(middle) channels between the stages, \(x.shape[3]) before and \(y.shape[3]) behind them")
        }
        try check(step, "expand", bytes: dlc_separable_expand_bytes(step.isa, &separable), channels: middle)
        try check(step, "depthwise", bytes: Int64(4 * kernel * kernel * middle), channels: middle)
        try check(step, "project", bytes: dlc_separable_project_bytes(step.isa, &separable), channels: y.shape[3])
        return try PreparedKernel(separable, slots: step.slots) { dlc_separable_prepare(step.isa, $0, $1) }
    }

    /// A stage's weights and bias have as many elements as the kernel reads.
    private func check(_ step: BoundStep, _ stage: String, bytes: Int64, channels: Int) throws {
        if let weights = step.optional("\(stage)_weights"), weights.count * weights.type.size != Int(bytes) {
            throw DLCError("\(stage)_weights have extents \(weights.shape); expected \(bytes) bytes")
        }
        if let bias = step.optional("\(stage)_bias"), bias.count != channels {
            throw DLCError("\(stage)_bias has extents \(bias.shape); expected \(channels) elements")
        }
    }
}
