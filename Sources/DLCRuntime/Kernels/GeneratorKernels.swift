import CKernels

/// ONNX OneHot; `values` are the element elsewhere and the element at the index.
package struct OneHotKernel: Kernel {
    package static let name = "one_hot"
    package static let definition = KernelDefinition(
        operands: [OperandRule("indices", .index, "*"), OperandRule("values", .common(), "2")],
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
    package static let name = "range"
    package static let definition = KernelDefinition(
        operands: [OperandRule("start", .common(), "#1"), OperandRule("delta", .common(), "#1")],
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

/// Random numbers as a function of the key and each element's index.
package struct RandomKernel: Kernel {
    package static let name = "random"
    package static let definition = KernelDefinition(
        operands: [OperandRule("key", .only(.int64), "2")],
        results: [OperandRule("result", .only(.float32, .uint32), "*")])

    package var distribution = DLC_RANDOM_UNIFORM
    package var stream = 0

    package init() {}
    package mutating func visit(_ fields: inout some FieldVisitor) throws {
        try fields("distribution", &distribution)
        try fields("stream", &stream)
    }

    package func prepare(_ step: BoundStep) throws -> PreparedKernel {
        let result = try step("result")
        let expected: ElementType = distribution == DLC_RANDOM_BITS ? .uint32 : .float32
        guard result.type == expected else { throw DLCError("result is \(result.type); expected \(expected)") }
        guard let stream = UInt32(exactly: stream) else { throw DLCError("stream is \(stream); expected 0 to 4294967295") }
        let random = dlc_random(distribution: distribution, stream: stream, count: Int64(result.count))
        return try PreparedKernel(random, slots: step.slots) { dlc_random_prepare(step.isa, $0, $1) }
    }
}

extension dlc_random_distribution: KernelChoice {
    package static let choices: ChoiceTable<dlc_random_distribution> = [
        DLC_RANDOM_BITS: "bits", DLC_RANDOM_UNIFORM: "uniform", DLC_RANDOM_NORMAL: "normal",
    ]
}
