import CKernels

extension dlc_narrow_rounding: KernelChoice {
    package static let choices: ChoiceTable<dlc_narrow_rounding> = [
        DLC_NARROW_UP: "up", DLC_NARROW_NEAREST: "nearest", DLC_NARROW_DOWN: "down",
    ]
}

/// Conversion from and to narrow types.
package struct NarrowKernel: Kernel {
    package static let name = "narrow_cast"
    package static let definition = KernelDefinition(
        operands: [OperandRule("x", .anyOrNarrow, "*shape")], results: [OperandRule("y", .anyOrNarrow, "*shape")])

    package var saturate = true
    package var rounding = DLC_NARROW_UP

    package init() {}
    package mutating func visit(_ fields: inout some FieldVisitor) throws {
        try fields("saturate", &saturate)
        try fields("rounding", &rounding)
    }

    package func prepare(_ step: BoundStep) throws -> PreparedKernel {
        let (x, y) = (try step("x"), try step("y"))
        var narrow = dlc_narrow()
        (narrow.from, narrow.to) = (x.type.kernelType, y.type.kernelType)
        (narrow.saturate, narrow.rounding) = (saturate, rounding)
        narrow.elements = Int64(x.count)
        return try PreparedKernel(narrow, slots: step.slots) { dlc_narrow_prepare(step.isa, $0, $1) }
    }
}
