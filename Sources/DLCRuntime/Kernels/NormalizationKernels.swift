import CKernels

/// The extents around an axis of a contiguous tensor.
private func around(_ shape: [Int], _ axis: Int) throws -> (outer: Int64, axis: Int64, inner: Int64) {
    guard shape.indices.contains(axis) else { throw DLCError("axis \(axis) is outside \(shape)") }
    return (Int64(shape[..<axis].reduce(1, *)), Int64(shape[axis]), Int64(shape[(axis + 1)...].reduce(1, *)))
}

/// Softmax and its relatives. Operand and result contiguous. Integers: kind, axis.
enum SoftmaxKernel {
    static func prepare(_ step: BoundStep) throws -> PreparedKernel {
        let x = try step.contiguous(0)
        _ = try step.contiguousResult(0)
        var softmax = dlc_softmax()
        softmax.type = x.type.kernelType
        softmax.kind = dlc_softmax_kind(rawValue: UInt8(clamping: try step.integer(0)))
        (softmax.outer, softmax.axis, softmax.inner) = try around(x.shape, step.integer(1))
        return try PreparedKernel(softmax, slots: PreparedKernel.slots(step)) { dlc_softmax_prepare(step.isa, $0, $1) }
    }
}

/// Reductions. Operand at any strides, result contiguous. Integers: kind, then a flag for each dimension of the operand
/// that is reduced.
enum ReduceKernel {
    static func prepare(_ step: BoundStep) throws -> PreparedKernel {
        let x = try step.operand(0)
        let y = try step.contiguousResult(0)
        guard step.integers.count == 1 + x.rank, x.rank <= Int(DLC_MAX_RANK) else { throw DLCError("malformed reduction") }
        let isReduced = step.integers.dropFirst().map { $0 != 0 }
        guard zip(x.shape, isReduced).reduce(1, { $1.1 ? $0 : $0 * $1.0 }) == y.count else { throw DLCError("malformed reduction") }
        var reduce = dlc_reduce()
        reduce.type = x.type.kernelType
        reduce.kind = dlc_reduce_kind(rawValue: UInt8(clamping: try step.integer(0)))
        reduce.rank = Int32(x.rank)
        try fill(&reduce.extent, x.shape.map(Int64.init))
        try fill(&reduce.stride, x.strides.map(Int64.init))
        try fill(&reduce.reduced, Array(isReduced))
        return try PreparedKernel(reduce, slots: PreparedKernel.slots(step)) { dlc_reduce_prepare(step.isa, $0, $1) }
    }
}

/// Layer and RMS normalisation. Operands: x, scale, bias, residual; results: y, mean, inverse deviation, sum; all
/// contiguous. Integers: kind, the first normalised axis. Numbers: epsilon.
enum NormKernel {
    static func prepare(_ step: BoundStep) throws -> PreparedKernel {
        let x = try step.contiguous(0)
        let axis = try step.integer(1)
        guard axis >= 0, axis <= x.rank, step.operands.count == 4, step.results.count == 4 else { throw DLCError("malformed normalisation") }
        var norm = dlc_norm()
        norm.type = x.type.kernelType
        norm.kind = dlc_norm_kind(rawValue: UInt8(clamping: try step.integer(0)))
        norm.rows = Int64(x.shape[..<axis].reduce(1, *))
        norm.n = Int64(x.shape[axis...].reduce(1, *))
        norm.epsilon = try step.number(0)
        for index in [1, 2] where step.operands[index] != nil {
            guard try step.contiguous(index).count == Int(norm.n) else { throw DLCError("malformed normalisation") }
        }
        return try PreparedKernel(norm, slots: PreparedKernel.slots(step)) { dlc_norm_prepare(step.isa, $0, $1) }
    }
}

/// Group and instance normalisation. Operands: x, scale, bias; result y; contiguous. Integers: groups, channels last.
/// Numbers: epsilon.
enum GroupNormKernel {
    static func prepare(_ step: BoundStep) throws -> PreparedKernel {
        let x = try step.contiguous(0)
        _ = try step.contiguousResult(0)
        guard x.rank >= 2 else { throw DLCError("malformed normalisation") }
        var norm = dlc_group_norm()
        norm.type = x.type.kernelType
        norm.groups = Int64(try step.integer(0))
        norm.channels_last = try step.integer(1) != 0
        let channelAxis = norm.channels_last ? x.rank - 1 : 1
        norm.batch = Int64(x.shape[0])
        norm.channels = Int64(x.shape[channelAxis])
        norm.spatial = Int64(norm.channels_last ? x.shape[1..<channelAxis].reduce(1, *) : x.shape[2...].reduce(1, *))
        norm.epsilon = try step.number(0)
        for index in [1, 2] where step.operands.indices.contains(index) && step.operands[index] != nil {
            guard try step.contiguous(index).count == Int(norm.channels) else { throw DLCError("malformed normalisation") }
        }
        return try PreparedKernel(norm, slots: PreparedKernel.slots(step)) { dlc_group_norm_prepare(step.isa, $0, $1) }
    }
}

