import CKernels

extension dlc_rnn_kind: KernelChoice {
    package static let choices: ChoiceTable<dlc_rnn_kind> = [DLC_RNN_PLAIN: "rnn", DLC_RNN_GRU: "gru", DLC_RNN_LSTM: "lstm"]
}

extension dlc_rnn_direction: KernelChoice {
    package static let choices: ChoiceTable<dlc_rnn_direction> = [
        DLC_RNN_FORWARD: "forward", DLC_RNN_REVERSE: "reverse", DLC_RNN_BIDIRECTIONAL: "bidirectional",
    ]
}

extension dlc_rnn_function: KernelChoice {
    package static let choices: ChoiceTable<dlc_rnn_function> = [
        DLC_RNN_SIGMOID: "sigmoid", DLC_RNN_TANH: "tanh", DLC_RNN_RELU: "relu", DLC_RNN_AFFINE: "affine",
        DLC_RNN_LEAKY_RELU: "leakyrelu", DLC_RNN_THRESHOLDED_RELU: "thresholdedrelu", DLC_RNN_SCALED_TANH: "scaledtanh",
        DLC_RNN_HARD_SIGMOID: "hardsigmoid", DLC_RNN_ELU: "elu", DLC_RNN_SOFTSIGN: "softsign", DLC_RNN_SOFTPLUS: "softplus",
    ]
}

/// What kind of recurrent layer it is, as far as its weights depend on it.
package struct RecurrentLayout: FieldGroup, Hashable {
    package var kind = DLC_RNN_LSTM
    package var direction = DLC_RNN_FORWARD
    /// Of GRU: the hidden state is multiplied before it is reset.
    package var linearBeforeReset = false
    /// Of the packed matrices: panels of f32, or of f16 or bf16.
    package var form = DLC_PACK_PANELS

    package init() {}
    package mutating func visit(_ fields: inout some FieldVisitor) throws {
        try fields("kind", &kind)
        try fields("direction", &direction)
        try fields("linear_before_reset", &linearBeforeReset)
        try fields("form", &form)
    }

    var directions: Int { direction == DLC_RNN_BIDIRECTIONAL ? 2 : 1 }
    var gates: Int { kind == DLC_RNN_LSTM ? 4 : kind == DLC_RNN_GRU ? 3 : 1 }

    /// The kernels' struct for a layer of so many inputs and hidden units.
    /// - Throws: where they are out of range.
    func parameters(input: Int, hidden: Int) throws -> dlc_rnn {
        guard (0...(1 << 24)).contains(input), (1...(1 << 24)).contains(hidden) else {
            throw DLCError("\(input) inputs and \(hidden) hidden units are out of range")
        }
        var rnn = dlc_rnn()
        (rnn.kind, rnn.direction, rnn.linear_before_reset, rnn.form) = (kind, direction, linearBeforeReset, form)
        (rnn.input, rnn.hidden) = (Int64(input), Int64(hidden))
        return rnn
    }

    /// The columns of the gates that a layer gives for its gradient.
    /// - Throws: where the number of units is out of range.
    package func gatesColumns(hidden: Int) throws -> Int {
        var rnn = try parameters(input: 1, hidden: hidden)
        return Int(dlc_rnn_gates_columns(&rnn))
    }

    /// The size of packed weights: directions × units, in whole vectors, × rows of the gates.
    /// - Throws: where an extent is out of range.
    package func bytes(input: Dim, hidden: Int, isa: dlc_isa) throws -> Dim {
        if let extent = input.constant {
            var rnn = try parameters(input: extent, hidden: hidden)
            return Dim(Int(dlc_rnn_packed_bytes(isa, &rnn)))
        }
        // Linear in the input's extent.
        let (one, two) = (try bytes(input: 1, hidden: hidden, isa: isa), try bytes(input: 2, hidden: hidden, isa: isa))
        return try two.minus(one).times(input.minus(1)).plus(one)
    }
}

/// A gate's function with its parameters.
package struct RecurrentFunction: FieldGroup {
    package var function = DLC_RNN_SIGMOID
    package var alpha = 0.0
    package var beta = 0.0

    package init() {}
    package mutating func visit(_ fields: inout some FieldVisitor) throws {
        try fields("function", &function)
        try fields("alpha", &alpha)
        try fields("beta", &beta)
    }
}

