import CKernels

/// ONNX Gather. Operands data, indices, result contiguous. Integers: axis.
enum GatherKernel {
    static func prepare(_ step: BoundStep) throws -> PreparedKernel {
        let (data, indices) = (try step.contiguous(0), try step.contiguous(1))
        let result = try step.contiguousResult(0)
        let axis = try step.integer(0)
        guard data.shape.indices.contains(axis), result.type.size == data.type.size else { throw DLCError("malformed gather") }
        var gather = dlc_gather()
        gather.outer = Int64(data.shape[..<axis].reduce(1, *))
        gather.axis = Int64(data.shape[axis])
        gather.inner_bytes = Int64(data.shape[(axis + 1)...].reduce(1, *) * data.type.size)
        gather.count = Int64(indices.count)
        gather.index_bytes = Int32(indices.type.size)
        return try PreparedKernel(gather, slots: PreparedKernel.slots(step, status: true)) { dlc_gather_prepare(step.isa, $0, $1) }
    }
}

/// ONNX GatherElements. Integers: axis.
enum GatherElementsKernel {
    static func prepare(_ step: BoundStep) throws -> PreparedKernel {
        let (data, indices) = (try step.contiguous(0), try step.contiguous(1))
        _ = try step.contiguousResult(0)
        guard data.rank == indices.rank else { throw DLCError("malformed gather") }
        var gather = dlc_gather_elements()
        gather.rank = Int32(data.rank)
        gather.axis = Int32(clamping: try step.integer(0))
        gather.element_bytes = Int32(data.type.size)
        gather.index_bytes = Int32(indices.type.size)
        try fill(&gather.data_shape, data.shape.map(Int64.init))
        try fill(&gather.index_shape, indices.shape.map(Int64.init))
        return try PreparedKernel(gather, slots: PreparedKernel.slots(step, status: true)) { dlc_gather_elements_prepare(step.isa, $0, $1) }
    }
}

/// ONNX GatherND. Integers: the number of batch dimensions.
enum GatherNDKernel {
    static func prepare(_ step: BoundStep) throws -> PreparedKernel {
        let (data, indices) = (try step.contiguous(0), try step.contiguous(1))
        _ = try step.contiguousResult(0)
        let batch = try step.integer(0)
        guard let depth = indices.shape.last, batch >= 0, batch < indices.rank, batch + depth <= data.rank else { throw DLCError("malformed gather") }
        var gather = dlc_gather_nd()
        gather.batch = Int64(data.shape[..<batch].reduce(1, *))
        gather.count = Int64(indices.shape[batch..<(indices.rank - 1)].reduce(1, *))
        gather.slice_bytes = Int64(data.shape[(batch + depth)...].reduce(1, *) * data.type.size)
        gather.depth = Int32(depth)
        gather.index_bytes = Int32(indices.type.size)
        try fill(&gather.data_shape, data.shape[batch..<(batch + depth)].map(Int64.init))
        return try PreparedKernel(gather, slots: PreparedKernel.slots(step, status: true)) { dlc_gather_nd_prepare(step.isa, $0, $1) }
    }
}

/// ONNX ScatterElements. Operands data, indices, updates. Integers: axis, reduction.
enum ScatterElementsKernel {
    static func prepare(_ step: BoundStep) throws -> PreparedKernel {
        let (data, indices, updates) = (try step.contiguous(0), try step.contiguous(1), try step.contiguous(2))
        _ = try step.contiguousResult(0)
        guard data.rank == indices.rank, updates.shape == indices.shape else { throw DLCError("malformed scatter") }
        var scatter = dlc_scatter_elements()
        scatter.type = data.type.kernelType
        scatter.reduction = dlc_reduction(rawValue: UInt8(clamping: try step.integer(1)))
        scatter.rank = Int32(data.rank)
        scatter.axis = Int32(clamping: try step.integer(0))
        scatter.index_bytes = Int32(indices.type.size)
        try fill(&scatter.data_shape, data.shape.map(Int64.init))
        try fill(&scatter.index_shape, indices.shape.map(Int64.init))
        return try PreparedKernel(scatter, slots: PreparedKernel.slots(step, status: true)) { dlc_scatter_elements_prepare(step.isa, $0, $1) }
    }
}

