import CKernels

/// ONNX OneHot; `values` are the element elsewhere and the element at the index.
package struct OneHotKernel: Kernel {
    package static let definition = KernelDefinition(
        "one_hot", operands: [OperandRule("indices", .index, "*"), OperandRule("values", .common(), "2")],
        results: [OperandRule("result", .common(), "*")])

    /// The result's dimension that the indices do not have.
    package var axis = 0

    package init() {}
    package mutating func visit(_ fields: inout some FieldVisitor) throws { try fields("axis", &axis) }

    package func prepare(_ step: BoundStep) throws -> PreparedKernel {
        let (indices, result) = (try step("indices"), try step("result"))
        var oneHot = dlc_one_hot()
        (oneHot.outer, oneHot.depth, oneHot.inner) = try result.around(axis)
        try indices.expect(Array(result.shape[..<axis] + result.shape[(axis + 1)...]), "indices")
        oneHot.element_bytes = Int32(result.type.size)
        oneHot.index_bytes = Int32(indices.type.size)
        return try PreparedKernel(oneHot, slots: step.slots) { dlc_one_hot_prepare(step.isa, $0, $1) }
    }
}

/// ONNX Range, of as many elements as the result has.
package struct RangeKernel: Kernel {
    package static let definition = KernelDefinition(
        "range", operands: [OperandRule("start", .common(), "#1"), OperandRule("delta", .common(), "#1")],
        results: [OperandRule("result", .common(), "N")])

    package init() {}
    package mutating func visit(_ fields: inout some FieldVisitor) {}

    package func prepare(_ step: BoundStep) throws -> PreparedKernel {
        let result = try step("result")
        var range = dlc_range()
        range.type = result.type.kernelType
        range.count = Int64(result.count)
        return try PreparedKernel(range, slots: step.slots) { dlc_range_prepare(step.isa, $0, $1) }
    }
}
