import CKernels

/// Determinants of square matrices.
package struct DeterminantKernel: Kernel {
    package static let name = "determinant"
    package static let definition = KernelDefinition(
        operands: [OperandRule("x", .floats, "*batch N N")], results: [OperandRule("y", .floats, "*batch")])

    package init() {}
    package mutating func visit(_ fields: inout some FieldVisitor) throws {}

    package func prepare(_ step: BoundStep) throws -> PreparedKernel {
        let x = try step("x")
        var determinant = dlc_determinant()
        determinant.type = x.type.kernelType
        (determinant.batch, determinant.n) = (x.product(..<(x.rank - 2)), Int64(x.shape[x.rank - 1]))
        return try PreparedKernel(determinant, slots: step.slots) { dlc_determinant_prepare(step.isa, $0, $1) }
    }
}

/// Inverses of square matrices.
package struct InverseKernel: Kernel {
    package static let name = "inverse"
    package static let definition = KernelDefinition(
        operands: [OperandRule("x", .floats, "*batch N N")], results: [OperandRule("y", .floats, "*batch N N")])

    package init() {}
    package mutating func visit(_ fields: inout some FieldVisitor) throws {}

    package func prepare(_ step: BoundStep) throws -> PreparedKernel {
        let x = try step("x")
        var inverse = dlc_inverse()
        inverse.type = x.type.kernelType
        (inverse.batch, inverse.n) = (x.product(..<(x.rank - 2)), Int64(x.shape[x.rank - 1]))
        return try PreparedKernel(inverse, slots: step.slots) { dlc_inverse_prepare(step.isa, $0, $1) }
    }
}
