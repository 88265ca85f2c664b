import CKernels

/// Strided copies.
package struct CopyKernel: Kernel {
    package static let name = "copy"
    package static let definition = KernelDefinition(
        operands: [OperandRule("source", .moved, "*shape", .strided)],
        results: [OperandRule("result", .moved, "*shape", .strided)])

    package init() {}
    package mutating func visit(_ fields: inout some FieldVisitor) {}

    package func prepare(_ step: BoundStep) throws -> PreparedKernel {
        let (source, result) = (try step("source"), try step("result"))
        let axes = ProgramKernel.mergedAxes(result.shape, [source.strides, result.strides])
        var copy = dlc_copy()
        copy.rank = Int32(axes.shape.count)
        copy.element_bytes = Int32(result.type.size)
        try fill(&copy.shape, axes.shape.map(Int64.init))
        try fill(&copy.source_strides, axes.strides[0].map(Int64.init))
        try fill(&copy.result_strides, axes.strides[1].map(Int64.init))
        return try PreparedKernel(copy, slots: step.slots) { dlc_copy_prepare(step.isa, $0, $1) }
    }
}

extension dlc_pad_mode: KernelChoice {
    package static let choices: ChoiceTable<dlc_pad_mode> = [
        DLC_PAD_CONSTANT: "constant", DLC_PAD_EDGE: "edge", DLC_PAD_REFLECT: "reflect", DLC_PAD_WRAP: "wrap",
    ]
}

/// Padding, with zero where no value is given.
package struct PadKernel: Kernel {
    package static let name = "pad"
    package static let definition = KernelDefinition(
        operands: [OperandRule("source", .moved, "*"), OperandRule("value?", .moved, "#1")],
        results: [OperandRule("result", .moved, "*")])

    package var mode = DLC_PAD_CONSTANT
    /// Elements before and after each dimension; negative ones are cut off.
    package var before: [Dim] = []
    package var after: [Dim] = []

    package init() {}
    package mutating func visit(_ fields: inout some FieldVisitor) throws {
        try fields("mode", &mode)
        try fields("before", &before)
        try fields("after", &after)
    }

    package func prepare(_ step: BoundStep) throws -> PreparedKernel {
        let (source, result) = (try step("source"), try step("result"))
        guard before.count == source.rank, after.count == source.rank else {
            throw DLCError("padding of \(before.count) and \(after.count) dimensions; the operand has \(source.rank)")
        }
        let (first, last) = (try before.map(step.value), try after.map(step.value))
        try result.expect(source.shape.indices.map { try Checked.add(Checked.add(source.shape[$0], first[$0]), last[$0]) }, "result")
        var pad = dlc_pad()
        pad.rank = Int32(source.rank)
        pad.element_bytes = Int32(source.type.size)
        pad.mode = mode
        try fill(&pad.shape, source.shape.map(Int64.init))
        try fill(&pad.before, first.map(Int64.init))
        try fill(&pad.after, last.map(Int64.init))
        return try PreparedKernel(pad, slots: step.slots) { dlc_pad_prepare(step.isa, $0, $1) }
    }
}

/// One element repeated.
package struct FillKernel: Kernel {
    package static let name = "fill"
    package static let definition = KernelDefinition(operands: [], results: [OperandRule("result", .anyOrNarrow, "*")])

    /// The element's bits, from the lowest.
    package var bits = 0

    package init() {}
    package mutating func visit(_ fields: inout some FieldVisitor) throws { try fields("bits", &bits) }

    package func prepare(_ step: BoundStep) throws -> PreparedKernel {
        let result = try step("result")
        var fill = dlc_fill()
        fill.count = Int64(result.count)
        fill.element_bytes = Int32(result.type.size)
        fill.bits = UInt64(bitPattern: Int64(bits))
        return try PreparedKernel(fill, slots: step.slots) { dlc_fill_prepare(step.isa, $0, $1) }
    }
}

/// Sizes, and what holds of them, as a tensor: what Shape gives where extents are symbolic.
package struct SizesKernel: Kernel {
    package static let name = "sizes"
    package static let definition = KernelDefinition(
        operands: [],
        results: [OperandRule("result", .only(.bool, .int8, .int16, .int32, .int64, .uint8, .uint16, .uint32, .uint64), "*")])

    package var values: [Dim] = []

    package init() {}
    package mutating func visit(_ fields: inout some FieldVisitor) throws { try fields("values", &values) }

    package func prepare(_ step: BoundStep) throws -> PreparedKernel {
        let result = try step("result")
        guard result.count == values.count else { throw DLCError("\(values.count) sizes for a result of extents \(result.shape)") }
        let elements = try values.map { Int64(try step.value($0)) }
        let tensor = try Tensor(integers: elements, type: result.type, shape: [elements.count])
        guard let memory = dlc_allocate_zeroed(Int64(max(1, tensor.byteCount))) else { throw DLCError("out of memory") }
        tensor.withUnsafeBytes { bytes in
            if let base = bytes.baseAddress { memory.copyMemory(from: base, byteCount: bytes.count) }
        }
        var copy = dlc_copy()
        copy.rank = 1
        copy.element_bytes = Int32(result.type.size)
        (copy.shape.0, copy.source_strides.0, copy.result_strides.0) = (Int64(result.count), 1, 1)
        return try PreparedKernel(copy, slots: [.owned(memory), .result(0)], owned: [memory], ownedBytes: tensor.byteCount) {
            dlc_copy_prepare(step.isa, $0, $1)
        }
    }
}
