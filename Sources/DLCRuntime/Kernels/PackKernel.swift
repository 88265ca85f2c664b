import CKernels

extension dlc_pack_form: KernelChoice {
    package static let choices: ChoiceTable<dlc_pack_form> = [
        DLC_PACK_PANELS: "panels", DLC_PACK_STRASSEN: "strassen", DLC_PACK_WINOGRAD_2: "winograd 2x2", DLC_PACK_WINOGRAD_4: "winograd 4x4",
        DLC_PACK_WINOGRAD_STRIDED: "winograd 2x2/2", DLC_PACK_CHANNELS: "channels", DLC_PACK_PHASES: "phases",
        DLC_PACK_HALF: "f16", DLC_PACK_BFLOAT: "bf16", DLC_PACK_INT8: "int8", DLC_PACK_INT4: "int4",
        DLC_PACK_TURNED: "turned", DLC_PACK_PAIRS: "bf16 pairs", DLC_PACK_SPLIT: "split pairs",
    ]
}

/// How the weights of products and convolutions lie for their kernels (`dlc_pack`). Extents and distances are those of the
/// step's operand, `[groups, outputs, inputs, taps]`, so a layout depends on the weights alone, never on what they are
/// multiplied with.
package struct PackKernel: Kernel {
    package static let name = "pack"
    package static let definition = KernelDefinition(
        operands: [OperandRule("weights", .only(.float32), "G O I T", .strided)], results: [OperandRule("packed", .only(.uint8), "_")])

    package var form = DLC_PACK_PANELS
    /// Depth, height and width, or the last of them; strides and dilations of transposed convolutions.
    package var kernel: [Int] = []
    package var stride: [Int] = []
    package var dilation: [Int] = []

    package init() {}
    package mutating func visit(_ fields: inout some FieldVisitor) throws {
        try fields("form", &form)
        try fields("kernel", &kernel)
        try fields("stride", &stride)
        try fields("dilation", &dilation)
    }

    package init(_ form: dlc_pack_form, kernel: [Int] = [], stride: [Int] = [], dilation: [Int] = []) {
        (self.form, self.kernel, self.stride, self.dilation) = (form, kernel, stride, dilation)
    }

    /// The kernel's struct for weights of the given extents, `[groups, outputs, inputs]`.
    /// - Throws: where a number is out of range.
    private func parameters(_ extents: [Int]) throws -> dlc_pack {
        for numbers in [kernel, stride, dilation] {
            guard numbers.count <= 3, numbers.allSatisfy({ (1...(1 << 20)).contains($0) }), try Checked.count(numbers) <= 1 << 20 else {
                throw DLCError("a kernel, stride or dilation of \(numbers) is out of range")
            }
        }
        guard extents.allSatisfy({ (0...(1 << 30)).contains($0) }) else { throw DLCError("weights of extents \(extents) are out of range") }
        var pack = dlc_pack()
        pack.form = form
        (pack.groups, pack.outputs, pack.inputs) = (Int64(extents[0]), Int64(extents[1]), Int64(extents[2]))
        (pack.kernel, pack.stride, pack.dilation) = (volume(kernel, 1), volume(stride, 1), volume(dilation, 1))
        return pack
    }

    /// The size of packed weights of shape `[groups, outputs, inputs, …]`, an expression where extents are.
    /// - Throws: where the layout makes no sense for them.
    package func bytes(_ shape: Shape, isa: dlc_isa) throws -> Dim {
        guard shape.count >= 3 else { throw DLCError("weights of \(shape.count) dimensions cannot be packed") }
        if let extents = Shape(shape.prefix(3)).constants {
            var pack = try parameters(extents)
            let bytes = Int(dlc_pack_bytes(isa, &pack))
            guard bytes >= 0 else { throw DLCError("has no packing for weights of extents \(extents)") }
            return Dim(bytes)
        }
        let taps = try Checked.count(kernel), lanes = Dim(Int(dlc_lanes(isa)))
        let channels = try shape[0].times(shape[2]).times(shape[1].ceilingQuotient(lanes).times(lanes))
        switch form {
        case DLC_PACK_PANELS, DLC_PACK_PHASES: return try channels.times(Dim(4 * taps))
        case DLC_PACK_PAIRS, DLC_PACK_SPLIT:
            guard let inputs = shape[2].constant else { throw DLCError("has no packing for weights of so many inputs as \(shape[2])") }
            let rows = try shape[0].times(Dim(Int(dlc_pack_rows(form, Int64(inputs)))))
            return try rows.times(shape[1].ceilingQuotient(lanes).times(lanes)).times(Dim(4 * taps))
        case DLC_PACK_WINOGRAD_2, DLC_PACK_WINOGRAD_4, DLC_PACK_WINOGRAD_STRIDED:
            let side = Int(dlc_pack_side(form))
            // For each tap along the depth.
            return try channels.times(Dim(4 * side * side * (taps / 9)))
        case DLC_PACK_TURNED: return try shape[1].times(shape[2]).times(Dim(4 * taps))
        case DLC_PACK_CHANNELS: return try shape[0].times(shape[1]).times(shape[2]).times(Dim(4 * taps))
        default: throw DLCError("has no packing for weights of open extents")
        }
    }

    package func prepare(_ step: BoundStep) throws -> PreparedKernel {
        let (weights, result) = (try step("weights"), try step("packed"))
        var pack = try parameters(Array(weights.shape.prefix(3)))
        guard weights.shape[3] == kernel.reduce(1, *) else {
            throw DLCError("weights of \(weights.shape[3]) taps; expected a kernel of \(kernel)")
        }
        (pack.group_step, pack.output_step) = (Int64(weights.strides[0]), Int64(weights.strides[1]))
        (pack.input_step, pack.tap_step) = (Int64(weights.strides[2]), Int64(weights.strides[3]))
        let needed = Int(dlc_pack_bytes(step.isa, &pack))
        guard needed == result.count else { throw DLCError("packed has \(result.count) bytes; expected \(needed)") }
        return try PreparedKernel(pack, slots: step.slots) { dlc_pack_prepare(step.isa, $0, $1) }
    }
}

