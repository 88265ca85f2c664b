import CKernels

/// Convolutions of 8-bit integers over channels-last tensors, exact in i32 that wraps. Groups of one channel have a kernel of
/// their own; others are products of patches, or of the image itself where the kernel is 1×1.
package struct IntegerConvolutionKernel: Kernel {
    package static let name = "integer_conv"
    package static let definition = KernelDefinition(
        operands: [
            OperandRule("x", .only(.int8, .uint8), "N *space C", .pixels), OperandRule("weights", .only(.uint8), "_"),
            OperandRule("x_zero_point?", .only(.int8, .uint8), "#1"), OperandRule("w_zero_point?", .only(.int8, .uint8), "*"),
        ] + IntegerFinishFields.rules(addend: "N *windows O", .pixels),
        results: [OperandRule("y", .only(.int32, .float32, .int8, .uint8), "N *windows O", .pixels)])

    package var groups = 1
    package var window = Window()
    /// Whether the weights were signed before they were packed, as their zero point is.
    package var signedWeights = false
    package var finish = IntegerFinishFields()

    package init() {}
    package mutating func visit(_ fields: inout some FieldVisitor) throws {
        try fields("groups", &groups)
        try fields("window", &window)
        try fields("signed_weights", &signedWeights)
        try fields("finish", &finish)
    }

    /// Whether weights of these extents, `[O, C / groups, …]`, are convolved channel by channel.
    package static func isDepthwise(_ shape: Shape, groups: Int) -> Bool { shape.count > 1 && groups > 1 && shape[1].constant == 1 }

    /// Taps whose inputs are packed as one run of whole quads: those of a line, which lie one behind another in an image, where
    /// there is one group and no dilation along the line.
    package static func runTaps(_ window: Window, groups: Int) -> Int {
        guard groups == 1, let kernel = window.kernel.last, window.dilation.last == 1 else { return 1 }
        return max(1, kernel)
    }

    /// Rows of packed weights: runs of taps, each rounded up to whole quads.
    package static func packedRows(_ window: Window, groups: Int, channels: Dim) throws -> Dim {
        let run = runTaps(window, groups: groups)
        return try channels.times(Dim(run)).ceilingQuotient(4).times(Dim(4 * (window.taps / run)))
    }

    package func prepare(_ step: BoundStep) throws -> PreparedKernel {
        let (x, weights, y) = (try step("x"), try step("weights"), try step("y"))
        var conv = dlc_conv()
        try conv.fill(step, x: x, y: y, window, groups: groups)
        let (zeroX, zeroW) = (step.optional("x_zero_point"), step.optional("w_zero_point"))
        guard zeroX?.type ?? x.type == x.type, zeroW?.type ?? (signedWeights ? .int8 : .uint8) == (signedWeights ? .int8 : .uint8) else {
            throw DLCError("a zero point has another type than its operand")
        }
        guard [nil, 1, Int(conv.oc)].contains(zeroW?.count) else {
            throw DLCError("w_zero_point has extents \(zeroW?.shape ?? []); expected one element or \(conv.oc)")
        }
        let finish = try finish.parameters(step, y.type, columns: Int(conv.oc))
        let (addend, operands) = (step.optional("addend"), step.slots("x", "weights", "x_zero_point", "w_zero_point"))
        let isPerChannel = zeroW.map { $0.count > 1 } ?? false
        let pixels = (x: Int64(try x.pixelStride()), y: Int64(try y.pixelStride()))
        // Where extents were open when the weights were packed, those of single channels may lie as products have them.
        if groups > 1, Int(conv.c) == groups, weights.count == window.taps * Int(conv.oc) {
            var depthwise = dlc_integer_depthwise()
            (depthwise.x_signed, depthwise.w_signed, depthwise.w_zero_per_channel) = (x.type == .int8, signedWeights, isPerChannel)
            (depthwise.n, depthwise.d, depthwise.h, depthwise.w) = (conv.n, conv.d, conv.h, conv.w)
            (depthwise.od, depthwise.oh, depthwise.ow) = (conv.od, conv.oh, conv.ow)
            (depthwise.channels, depthwise.multiplier) = (conv.c, conv.oc / conv.c)
            (depthwise.kernel, depthwise.stride, depthwise.dilation, depthwise.pad) = (conv.kernel, conv.stride, conv.dilation, conv.pad)
            (depthwise.x_ld, depthwise.y_ld) = pixels
            depthwise.finish = finish
            guard addend == nil, !finish.addend_columns else { throw DLCError("convolutions of single channels have no addend") }
            let slots = operands + IntegerFinishFields.slots(step).dropLast() + step.slots("y")
            return try PreparedKernel(depthwise, slots: slots) { dlc_integer_depthwise_prepare(step.isa, $0, $1) }
        }
        let channels = conv.c / conv.groups, outputs = conv.oc / conv.groups, inner = Int64(window.taps) * channels
        guard inner <= 1 << 24 else { throw DLCError("patches of \(inner) elements are too large") }
        let run = Int64(Self.runTaps(window, groups: groups)), rows = dlc_integer_packed_rows(Int64(window.taps), channels, run)
        let (packed, overflows) = dlc_integer_packed_bytes(step.isa, rows, outputs).multipliedReportingOverflow(by: conv.groups)
        guard !overflows, weights.count == packed else {
            throw DLCError("the weights are not those of \(inner) × \(outputs) in \(groups) groups")
        }
        var product = dlc_integer_product()
        (product.a_signed, product.b_signed, product.has_b_zero) = (x.type == .int8, signedWeights, zeroW != nil)
        product.m = Int64(try Checked.count([conv.n, conv.od, conv.oh, conv.ow].map { Int($0) }))
        (product.n, product.k) = (outputs, inner)
        product.batch = (1, 1, 1, conv.groups)
        product.a_batch.3 = channels
        product.b_batch.3 = packed / max(1, conv.groups)
        (product.c_batch.3, product.addend_batch.3) = (outputs, outputs)
        product.b_zero_batch.3 = isPerChannel ? outputs : 0
        (product.a_row, product.a_column, product.c_row) = (pixels.x, 1, pixels.y)
        product.addend_row = Int64(try addend?.pixelStride() ?? 0)
        product.finish = finish
        product.finish_batch.3 = outputs
        product.b_zero_column = isPerChannel ? 1 : 0
        let isPointwise =
            window.taps == 1 && window.stride.allSatisfy { $0 == 1 } && x.shape.dropLast() == y.shape.dropLast()
            && [conv.pad.0, conv.pad.1, conv.pad.2].allSatisfy { $0 == 0 }
        product.has_patches = !isPointwise
        (product.patches.d, product.patches.h, product.patches.w) = (conv.d, conv.h, conv.w)
        (product.patches.od, product.patches.oh, product.patches.ow) = (conv.od, conv.oh, conv.ow)
        (product.patches.channels, product.patches.run_taps, product.patches.pixel) = (channels, run, pixels.x)
        (product.patches.kernel, product.patches.stride) = (conv.kernel, conv.stride)
        (product.patches.dilation, product.patches.pad) = (conv.dilation, conv.pad)
        let slots = operands + IntegerFinishFields.slots(step) + step.slots("y")
        return try PreparedKernel(product, slots: slots) { dlc_integer_product_prepare(step.isa, $0, $1) }
    }
}
