import CKernels

extension dlc_softmax_kind: KernelChoice {
    package static let choices: ChoiceTable<dlc_softmax_kind> = [
        DLC_SOFTMAX: "softmax", DLC_LOG_SOFTMAX: "log_softmax", DLC_HARDMAX: "hardmax",
    ]
}

/// Softmax and its relatives over one axis.
package struct SoftmaxKernel: Kernel {
    package static let name = "softmax"
    package static let definition = KernelDefinition(
        operands: [OperandRule("x", .floats, "*shape", replaceable: true)], results: [OperandRule("y", .floats, "*shape")])

    package var kind = DLC_SOFTMAX
    package var axis = 0

    package init() {}
    package mutating func visit(_ fields: inout some FieldVisitor) throws {
        try fields("kind", &kind)
        try fields("axis", &axis)
    }

    package func prepare(_ step: BoundStep) throws -> PreparedKernel {
        let x = try step("x")
        var softmax = dlc_softmax()
        softmax.type = x.type.kernelType
        softmax.kind = kind
        (softmax.outer, softmax.axis, softmax.inner) = try x.around(axis)
        return try PreparedKernel(softmax, slots: step.slots) { dlc_softmax_prepare(step.isa, $0, $1) }
    }
}

extension dlc_reduce_kind: KernelChoice {
    package static let choices: ChoiceTable<dlc_reduce_kind> = [
        DLC_REDUCE_SUM: "sum", DLC_REDUCE_MEAN: "mean", DLC_REDUCE_MAX: "max", DLC_REDUCE_MIN: "min", DLC_REDUCE_PROD: "prod",
        DLC_REDUCE_L1: "l1", DLC_REDUCE_L2: "l2", DLC_REDUCE_SUM_SQUARE: "sum_square", DLC_REDUCE_LOG_SUM: "log_sum",
        DLC_REDUCE_LOG_SUM_EXP: "log_sum_exp",
    ]
}

/// Reductions over any axes.
package struct ReduceKernel: Kernel {
    package static let name = "reduce"
    package static let definition = KernelDefinition(
        operands: [OperandRule("x", .common(), "*", .strided)], results: [OperandRule("y", .common(), "*")])

    package var kind = DLC_REDUCE_SUM
    /// For each dimension of x whether it is reduced.
    package var reduced: [Bool] = []

    package init() {}
    package mutating func visit(_ fields: inout some FieldVisitor) throws {
        try fields("kind", &kind)
        try fields("reduced", &reduced)
    }

    package func prepare(_ step: BoundStep) throws -> PreparedKernel {
        let (x, y) = (try step("x"), try step("y"))
        guard reduced.count == x.rank else { throw DLCError("\(reduced.count) flags for an operand of extents \(x.shape)") }
        let results = zip(x.shape, reduced).reduce(1) { $1.1 ? $0 : $0 * $1.0 }
        guard results == y.count else { throw DLCError("y has extents \(y.shape); expected \(results) elements") }
        var reduce = dlc_reduce()
        reduce.type = x.type.kernelType
        reduce.kind = kind
        let (kept, gone) = (merged(x, reduced: false), merged(x, reduced: true))
        reduce.rank = Int32(kept.shape.count + gone.shape.count)
        try fill(&reduce.extent, (kept.shape + gone.shape).map(Int64.init))
        try fill(&reduce.stride, (kept.strides[0] + gone.strides[0]).map(Int64.init))
        try fill(&reduce.reduced, kept.shape.map { _ in false } + gone.shape.map { _ in true })
        return try PreparedKernel(reduce, slots: step.slots) { dlc_reduce_prepare(step.isa, $0, $1) }
    }

    /// The dimensions that are reduced, or those that are not, with neighbours merged: their order among each other is all that counts.
    private func merged(_ x: BoundOperand, reduced wanted: Bool) -> (shape: [Int], strides: [[Int]]) {
        let axes = x.shape.indices.filter { reduced[$0] == wanted }
        return ProgramKernel.mergedAxes(axes.map { x.shape[$0] }, [axes.map { x.strides[$0] }])
    }
}