/// What packing a constant matrix in few bits changes of it.
package struct PackingNoise: Sendable {
    /// Sums of squares of the weights, and of what they differ by.
    package let signal: Double
    package let noise: Double

    /// - Parameters:
    ///   - matrix: f32, `[…, inputs, outputs]`, or `[…, outputs, inputs]` where transposed.
    ///   - packed: what `form` made of it.
    /// - Returns: nil where the form keeps all bits.
    package init?(_ form: dlc_pack_form, _ matrix: Tensor, isTransposed: Bool, packed: Tensor, isa: dlc_isa) {
        guard matrix.rank >= 2, matrix.type == .float32 else { return nil }
        let (rows, columns) = (Int64(matrix.shape[matrix.rank - 2]), Int64(matrix.shape[matrix.rank - 1]))
        let pack = dlc_matrix_packing(
            form, isTransposed ? columns : rows, isTransposed ? rows : columns, isTransposed ? 1 : columns, isTransposed ? columns : 1)
        var (signal, noise) = (0.0, 0.0)
        let isDone = matrix.withUnsafeBytes { weights in
            packed.withUnsafeBytes { packed in
                weights.baseAddress.map { weights in
                    dlc_pack_noise(isa, pack, weights.assumingMemoryBound(to: Float.self), packed.baseAddress, &signal, &noise)
                } ?? false
            }
        }
        guard isDone else { return nil }
        (self.signal, self.noise) = (signal, noise)
    }
}

/// How the weights of recurrent layers lie for their kernel (`dlc_rnn_pack_prepare`).
package struct RecurrentPackKernel: Kernel {
    package static let name = "pack_recurrent"
    package static let definition = KernelDefinition(
        operands: [
            OperandRule("w", .only(.float32), "D G I"), OperandRule("r", .only(.float32), "D G H"),
            OperandRule("bias?", .only(.float32), "D _"),
            OperandRule("peepholes?", .only(.float32), "D _"),
        ],
        results: [OperandRule("packed", .only(.uint8), "_")])

    package var layout = RecurrentLayout()

    package init() {}
    package mutating func visit(_ fields: inout some FieldVisitor) throws { try fields("layout", &layout) }

    package func prepare(_ step: BoundStep) throws -> PreparedKernel {
        let (w, r, result) = (try step("w"), try step("r"), try step("packed"))
        let hidden = r.shape[2]
        var rnn = try layout.parameters(input: w.shape[2], hidden: hidden)
        let (directions, rows) = (layout.directions, layout.gates * hidden)
        try w.expect([directions, rows, w.shape[2]], "w")
        try step.optional("bias")?.expect([directions, 2 * rows], "bias")
        try step.optional("peepholes")?.expect([directions, 3 * hidden], "peepholes")
        let needed = Int(dlc_rnn_packed_bytes(step.isa, &rnn))
        guard needed == result.count else { throw DLCError("packed has \(result.count) bytes; expected \(needed)") }
        return try PreparedKernel(rnn, slots: step.slots) { dlc_rnn_pack_prepare(step.isa, $0, $1) }
    }
}
