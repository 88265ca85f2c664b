import CKernels

extension dlc_norm_kind: KernelChoice {
    package static let choices: ChoiceTable<dlc_norm_kind> = [DLC_NORM_LAYER: "layer", DLC_NORM_RMS: "rms"]
}

/// Layer and RMS normalisation; the statistics are f32, as ONNX's are.
package struct NormKernel: Kernel {
    package static let name = "norm"
    package static let definition = KernelDefinition(
        operands: [
            OperandRule("x", .floats, "*x", replaceable: true), OperandRule("scale?", .floats, "*"), OperandRule("bias?", .floats, "*"),
        ],
        results: [
            OperandRule("y", .floats, "*x"), OperandRule("mean?", .only(.float32), "*"),
            OperandRule("inverse_deviation?", .only(.float32), "*"),
        ])

    package var kind = DLC_NORM_LAYER
    /// The first normalised dimension.
    package var axis = 0
    package var epsilon = 0.0

    package init() {}
    package mutating func visit(_ fields: inout some FieldVisitor) throws {
        try fields("kind", &kind)
        try fields("axis", &axis)
        try fields("epsilon", &epsilon)
    }

    package func prepare(_ step: BoundStep) throws -> PreparedKernel {
        let x = try step("x")
        guard axis >= 0, axis <= x.rank else { throw DLCError("axis \(axis) is outside \(x.shape)") }
        var norm = dlc_norm()
        norm.type = x.type.kernelType
        norm.kind = kind
        norm.rows = x.product(..<axis)
        norm.n = x.product(axis...)
        norm.epsilon = epsilon
        for (name, count) in [("scale", norm.n), ("bias", norm.n), ("mean", norm.rows), ("inverse_deviation", norm.rows)] {
            guard let vector = step.optional(name), vector.count != Int(count) else { continue }
            throw DLCError("\(name) has extents \(vector.shape); expected \(count) elements")
        }
        return try PreparedKernel(norm, slots: step.slots) { dlc_norm_prepare(step.isa, $0, $1) }
    }
}

/// What normalisations over channels know of a tensor `[batch, channels, ...]`, or `[batch, ..., channels]`.
private struct Channels {
    let batch: Int64
    let channels: Int64
    let spatial: Int64

    init(_ x: BoundOperand, channelsLast: Bool) {
        batch = Int64(x.shape[0])
        channels = Int64(x.shape[channelsLast ? x.rank - 1 : 1])
        spatial = channelsLast ? x.product(1..<(x.rank - 1)) : x.product(2...)
    }
}

/// Group and instance normalisation.
package struct GroupNormKernel: Kernel {
    package static let name = "group_norm"
    package static let definition = KernelDefinition(
        operands: [OperandRule("x", .floats, "N C *rest"), OperandRule("scale?", .floats, "*"), OperandRule("bias?", .floats, "*")],
        results: [OperandRule("y", .floats, "N C *rest")])

    package var groups = 1
    package var channelsLast = false
    package var epsilon = 0.0

    package init() {}
    package mutating func visit(_ fields: inout some FieldVisitor) throws {
        try fields("groups", &groups)
        try fields("channels_last", &channelsLast)
        try fields("epsilon", &epsilon)
    }

    package func prepare(_ step: BoundStep) throws -> PreparedKernel {
        let x = try step("x")
        let shape = Channels(x, channelsLast: channelsLast)
        for case let vector? in [step.optional("scale"), step.optional("bias")] where vector.count != Int(shape.channels) {
            throw DLCError("a scale or bias of extents \(vector.shape); expected \(shape.channels) elements")
        }
        var norm = dlc_group_norm()
        norm.type = x.type.kernelType
        norm.groups = Int64(groups)
        norm.channels_last = channelsLast
        (norm.batch, norm.channels, norm.spatial) = (shape.batch, shape.channels, shape.spatial)
        norm.epsilon = epsilon
        return try PreparedKernel(norm, slots: step.slots) { dlc_group_norm_prepare(step.isa, $0, $1) }
    }
}

/// Division by the L1 or L2 norm along an axis.
package struct LpNormKernel: Kernel {
    package static let name = "lp_norm"
    package static let definition = KernelDefinition(
        operands: [OperandRule("x", .floats, "*shape")], results: [OperandRule("y", .floats, "*shape")])

    package var p = 2
    package var axis = 0

    package init() {}
    package mutating func visit(_ fields: inout some FieldVisitor) throws {
        try fields("p", &p)
        try fields("axis", &axis)
    }

    package func prepare(_ step: BoundStep) throws -> PreparedKernel {
        let x = try step("x")
        var norm = dlc_lp_norm()
        norm.type = x.type.kernelType
        norm.p = Int32(clamping: p)
        (norm.outer, norm.axis, norm.inner) = try x.around(axis)
        return try PreparedKernel(norm, slots: step.slots) { dlc_lp_norm_prepare(step.isa, $0, $1) }
    }
}

/// Local response normalisation.
package struct LRNKernel: Kernel {
    package static let name = "lrn"
    package static let definition = KernelDefinition(
        operands: [OperandRule("x", .floats, "N C *rest")], results: [OperandRule("y", .floats, "N C *rest")])

    /// Channels in a sum.
    package var size = 1
    package var channelsLast = false
    package var alpha = 0.0
    package var beta = 0.0
    package var bias = 0.0

    package init() {}
    package mutating func visit(_ fields: inout some FieldVisitor) throws {
        try fields("size", &size)
        try fields("channels_last", &channelsLast)
        try fields("alpha", &alpha)
        try fields("beta", &beta)
        try fields("bias", &bias)
    }

    package func prepare(_ step: BoundStep) throws -> PreparedKernel {
        let x = try step("x")
        let shape = Channels(x, channelsLast: channelsLast)
        var lrn = dlc_lrn()
        lrn.type = x.type.kernelType
        lrn.size = Int64(size)
        lrn.channels_last = channelsLast
        (lrn.batch, lrn.channels, lrn.spatial) = (shape.batch, shape.channels, shape.spatial)
        (lrn.alpha, lrn.beta, lrn.bias) = (alpha, beta, bias)
        return try PreparedKernel(lrn, slots: step.slots) { dlc_lrn_prepare(step.isa, $0, $1) }
    }
}