/// ONNX ScatterND. Operands data, indices, updates. Integers: reduction.
enum ScatterNDKernel {
    static func prepare(_ step: BoundStep) throws -> PreparedKernel {
        let (data, indices, updates) = (try step.contiguous(0), try step.contiguous(1), try step.contiguous(2))
        _ = try step.contiguousResult(0)
        guard let depth = indices.shape.last, depth <= data.rank else { throw DLCError("malformed scatter") }
        var scatter = dlc_scatter_nd()
        scatter.type = data.type.kernelType
        scatter.reduction = dlc_reduction(rawValue: UInt8(clamping: try step.integer(0)))
        scatter.depth = Int32(depth)
        scatter.index_bytes = Int32(indices.type.size)
        scatter.count = Int64(indices.shape.dropLast().reduce(1, *))
        scatter.slice = Int64(data.shape[depth...].reduce(1, *))
        guard updates.count == Int(scatter.count * scatter.slice) else { throw DLCError("malformed scatter") }
        try fill(&scatter.data_shape, data.shape[..<depth].map(Int64.init))
        return try PreparedKernel(scatter, slots: PreparedKernel.slots(step, status: true)) { dlc_scatter_nd_prepare(step.isa, $0, $1) }
    }
}

/// ONNX OneHot. Operands indices, values (off, on). Integers: axis of the new dimension.
enum OneHotKernel {
    static func prepare(_ step: BoundStep) throws -> PreparedKernel {
        let (indices, values) = (try step.contiguous(0), try step.contiguous(1))
        let result = try step.contiguousResult(0)
        let axis = try step.integer(0)
        guard result.shape.indices.contains(axis), values.count == 2 else { throw DLCError("malformed one_hot") }
        var oneHot = dlc_one_hot()
        oneHot.outer = Int64(result.shape[..<axis].reduce(1, *))
        oneHot.depth = Int64(result.shape[axis])
        oneHot.inner = Int64(result.shape[(axis + 1)...].reduce(1, *))
        oneHot.element_bytes = Int32(values.type.size)
        oneHot.index_bytes = Int32(indices.type.size)
        return try PreparedKernel(oneHot, slots: PreparedKernel.slots(step)) { dlc_one_hot_prepare(step.isa, $0, $1) }
    }
}

/// ONNX Range. Operands start, delta. No parameters.
enum RangeKernel {
    static func prepare(_ step: BoundStep) throws -> PreparedKernel {
        let result = try step.contiguousResult(0)
        var range = dlc_range()
        range.type = result.type.kernelType
        range.count = Int64(result.count)
        return try PreparedKernel(range, slots: PreparedKernel.slots(step)) { dlc_range_prepare(step.isa, $0, $1) }
    }
}

/// ONNX Trilu. Integers: whether the upper part is kept, k.
enum TriluKernel {
    static func prepare(_ step: BoundStep) throws -> PreparedKernel {
        let x = try step.contiguous(0)
        _ = try step.contiguousResult(0)
        guard x.rank >= 2 else { throw DLCError("malformed trilu") }
        var trilu = dlc_trilu()
        trilu.element_bytes = Int32(x.type.size)
        trilu.upper = try step.integer(0) != 0
        trilu.k = Int64(try step.integer(1))
        trilu.batch = Int64(x.shape.dropLast(2).reduce(1, *))
        trilu.rows = Int64(x.shape[x.rank - 2])
        trilu.columns = Int64(x.shape[x.rank - 1])
        return try PreparedKernel(trilu, slots: [.operand(0), .none, .result(0)]) { dlc_trilu_prepare(step.isa, $0, $1) }
    }
}

/// Sizes as a tensor: what Shape gives where extents are symbolic. Integers: the elements.
enum SizesKernel {
    static func prepare(_ step: BoundStep) throws -> PreparedKernel {
        let result = try step.contiguousResult(0)
        guard result.count == step.integers.count, result.type.isInteger else { throw DLCError("malformed sizes") }
        let values = try Tensor(integers: step.integers.map(Int64.init), type: result.type, shape: [step.integers.count])
        guard let memory = dlc_allocate_zeroed(Int64(values.byteCount)) else { throw DLCError("out of memory") }
        values.withUnsafeBytes { memory.copyMemory(from: $0.baseAddress.unsafelyUnwrapped, byteCount: values.byteCount) }
        var copy = dlc_copy()
        copy.rank = 1
        copy.element_bytes = Int32(result.type.size)
        try fill(&copy.shape, [Int64(result.count)])
        try fill(&copy.source_strides, [Int64(1)])
        try fill(&copy.result_strides, [Int64(1)])
        return try PreparedKernel(copy, slots: [.owned(memory), .result(0)], owned: [memory]) { dlc_copy_prepare(step.isa, $0, $1) }
    }
}