/// Division by the L1 or L2 norm along an axis. Integers: p, axis.
enum LpNormKernel {
    static func prepare(_ step: BoundStep) throws -> PreparedKernel {
        let x = try step.contiguous(0)
        _ = try step.contiguousResult(0)
        var norm = dlc_lp_norm()
        norm.type = x.type.kernelType
        norm.p = Int32(clamping: try step.integer(0))
        (norm.outer, norm.axis, norm.inner) = try around(x.shape, step.integer(1))
        return try PreparedKernel(norm, slots: PreparedKernel.slots(step)) { dlc_lp_norm_prepare(step.isa, $0, $1) }
    }
}

/// Local response normalisation. Integers: size, channels last. Numbers: alpha, beta, bias.
enum LRNKernel {
    static func prepare(_ step: BoundStep) throws -> PreparedKernel {
        let x = try step.contiguous(0)
        _ = try step.contiguousResult(0)
        guard x.rank >= 2 else { throw DLCError("malformed normalisation") }
        var lrn = dlc_lrn()
        lrn.type = x.type.kernelType
        lrn.size = Int64(try step.integer(0))
        lrn.channels_last = try step.integer(1) != 0
        let channelAxis = lrn.channels_last ? x.rank - 1 : 1
        lrn.batch = Int64(x.shape[0])
        lrn.channels = Int64(x.shape[channelAxis])
        lrn.spatial = Int64(lrn.channels_last ? x.shape[1..<channelAxis].reduce(1, *) : x.shape[2...].reduce(1, *))
        (lrn.alpha, lrn.beta, lrn.bias) = (try step.number(0), try step.number(1), try step.number(2))
        return try PreparedKernel(lrn, slots: PreparedKernel.slots(step)) { dlc_lrn_prepare(step.isa, $0, $1) }
    }
}

/// The position of the largest or smallest element along an axis. Integers: axis, largest, last.
enum ArgKernel {
    static func prepare(_ step: BoundStep) throws -> PreparedKernel {
        let x = try step.contiguous(0)
        _ = try step.contiguousResult(0)
        var arg = dlc_argminmax()
        arg.type = x.type.kernelType
        (arg.outer, arg.axis, arg.inner) = try around(x.shape, step.integer(0))
        arg.largest = try step.integer(1) != 0
        arg.last = try step.integer(2) != 0
        return try PreparedKernel(arg, slots: PreparedKernel.slots(step)) { dlc_argminmax_prepare(step.isa, $0, $1) }
    }
}

/// Running sums along an axis. Integers: axis, exclusive, reverse.
enum CumSumKernel {
    static func prepare(_ step: BoundStep) throws -> PreparedKernel {
        let x = try step.contiguous(0)
        _ = try step.contiguousResult(0)
        var sum = dlc_cumsum()
        sum.type = x.type.kernelType
        (sum.outer, sum.axis, sum.inner) = try around(x.shape, step.integer(0))
        sum.exclusive = try step.integer(1) != 0
        sum.reverse = try step.integer(2) != 0
        return try PreparedKernel(sum, slots: PreparedKernel.slots(step)) { dlc_cumsum_prepare(step.isa, $0, $1) }
    }
}

/// The k largest or smallest along an axis; results: values, indices. Integers: axis, k, largest.
enum TopKKernel {
    static func prepare(_ step: BoundStep) throws -> PreparedKernel {
        let x = try step.contiguous(0)
        for index in step.results.indices { _ = try step.contiguousResult(index) }
        var top = dlc_topk()
        top.type = x.type.kernelType
        (top.outer, top.axis, top.inner) = try around(x.shape, step.integer(0))
        top.k = Int64(try step.integer(1))
        top.largest = try step.integer(2) != 0
        return try PreparedKernel(top, slots: PreparedKernel.slots(step)) { dlc_topk_prepare(step.isa, $0, $1) }
    }
}
