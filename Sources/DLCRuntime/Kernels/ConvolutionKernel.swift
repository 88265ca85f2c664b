import CKernels

extension dlc_conv_algorithm: KernelChoice {
    package static let choices: KeyValuePairs<dlc_conv_algorithm, String> = [
        DLC_CONV_IGEMM: "igemm", DLC_CONV_WINOGRAD_2: "winograd 2x2", DLC_CONV_WINOGRAD_4: "winograd 4x4", DLC_CONV_DEPTHWISE: "depthwise",
        DLC_CONV_DIRECT: "direct", DLC_CONV_STRASSEN: "strassen", DLC_CONV_WINOGRAD_STRIDED: "winograd 2x2/2",
    ]
}

/// What convolutions and transposed ones are over: channels-last tensors, with the epilogue's operands.
private let operands = [
    OperandRule("x", .floats, "N *space C", .pixels), OperandRule("weights", .any, "*"), OperandRule("bias?", .floats, "#O"),
    OperandRule("residual?", .floats, "N *windows O", .pixels), OperandRule("slope?", .floats, "#O"),
]
private let results = [OperandRule("y", .floats, "N *windows O", .pixels)]

/// Convolutions over channels-last tensors; the weights are packed for the algorithm.
package struct ConvolutionKernel: Kernel {
    package static let definition = KernelDefinition("conv", operands: operands, results: results)

    package var algorithm = DLC_CONV_IGEMM
    package var groups = 1
    package var window = Window()
    package var epilogue = Epilogue()

    package init() {}
    package mutating func visit(_ fields: inout some FieldVisitor) throws {
        try fields("algorithm", &algorithm)
        try fields("groups", &groups)
        try fields("window", &window)
        try fields("epilogue", &epilogue)
    }

    package var label: String {
        algorithm == DLC_CONV_IGEMM && window.taps == 1 ? "conv 1x1" : "conv \(algorithm.choiceName ?? "")"
    }

    /// Winograd's and Strassen's algorithms make fewer products: two operations for each per tile and pair of channels.
    package func performed(_ operations: Double, _ shapes: StepShapes) -> Double {
        if algorithm == DLC_CONV_STRASSEN { return operations * 7 / 8 }
        let (tile, side): (Double, Double)
        switch algorithm {
        case DLC_CONV_WINOGRAD_2: (tile, side) = (2, 4)
        case DLC_CONV_WINOGRAD_4: (tile, side) = (4, 6)
        case DLC_CONV_WINOGRAD_STRIDED: (tile, side) = (2, 5)
        default: return operations
        }
        let (x, y) = (shapes["x"], shapes["y"])
        guard x.count == 4, y.count == 4 else { return operations }
        let tiles = y[0] * (y[1] / tile).rounded(.up) * (y[2] / tile).rounded(.up)
        return 2 * tiles * side * side * x[3] / Double(max(1, groups)) * y[3]
    }

    package func prepare(_ step: BoundStep) throws -> PreparedKernel {
        let (x, y, weights) = (try step("x"), try step("y"), try step("weights"))
        let window = try window.bound(step, x: x, y: y)
        try epilogue.check(step)
        var conv = dlc_conv()
        conv.type = x.type.kernelType
        conv.algorithm = algorithm
        conv.n = Int64(x.shape[0])
        (conv.d, conv.h, conv.w) = try x.volume()
        (conv.od, conv.oh, conv.ow) = try y.volume()
        (conv.c, conv.oc) = try channels(x, y, groups: groups, taps: self.window.taps)
        conv.groups = Int64(groups)
        (conv.kernel, conv.stride, conv.dilation, conv.pad) = (window.kernel, window.stride, window.dilation, window.before)
        conv.epilogue = epilogue.parameters
        conv.x_ld = Int64(try x.pixelStride())
        conv.y_ld = Int64(try y.pixelStride())
        conv.residual_ld = Int64(try step.optional("residual")?.pixelStride() ?? Int(conv.oc))
        guard Int(dlc_conv_packed_bytes(step.isa, &conv)) == weights.count * weights.type.size else {
            throw DLCError("the weights are not those of \(conv.c) input and \(conv.oc) output channels")
        }
        return try PreparedKernel(conv, slots: step.slots) { dlc_conv_prepare(step.isa, $0, $1) }
    }
}

/// Transposed convolutions over channels-last tensors.
package struct TransposedConvolutionKernel: Kernel {
    package static let definition = KernelDefinition("conv_transpose", operands: operands, results: results)

    package var groups = 1
    package var window = Window()
    package var epilogue = Epilogue()

    package init() {}
    package mutating func visit(_ fields: inout some FieldVisitor) throws {
        try fields("groups", &groups)
        try fields("window", &window)
        try fields("epilogue", &epilogue)
    }

    package var label: String { "conv transposed" }

    package func prepare(_ step: BoundStep) throws -> PreparedKernel {
        let (x, y, weights) = (try step("x"), try step("y"), try step("weights"))
        let window = try window.bound(step, x: x, y: y)
        try epilogue.check(step)
        var conv = dlc_conv_transpose()
        conv.type = x.type.kernelType
        conv.n = Int64(x.shape[0])
        (conv.d, conv.h, conv.w) = try x.volume()
        (conv.od, conv.oh, conv.ow) = try y.volume()
        (conv.c, conv.oc) = try channels(x, y, groups: groups, taps: self.window.taps)
        conv.groups = Int64(groups)
        (conv.kernel, conv.stride, conv.dilation, conv.pad) = (window.kernel, window.stride, window.dilation, window.before)
        conv.epilogue = epilogue.parameters
        conv.x_ld = Int64(try x.pixelStride())
        conv.y_ld = Int64(try y.pixelStride())
        conv.residual_ld = Int64(try step.optional("residual")?.pixelStride() ?? Int(conv.oc))
        guard Int(dlc_conv_transpose_packed_bytes(step.isa, &conv)) == weights.count * weights.type.size else {
            throw DLCError("the weights are not those of \(conv.c) input and \(conv.oc) output channels")
        }
        return try PreparedKernel(conv, slots: step.slots) { dlc_conv_transpose_prepare(step.isa, $0, $1) }
    }
}

/// The channels of operand and result.
/// - Throws: where groups do not divide them, or weights between them would be too many.
private func channels(_ x: BoundOperand, _ y: BoundOperand, groups: Int, taps: Int) throws -> (Int64, Int64) {
    let (inputs, outputs) = (x.shape[x.rank - 1], y.shape[y.rank - 1])
    guard groups > 0, inputs % groups == 0, outputs % groups == 0 else {
        throw DLCError("\(groups) groups do not divide \(inputs) input and \(outputs) output channels")
    }
    // With it no layout's size overflows: transforms take a few times the weights, and lanes round each extent up.
    let most = 1 << 24
    guard inputs <= most, outputs <= most, try Checked.multiply(taps, max(1, inputs)) <= 1 << 30 else {
        throw DLCError("weights of \(taps) × \(inputs) × \(outputs) are too many")
    }
    return (Int64(inputs), Int64(outputs))
}
