import CKernels

/// The gradient of max pooling with respect to x, channels last: every element of dy goes to its window's maximum.
package struct MaxPoolGradientKernel: Kernel {
    package static let name = "max_pool_gradient"
    package static let definition = KernelDefinition(
        operands: [OperandRule("x", .floats, "N *space C", .pixels), OperandRule("dy", .floats, "N *windows C", .pixels)],
        results: [OperandRule("dx", .floats, "N *space C", .pixels)])

    package var window = Window()

    package init() {}
    package mutating func visit(_ fields: inout some FieldVisitor) throws { try fields("window", &window) }

    package func prepare(_ step: BoundStep) throws -> PreparedKernel {
        let (x, dy, dx) = (try step("x"), try step("dy"), try step("dx"))
        var gradient = try window.poolGradient(DLC_POOL_GRADIENT_MAX, step, x: x, y: dy)
        gradient.pool.x_ld = Int64(try x.pixelStride())
        gradient.dy_ld = Int64(try dy.pixelStride())
        gradient.result_ld = Int64(try dx.pixelStride())
        return try PreparedKernel(gradient, slots: step.slots("x", "dy", "dx")) { dlc_pool_gradient_prepare(step.isa, $0, $1) }
    }
}

/// The elements of t at the maxima of x's windows, channels last.
package struct MaxPoolSelectKernel: Kernel {
    package static let name = "max_pool_select"
    package static let definition = KernelDefinition(
        operands: [OperandRule("x", .floats, "N *space C", .pixels), OperandRule("t", .floats, "N *space C", .pixels)],
        results: [OperandRule("y", .floats, "N *windows C", .pixels)])

    package var window = Window()

    package init() {}
    package mutating func visit(_ fields: inout some FieldVisitor) throws { try fields("window", &window) }

    package func prepare(_ step: BoundStep) throws -> PreparedKernel {
        let (x, t, y) = (try step("x"), try step("t"), try step("y"))
        var gradient = try window.poolGradient(DLC_POOL_GRADIENT_SELECT, step, x: x, y: y)
        gradient.pool.x_ld = Int64(try x.pixelStride())
        gradient.dy_ld = Int64(try t.pixelStride())
        gradient.result_ld = Int64(try y.pixelStride())
        return try PreparedKernel(gradient, slots: step.slots("x", "t", "y")) { dlc_pool_gradient_prepare(step.isa, $0, $1) }
    }
}

/// The gradient of average pooling, channels last: every element of dy goes in equal parts to what its window averages.
package struct AveragePoolGradientKernel: Kernel {
    package static let name = "average_pool_gradient"
    package static let definition = KernelDefinition(
        operands: [OperandRule("dy", .floats, "N *windows C", .pixels)],
        results: [OperandRule("dx", .floats, "N *space C", .pixels)])

    /// Whether an average counts padding.
    package var countsPadding = false
    package var window = Window()

    package init() {}
    package mutating func visit(_ fields: inout some FieldVisitor) throws {
        try fields("counts_padding", &countsPadding)
        try fields("window", &window)
    }

    package func prepare(_ step: BoundStep) throws -> PreparedKernel {
        let (dy, dx) = (try step("dy"), try step("dx"))
        var gradient = try window.poolGradient(DLC_POOL_GRADIENT_AVERAGE, step, x: dx, y: dy)
        gradient.pool.count_include_pad = countsPadding
        gradient.pool.x_ld = Int64(try dx.pixelStride())
        gradient.dy_ld = Int64(try dy.pixelStride())
        gradient.result_ld = Int64(try dx.pixelStride())
        return try PreparedKernel(gradient, slots: step.slots(nil, "dy", "dx")) { dlc_pool_gradient_prepare(step.isa, $0, $1) }
    }
}

extension Window {
    /// What the gradients have in common: the windows of a pooling from tensors like `x` to tensors like `y`.
    fileprivate func poolGradient(_ kind: dlc_pool_gradient_kind, _ step: BoundStep, x: BoundOperand, y: BoundOperand) throws
        -> dlc_pool_gradient
    {
        let window = try bound(step, x: x, y: y)
        var gradient = dlc_pool_gradient()
        gradient.kind = kind
        gradient.pool.type = x.type.kernelType
        gradient.pool.batch = Int64(x.shape[0])
        gradient.pool.channels = Int64(x.shape[x.rank - 1])
        gradient.pool.x_extent = try x.volume()
        gradient.pool.y_extent = try y.volume()
        (gradient.pool.kernel, gradient.pool.stride, gradient.pool.dilation) = (window.kernel, window.stride, window.dilation)
        (gradient.pool.pad_begin, gradient.pool.pad_end) = (window.before, window.after)
        return gradient
    }
}
