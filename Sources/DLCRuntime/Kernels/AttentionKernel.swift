import CKernels

/// Scaled-dot-product attention. Operands q, k, v, mask; result y; all as `[batch, heads, rows, depth]` views with
/// neighbouring elements in the last dimension, the mask broadcast to `[batch, heads, queries, keys]`. Integers: causal,
/// whether rows of −∞ are NaN.
/// Numbers: the scale.
enum AttentionKernel {
    static func prepare(_ step: BoundStep) throws -> PreparedKernel {
        let (q, k, v, y) = (try step.operand(0), try step.operand(1), try step.operand(2), try step.result(0))
        guard [q, k, v, y].allSatisfy({ $0.rank == 4 && ($0.strides[3] == 1 || $0.shape[3] == 1) }), step.operands.count == 4,
            k.shape[2] == v.shape[2], q.shape[2] == y.shape[2], k.shape[3] == q.shape[3]
        else { throw DLCError("malformed attention") }
        var attention = dlc_attention()
        attention.batch = Int64(q.shape[0])
        attention.heads = Int64(q.shape[1])
        attention.kv_heads = Int64(k.shape[1])
        (attention.queries, attention.keys) = (Int64(q.shape[2]), Int64(k.shape[2]))
        (attention.depth, attention.value_depth) = (Int64(q.shape[3]), Int64(v.shape[3]))
        func strides(_ operand: BoundOperand) -> dlc_attention_strides {
            dlc_attention_strides(batch: Int64(operand.strides[0]), head: Int64(operand.strides[1]), row: Int64(operand.strides[2]))
        }
        (attention.q, attention.k, attention.v, attention.y) = (strides(q), strides(k), strides(v), strides(y))
        if let mask = step.optional(3) {
            guard mask.rank == 4, mask.type == .float32 || mask.type == .bool else { throw DLCError("malformed attention") }
            attention.mask = strides(mask)
            attention.mask_column = Int64(mask.strides[3])
            attention.mask_kind = mask.type == .bool ? DLC_MASK_BOOL : DLC_MASK_F32
        }
        attention.causal = try step.integer(0) != 0
        attention.empty_rows_are_nan = try step.integer(1) != 0
        attention.causal_offset = attention.keys - attention.queries
        attention.scale = Float(try step.number(0))
        return try PreparedKernel(attention, slots: PreparedKernel.slots(step)) { dlc_attention_prepare(step.isa, $0, $1) }
    }
}

/// Resizing. Operand and result contiguous. Integers: mode, coordinates, rounding, exclude outside, antialias. Numbers:
/// the cubic coefficient, the extrapolation value, then the scale of each axis (0: the quotient of the extents), the
/// starts and the ends of the region.
enum ResizeKernel {
    static func prepare(_ step: BoundStep) throws -> PreparedKernel {
        let (x, y) = (try step.contiguous(0), try step.contiguousResult(0))
        let rank = x.rank
        guard y.rank == rank, rank <= Int(DLC_MAX_RANK), step.integers.count == 5, step.numbers.count == 2 + 3 * rank else {
            throw DLCError("malformed resize")
        }
        var resize = dlc_resize()
        resize.type = x.type.kernelType
        resize.mode = dlc_resize_mode(rawValue: UInt8(clamping: try step.integer(0)))
        resize.coordinates = dlc_resize_coordinates(rawValue: UInt8(clamping: try step.integer(1)))
        resize.rounding = dlc_resize_rounding(rawValue: UInt8(clamping: try step.integer(2)))
        resize.exclude_outside = try step.integer(3) != 0
        resize.antialias = try step.integer(4) != 0
        resize.cubic_a = Float(try step.number(0))
        resize.extrapolation = try step.number(1)
        resize.rank = Int32(rank)
        try fill(&resize.x_extent, x.shape.map(Int64.init))
        try fill(&resize.y_extent, y.shape.map(Int64.init))
        let scales = (0..<rank).map { axis -> Float in
            let given = step.numbers[2 + axis]
            return given > 0 ? Float(given) : x.shape[axis] == 0 ? 1 : Float(y.shape[axis]) / Float(x.shape[axis])
        }
        try fill(&resize.scale, scales)
        try fill(&resize.roi_begin, step.numbers[(2 + rank)..<(2 + 2 * rank)].map { Float($0) })
        try fill(&resize.roi_end, step.numbers[(2 + 2 * rank)...].map { Float($0) })
        var launch = dlc_launch()
        var probe = resize
        guard dlc_resize_prepare(step.isa, &probe, &launch) else { throw DLCError("no kernel for these parameters") }
        guard let tables = dlc_allocate_zeroed(dlc_resize_table_bytes(&probe)) else { throw DLCError("out of memory") }
        dlc_resize_tables(&probe, tables)
        return try PreparedKernel(resize, slots: [.operand(0), .result(0), .owned(tables)], owned: [tables]) {
            dlc_resize_prepare(step.isa, $0, $1)
        }
    }
}
