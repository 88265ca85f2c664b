import CKernels

/// The gradient of a recurrent layer, with the weights as they are, and the gates where the layer's step gives them.
package struct RecurrentGradientKernel: Kernel {
    package static let name = "recurrent_gradient"
    package static let definition = KernelDefinition(
        operands: [
            OperandRule("x", .only(.float32), "*x"), OperandRule("w", .only(.float32), "*w"), OperandRule("r", .only(.float32), "*r"),
            OperandRule("bias?", .only(.float32), "*bias"), OperandRule("lengths?", .only(.int32), "_"),
            OperandRule("initial_h?", .only(.float32), "*state"), OperandRule("initial_c?", .only(.float32), "*state"),
            OperandRule("peepholes?", .only(.float32), "*peepholes"), OperandRule("y", .only(.float32), "*y"),
            OperandRule("dy?", .only(.float32), "*y"), OperandRule("dy_h?", .only(.float32), "*state"),
            OperandRule("dy_c?", .only(.float32), "*state"), OperandRule("gates?", .only(.float32), "_ _ _ _"),
        ],
        results: [
            OperandRule("dx?", .only(.float32), "*x"), OperandRule("dw?", .only(.float32), "*w"), OperandRule("dr?", .only(.float32), "*r"),
            OperandRule("dbias?", .only(.float32), "*bias"), OperandRule("dinitial_h?", .only(.float32), "*state"),
            OperandRule("dinitial_c?", .only(.float32), "*state"), OperandRule("dpeepholes?", .only(.float32), "*peepholes"),
        ], reportsStatus: true)

    /// The layer whose gradient it is.
    package var layer = RecurrentKernel()

    package init() {}
    package mutating func visit(_ fields: inout some FieldVisitor) throws { try fields("layer", &layer) }

    package func prepare(_ step: BoundStep) throws -> PreparedKernel {
        guard try step("x").rank == 3 else { throw DLCError("x has extents \(try step("x").shape); expected three") }
        let states = ["initial_h", "initial_c", "dy_h", "dy_c", "dinitial_h", "dinitial_c"]
        let rnn = try layer.parameters(step, states: states, sequences: ["y", "dy"])
        let (directions, hidden, rows) = (layer.layout.directions, layer.hidden, layer.layout.gates * layer.hidden)
        try step("w").expect([directions, rows, Int(rnn.input)], "w")
        try step("r").expect([directions, rows, hidden], "r")
        for name in ["bias", "dbias"] { try step.optional(name)?.expect([directions, 2 * rows], name) }
        for name in ["peepholes", "dpeepholes"] { try step.optional(name)?.expect([directions, 3 * hidden], name) }
        var gradient = dlc_rnn_gradient()
        gradient.rnn = rnn
        gradient.has_gates = step.optional("gates") != nil
        return try PreparedKernel(gradient, slots: step.slots) { dlc_rnn_gradient_prepare(step.isa, $0, $1) }
    }
}
