import CKernels

/// The position of the largest or smallest element along an axis.
package struct ArgKernel: Kernel {
    package static let name = "arg"
    package static let definition = KernelDefinition(
        operands: [OperandRule("x", .any, "*")], results: [OperandRule("y", .only(.int64), "*")])

    package var axis = 0
    package var largest = false
    /// Whether the last of equal elements counts.
    package var last = false

    package init() {}
    package mutating func visit(_ fields: inout some FieldVisitor) throws {
        try fields("axis", &axis)
        try fields("largest", &largest)
        try fields("last", &last)
    }

    package func prepare(_ step: BoundStep) throws -> PreparedKernel {
        let (x, y) = (try step("x"), try step("y"))
        var arg = dlc_argminmax()
        arg.type = x.type.kernelType
        (arg.outer, arg.axis, arg.inner) = try x.around(axis)
        guard y.count == Int(arg.outer * arg.inner) else {
            throw DLCError("y has extents \(y.shape); expected \(arg.outer * arg.inner) elements")
        }
        (arg.largest, arg.last) = (largest, last)
        return try PreparedKernel(arg, slots: step.slots) { dlc_argminmax_prepare(step.isa, $0, $1) }
    }
}

/// Running sums along an axis.
package struct CumSumKernel: Kernel {
    package static let name = "cumulative_sum"
    package static let definition = KernelDefinition(
        operands: [OperandRule("x", .common(), "*shape")], results: [OperandRule("y", .common(), "*shape")])

    package var axis = 0
    package var exclusive = false
    package var reverse = false

    package init() {}
    package mutating func visit(_ fields: inout some FieldVisitor) throws {
        try fields("axis", &axis)
        try fields("exclusive", &exclusive)
        try fields("reverse", &reverse)
    }

    package func prepare(_ step: BoundStep) throws -> PreparedKernel {
        let x = try step("x")
        var sum = dlc_cumsum()
        sum.type = x.type.kernelType
        (sum.outer, sum.axis, sum.inner) = try x.around(axis)
        (sum.exclusive, sum.reverse) = (exclusive, reverse)
        return try PreparedKernel(sum, slots: step.slots) { dlc_cumsum_prepare(step.isa, $0, $1) }
    }
}

/// The largest or smallest elements along an axis, in order, and their positions.
package struct TopKKernel: Kernel {
    package static let name = "top_k"
    package static let definition = KernelDefinition(
        operands: [OperandRule("x", .common(), "*")],
        results: [OperandRule("values", .common(), "*result"), OperandRule("indices", .only(.int64), "*result")])

    package var axis = 0
    package var k: Dim = 1
    package var largest = false

    package init() {}
    package mutating func visit(_ fields: inout some FieldVisitor) throws {
        try fields("axis", &axis)
        try fields("k", &k)
        try fields("largest", &largest)
    }

    package func prepare(_ step: BoundStep) throws -> PreparedKernel {
        let (x, values) = (try step("x"), try step("values"))
        var top = dlc_topk()
        top.type = x.type.kernelType
        (top.outer, top.axis, top.inner) = try x.around(axis)
        top.k = Int64(try step.value(k))
        top.largest = largest
        var shape = x.shape
        shape[axis] = Int(top.k)
        try values.expect(shape, "values")
        return try PreparedKernel(top, slots: step.slots) { dlc_topk_prepare(step.isa, $0, $1) }
    }
}

/// The upper or lower part of matrices, zero elsewhere.
package struct TriluKernel: Kernel {
    package static let name = "triangle"
    package static let definition = KernelDefinition(
        operands: [OperandRule("x", .moved, "*batch M N")], results: [OperandRule("y", .moved, "*batch M N")])

    package var upper = true
    /// The diagonal where the part begins.
    package var k: Dim = 0

    package init() {}
    package mutating func visit(_ fields: inout some FieldVisitor) throws {
        try fields("upper", &upper)
        try fields("k", &k)
    }

    package func prepare(_ step: BoundStep) throws -> PreparedKernel {
        let x = try step("x")
        var trilu = dlc_trilu()
        trilu.element_bytes = Int32(x.type.size)
        (trilu.upper, trilu.k) = (upper, Int64(try step.value(k)))
        trilu.batch = x.product(..<(x.rank - 2))
        (trilu.rows, trilu.columns) = (Int64(x.shape[x.rank - 2]), Int64(x.shape[x.rank - 1]))
        return try PreparedKernel(trilu, slots: step.slots("x", nil, "y")) { dlc_trilu_prepare(step.isa, $0, $1) }
    }
}