/// LSTM, GRU and plain recurrent layers with packed weights.
package struct RecurrentKernel: Kernel {
    package static let name = "recurrent"
    package static let definition = KernelDefinition(
        operands: [
            OperandRule("x", .only(.float32), "_ _ I"), OperandRule("weights", .any, "*"), OperandRule("lengths?", .only(.int32), "_"),
            OperandRule("initial_h?", .only(.float32), "*state"), OperandRule("initial_c?", .only(.float32), "*state"),
        ],
        results: [
            OperandRule("y?", .only(.float32), "_ _ _ _"), OperandRule("y_h?", .only(.float32), "*state"),
            OperandRule("y_c?", .only(.float32), "*state"), OperandRule("gates?", .only(.float32), "_ _ _ _"),
        ], reportsStatus: true)

    package var layout = RecurrentLayout()
    package var batchFirst = false
    /// Of LSTM: the forget gate is 1 − the input gate.
    package var inputForget = false
    package var hidden = 0
    /// Gates are clipped to ±clip where it is finite.
    package var clip = Double.infinity
    /// Of f, g and h in the first direction, then in the second.
    package var functions: [RecurrentFunction] = []

    package init() {}
    package mutating func visit(_ fields: inout some FieldVisitor) throws {
        try fields("layout", &layout)
        try fields("batch_first", &batchFirst)
        try fields("input_forget", &inputForget)
        try fields("hidden", &hidden)
        try fields("clip", &clip)
        try fields("functions", &functions)
    }

    /// Recurrent weights are read at each time step, since steps wait for each other; those of the input once.
    package func passes(over operand: Int, _ shapes: StepShapes) -> Double {
        let (x, units) = (shapes["x"], Double(hidden))
        guard Self.definition.operands[operand].name == "weights", x.count == 3, x[2] + units > 0 else { return 1 }
        return (x[2] + (batchFirst ? x[1] : x[0]) * units) / (x[2] + units)
    }

    package func prepare(_ step: BoundStep) throws -> PreparedKernel {
        let weights = try step("weights")
        var rnn = try parameters(step, states: ["initial_h", "initial_c", "y_h", "y_c"], sequences: ["y"])
        guard Int(dlc_rnn_packed_bytes(step.isa, &rnn)) == weights.count * weights.type.size else {
            throw DLCError("the weights are not those of \(rnn.input) inputs and \(rnn.hidden) hidden units")
        }
        return try PreparedKernel(rnn, slots: step.slots) { dlc_rnn_prepare(step.isa, $0, $1) }
    }

    /// The kernels' struct for a step's x.
    /// - Throws: where states, sequences of states or lengths have not the extents that they must have.
    func parameters(_ step: BoundStep, states: [String], sequences: [String]) throws -> dlc_rnn {
        let x = try step("x")
        let (steps, batch) = batchFirst ? (x.shape[1], x.shape[0]) : (x.shape[0], x.shape[1])
        var rnn = try layout.parameters(input: x.shape[2], hidden: hidden)
        (rnn.batch_first, rnn.input_forget) = (batchFirst, inputForget)
        (rnn.clipped, rnn.clip) = (clip.isFinite, clip.isFinite ? Float(clip) : 0)
        try fill(
            &rnn.activations, functions.map { dlc_rnn_activation(function: $0.function, alpha: Float($0.alpha), beta: Float($0.beta)) })
        (rnn.steps, rnn.batch) = (Int64(steps), Int64(batch))
        let directions = layout.directions
        let state = batchFirst ? [batch, directions, hidden] : [directions, batch, hidden]
        let sequence = batchFirst ? [batch, steps, directions, hidden] : [steps, directions, batch, hidden]
        try step.optional("lengths")?.expect([batch], "lengths")
        for name in sequences { try step.optional(name)?.expect(sequence, name) }
        for name in states { try step.optional(name)?.expect(state, name) }
        try step.optional("gates")?.expect([directions, steps, batch, Int(dlc_rnn_gates_columns(&rnn))], "gates")
        return rnn
    }
}
