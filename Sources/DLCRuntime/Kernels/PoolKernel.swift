import CKernels

extension dlc_pool_kind: KernelChoice {
    package static let choices: ChoiceTable<dlc_pool_kind> = [
        DLC_POOL_MAX: "max", DLC_POOL_AVERAGE: "average", DLC_POOL_LP: "lp",
    ]
}

/// Max, average and Lp pooling over channels-last tensors.
package struct PoolKernel: Kernel {
    package static let name = "pool"
    package static let definition = KernelDefinition(
        operands: [OperandRule("x", .common(), "N *space C", .pixels)],
        results: [OperandRule("y", .common(), "N *windows C", .pixels), OperandRule("indices?", .only(.int64), "N *windows C")])

    package var kind = DLC_POOL_MAX
    /// Whether an average counts padding.
    package var countsPadding = false
    /// Whether indices count the first spatial dimension fastest.
    package var columnMajor = false
    /// The power of Lp pooling.
    package var p = 2
    package var window = Window()

    package init() {}
    package mutating func visit(_ fields: inout some FieldVisitor) throws {
        try fields("kind", &kind)
        try fields("counts_padding", &countsPadding)
        try fields("column_major", &columnMajor)
        try fields("p", &p)
        try fields("window", &window)
    }

    package var label: String { "pool \(kind.choiceName ?? "")" }

    package func prepare(_ step: BoundStep) throws -> PreparedKernel {
        let (x, y) = (try step("x"), try step("y"))
        let window = try window.bound(step, x: x, y: y)
        var pool = dlc_pool()
        pool.type = x.type.kernelType
        pool.kind = kind
        pool.count_include_pad = countsPadding
        pool.column_major = columnMajor
        pool.p = Int32(clamping: p)
        pool.batch = Int64(x.shape[0])
        pool.channels = Int64(x.shape[x.rank - 1])
        pool.x_extent = try x.volume()
        pool.y_extent = try y.volume()
        (pool.kernel, pool.stride, pool.dilation) = (window.kernel, window.stride, window.dilation)
        (pool.pad_begin, pool.pad_end) = (window.before, window.after)
        pool.x_ld = Int64(try x.pixelStride())
        pool.y_ld = Int64(try y.pixelStride())
        pool.indices = step.optional("indices") != nil
        return try PreparedKernel(pool, slots: step.slots("x", "y", "indices")) { dlc_pool_prepare(step.isa, $0, $1) }
    }
}
