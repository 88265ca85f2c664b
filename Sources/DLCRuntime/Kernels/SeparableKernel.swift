import CKernels

/// Depthwise convolutions over channels-last images together with the 1×1 convolutions around them.
///
/// Operands: x, packed weights and bias of the expansion, of the depthwise convolution and of the projection, residual;
/// result y. A missing stage has no weights. Integers: channels between the stages, the kernel's extent, strides and
/// padding in front (height, width), the three stages' activations, whether the residual comes after the last. Numbers:
/// the parameters of the activations, two each.
enum SeparableKernel {
    static func prepare(_ step: BoundStep) throws -> PreparedKernel {
        let (x, y) = (try step.operand(0), try step.result(0))
        guard step.operands.count == 8, step.integers.count == 10, step.numbers.count == 6, x.rank == 4, y.rank == 4,
            x.shape[0] == y.shape[0], x.type == .float32, y.type == .float32
        else { throw DLCError("malformed separable convolution") }
        var separable = dlc_separable()
        (separable.n, separable.h, separable.w, separable.c) = (Int64(x.shape[0]), Int64(x.shape[1]), Int64(x.shape[2]), Int64(x.shape[3]))
        (separable.oh, separable.ow, separable.oc) = (Int64(y.shape[1]), Int64(y.shape[2]), Int64(y.shape[3]))
        separable.middle = Int64(try step.integer(0))
        separable.kernel = Int64(try step.integer(1))
        separable.stride = (Int64(try step.integer(2)), Int64(try step.integer(3)))
        separable.pad = (Int64(try step.integer(4)), Int64(try step.integer(5)))
        separable.expands = step.optional(1) != nil
        separable.projects = step.optional(5) != nil
        separable.x_ld = Int64(try x.pixelStride())
        separable.y_ld = Int64(try y.pixelStride())
        let residual = step.optional(7)
        separable.residual_ld = Int64(try residual?.pixelStride() ?? Int(separable.oc))
        separable.expand = try epilogue(step, 0)
        separable.depthwise = try epilogue(step, 1)
        separable.project = try epilogue(step, 2)
        separable.project.residual_after_activation = try step.integer(9) != 0
        guard residual == nil || (residual?.shape == y.shape && separable.projects), (1...(1 << 24)).contains(separable.middle),
            (1...5).contains(separable.kernel), (1...(1 << 24)).contains(separable.c), (1...(1 << 24)).contains(separable.oc)
        else { throw DLCError("malformed separable convolution") }
        let taps = separable.kernel * separable.kernel
        try check(step, 1, bytes: dlc_separable_expand_bytes(step.isa, &separable), bias: separable.middle)
        try check(step, 3, bytes: 4 * taps * separable.middle, bias: separable.middle)
        try check(step, 5, bytes: dlc_separable_project_bytes(step.isa, &separable), bias: separable.oc)
        return try PreparedKernel(separable, slots: PreparedKernel.slots(step)) { dlc_separable_prepare(step.isa, $0, $1) }
    }

    private static func epilogue(_ step: BoundStep, _ stage: Int) throws -> dlc_epilogue {
        guard let activation = UInt8(exactly: try step.integer(6 + stage)), activation <= DLC_ACT_ELU.rawValue,
            activation != DLC_ACT_PRELU.rawValue
        else { throw DLCError("malformed epilogue") }
        var epilogue = dlc_epilogue()
        epilogue.activation = dlc_activation(rawValue: activation)
        epilogue.a = Float(try step.number(2 * stage))
        epilogue.b = Float(try step.number(2 * stage + 1))
        return epilogue
    }

    /// A stage's weights and bias have as many elements as the kernel reads.
    private static func check(_ step: BoundStep, _ operand: Int, bytes: Int64, bias: Int64) throws {
        if let weights = step.optional(operand), weights.count * weights.type.size != bytes { throw DLCError("the weights are not those of the stage") }
        if let values = step.optional(operand + 1), values.count != bias || values.type != .float32 || !values.isContiguous {
            throw DLCError("malformed bias")
        }
    }
}
