import CKernels

extension dlc_conv_algorithm: KernelChoice {
    package static let choices: ChoiceTable<dlc_conv_algorithm> = [
        DLC_CONV_IGEMM: "igemm", DLC_CONV_WINOGRAD_2: "winograd 2x2", DLC_CONV_WINOGRAD_4: "winograd 4x4", DLC_CONV_DEPTHWISE: "depthwise",
        DLC_CONV_DIRECT: "direct", DLC_CONV_STRASSEN: "strassen", DLC_CONV_WINOGRAD_STRIDED: "winograd 2x2/2",
        DLC_CONV_PAIRS: "bf16", DLC_CONV_SPLIT: "split",
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
    package static let name = "conv"
    package static let definition = KernelDefinition(operands: operands, results: results)

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

    /// Winograd's and Strassen's algorithms make fewer products: two operations for each per tile and pair of channels. An instruction
    /// multiplies twice as many pairs' elements as floats, one of AMX sixteen times as many.
    package func performed(_ operations: Double, _ shapes: StepShapes) -> Double {
        if algorithm == DLC_CONV_STRASSEN { return operations * 7 / 8 }
        if algorithm == DLC_CONV_PAIRS { return operations / 2 }
        if algorithm == DLC_CONV_SPLIT { return operations * 3 / 16 }
        let side = dlc_winograd_side(algorithm)
        guard side > 0 else { return operations }
        let tile = Double(dlc_winograd_outputs(side))
        let (x, y) = (shapes["x"], shapes["y"])
        // Planes of a depth have tiles of their own, and sum over the taps along it.
        guard x.count >= 4, y.count == x.count else { return operations }
        let (height, width) = (y[y.count - 3], y[y.count - 2])
        let tiles = y.dropLast(3).reduce(1, *) * (height / tile).rounded(.up) * (width / tile).rounded(.up)
        return 2 * tiles * Double(side * side) * Double(max(1, window.taps / 9)) * x[x.count - 1] / Double(max(1, groups)) * y[y.count - 1]
    }

    package func prepare(_ step: BoundStep) throws -> PreparedKernel {
        let weights = try step("weights")
        var conv = dlc_conv()
        conv.algorithm = algorithm
        try conv.fill(step, window, groups: groups, epilogue)
        guard Int(dlc_conv_packed_bytes(step.isa, &conv)) == weights.count * weights.type.size else {
            throw DLCError("the weights are not those of \(conv.c) input and \(conv.oc) output channels")
        }
        return try PreparedKernel(conv, slots: step.slots) { dlc_conv_prepare(step.isa, $0, $1) }
    }
}

/// Transposed convolutions over channels-last tensors.
package struct TransposedConvolutionKernel: Kernel {
    package static let name = "conv_transpose"
    package static let definition = KernelDefinition(operands: operands, results: results)

    package var groups = 1
    package var window = Window()
    package var epilogue = Epilogue()
    /// Every channel is a group of its own, and the weights of float32 are packed by channel.
    package var isDepthwise = false
    /// So few outputs that sums run along the inputs, as the weights lie.
    package var isNarrow = false

    package init() {}
    package mutating func visit(_ fields: inout some FieldVisitor) throws {
        try fields("groups", &groups)
        try fields("window", &window)
        try fields("epilogue", &epilogue)
        try fields("depthwise", &isDepthwise)
        try fields("narrow", &isNarrow)
    }

    package var label: String { "conv transposed" }

    package func prepare(_ step: BoundStep) throws -> PreparedKernel {
        let weights = try step("weights")
        var conv = dlc_conv_transpose()
        try conv.fill(step, window, groups: groups, epilogue)
        (conv.depthwise, conv.narrow) = (isDepthwise, isNarrow)
        guard Int(dlc_conv_transpose_packed_bytes(step.isa, &conv)) == weights.count * weights.type.size else {
            throw DLCError("the weights are not those of \(conv.c) input and \(conv.oc) output channels")
        }
        return try PreparedKernel(conv, slots: step.slots) { dlc_conv_transpose_prepare(step.isa, $0, $1) }
    }
}
