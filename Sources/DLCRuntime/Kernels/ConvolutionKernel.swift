import CKernels

/// Convolutions and transposed convolutions over channels-last tensors.
///
/// Operands: x, packed weights, bias, residual, slope; result y. Integers: the algorithm, groups, then kernel, stride,
/// dilation and padding in front, three each (depth, height, width), then the epilogue's. Numbers: the epilogue's.
public enum ConvolutionKernel {
    static func prepare(_ step: BoundStep) throws -> PreparedKernel {
        var conv = try parameters(step)
        conv.x_ld = Int64(try step.operand(0).pixelStride())
        conv.y_ld = Int64(try step.result(0).pixelStride())
        conv.residual_ld = Int64(try step.optional(3)?.pixelStride() ?? Int(conv.oc))
        let needed = dlc_conv_packed_bytes(step.isa, &conv)
        guard needed >= 0, Int(needed) == (try step.operand(1)).count * (try step.operand(1)).type.size else {
            throw DLCError("the weights are not those of \(conv.c) input and \(conv.oc) output channels")
        }
        return try PreparedKernel(conv, slots: PreparedKernel.slots(step)) { dlc_conv_prepare(step.isa, $0, $1) }
    }

    static func prepareTransposed(_ step: BoundStep) throws -> PreparedKernel {
        let conv = try parameters(step)
        var transposed = dlc_conv_transpose()
        transposed.type = conv.type
        (transposed.n, transposed.d, transposed.h, transposed.w, transposed.c) = (conv.n, conv.d, conv.h, conv.w, conv.c)
        (transposed.od, transposed.oh, transposed.ow, transposed.oc) = (conv.od, conv.oh, conv.ow, conv.oc)
        transposed.groups = conv.groups
        (transposed.kernel, transposed.stride) = (conv.kernel, conv.stride)
        (transposed.dilation, transposed.pad) = (conv.dilation, conv.pad)
        transposed.epilogue = conv.epilogue
        transposed.x_ld = Int64(try step.operand(0).pixelStride())
        transposed.y_ld = Int64(try step.result(0).pixelStride())
        transposed.residual_ld = Int64(try step.optional(3)?.pixelStride() ?? Int(conv.oc))
        let needed = dlc_conv_transpose_packed_bytes(step.isa, &transposed)
        guard needed >= 0, Int(needed) == (try step.operand(1)).count * (try step.operand(1)).type.size else {
            throw DLCError("the weights are not those of \(conv.c) input and \(conv.oc) output channels")
        }
        return try PreparedKernel(transposed, slots: PreparedKernel.slots(step)) { dlc_conv_transpose_prepare(step.isa, $0, $1) }
    }

    private static func parameters(_ step: BoundStep) throws -> dlc_conv {
        let (x, y) = (try step.operand(0), try step.result(0))
        guard step.integers.count == 16, x.rank == y.rank, x.shape[0] == y.shape[0],
            let algorithm = UInt8(exactly: try step.integer(0)), algorithm <= DLC_CONV_WINOGRAD_STRIDED.rawValue
        else { throw DLCError("malformed convolution") }
        var conv = dlc_conv()
        conv.type = x.type.kernelType
        conv.algorithm = dlc_conv_algorithm(rawValue: algorithm)
        conv.n = Int64(x.shape[0])
        (conv.d, conv.h, conv.w) = try x.volume()
        (conv.od, conv.oh, conv.ow) = try y.volume()
        conv.c = Int64(x.shape[x.rank - 1])
        conv.oc = Int64(y.shape[y.rank - 1])
        conv.groups = Int64(try step.integer(1))
        guard conv.groups > 0, conv.c % conv.groups == 0, conv.oc % conv.groups == 0 else { throw DLCError("malformed convolution") }
        let values = step.integers
        conv.kernel = volume(values[2..<5], 1)
        conv.stride = volume(values[5..<8], 1)
        conv.dilation = volume(values[8..<11], 1)
        conv.pad = volume(values[11..<14], 0)
        conv.epilogue = try step.epilogue()
        return conv
    }
}

/// Max, average and Lp pooling over channels-last tensors.
///
/// Operand x; results y and perhaps indices. Integers: kind, whether padding counts, whether indices are column-major, p,
/// then kernel, stride, dilation, padding in front and behind, three each.
enum PoolKernel {
    static func prepare(_ step: BoundStep) throws -> PreparedKernel {
        let (x, y) = (try step.operand(0), try step.result(0))
        guard step.integers.count == 19, x.rank == y.rank, let kind = UInt8(exactly: try step.integer(0)) else { throw DLCError("malformed pooling") }
        var pool = dlc_pool()
        pool.type = x.type.kernelType
        pool.kind = dlc_pool_kind(rawValue: kind)
        pool.count_include_pad = try step.integer(1) != 0
        pool.column_major = try step.integer(2) != 0
        pool.p = Int32(clamping: try step.integer(3))
        pool.batch = Int64(x.shape[0])
        pool.channels = Int64(x.shape[x.rank - 1])
        pool.x_extent = try x.volume()
        pool.y_extent = try y.volume()
        let values = step.integers
        pool.kernel = volume(values[4..<7], 1)
        pool.stride = volume(values[7..<10], 1)
        pool.dilation = volume(values[10..<13], 1)
        pool.pad_begin = volume(values[13..<16], 0)
        pool.pad_end = volume(values[16..<19], 0)
        pool.x_ld = Int64(try x.pixelStride())
        pool.y_ld = Int64(try y.pixelStride())
        let hasIndices = step.results.count > 1 && step.results[1] != nil
        pool.indices = hasIndices
        if hasIndices { _ = try step.contiguousResult(1) }
        return try PreparedKernel(pool, slots: [.operand(0), .result(0), hasIndices ? .result(1) : .none]) {
            dlc_pool_prepare(step.isa, $0, $1)
        }
    }
}
