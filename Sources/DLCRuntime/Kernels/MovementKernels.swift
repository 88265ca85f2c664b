import CKernels

/// Strided copies. Operand: the source; result: the same shape, any strides. No parameters.
enum CopyKernel {
    static func prepare(_ step: BoundStep) throws -> PreparedKernel {
        let (source, result) = (try step.operand(0), try step.result(0))
        guard source.shape == result.shape, source.type.size == result.type.size else { throw DLCError("malformed copy") }
        let axes = ProgramKernel.mergedAxes(result.shape, [source.strides, result.strides])
        var copy = dlc_copy()
        copy.rank = Int32(axes.shape.count)
        copy.element_bytes = Int32(result.type.size)
        try fill(&copy.shape, axes.shape.map(Int64.init))
        try fill(&copy.source_strides, axes.strides[0].map(Int64.init))
        try fill(&copy.result_strides, axes.strides[1].map(Int64.init))
        return try PreparedKernel(copy, slots: PreparedKernel.slots(step)) { dlc_copy_prepare(step.isa, $0, $1) }
    }
}

/// Padding. Operands: the contiguous source, the value (one element; absent: zero); result: contiguous. Integers: the
/// mode, then the padding before and after each dimension.
enum PadKernel {
    static func prepare(_ step: BoundStep) throws -> PreparedKernel {
        let (source, result) = (try step.contiguous(0), try step.contiguousResult(0))
        guard step.integers.count == 1 + 2 * source.rank, result.rank == source.rank, let mode = UInt8(exactly: try step.integer(0)) else {
            throw DLCError("malformed padding")
        }
        let before = Array(step.integers[1..<(1 + source.rank)])
        let after = Array(step.integers[(1 + source.rank)...])
        for axis in source.shape.indices where source.shape[axis] + before[axis] + after[axis] != result.shape[axis] {
            throw DLCError("padding does not give the result's shape")
        }
        var pad = dlc_pad()
        pad.rank = Int32(source.rank)
        pad.element_bytes = Int32(source.type.size)
        pad.mode = dlc_pad_mode(rawValue: mode)
        try fill(&pad.shape, source.shape.map(Int64.init))
        try fill(&pad.before, before.map(Int64.init))
        try fill(&pad.after, after.map(Int64.init))
        return try PreparedKernel(pad, slots: PreparedKernel.slots(step)) { dlc_pad_prepare(step.isa, $0, $1) }
    }
}

/// One element repeated. Result: contiguous. Integers: the element's bits.
enum FillKernel {
    static func prepare(_ step: BoundStep) throws -> PreparedKernel {
        let result = try step.contiguousResult(0)
        var fill = dlc_fill()
        fill.count = Int64(result.count)
        fill.element_bytes = Int32(result.type.size)
        fill.bits = UInt64(bitPattern: Int64(try step.integer(0)))
        return try PreparedKernel(fill, slots: [.result(0)]) { dlc_fill_prepare(step.isa, $0, $1) }
    }
}
