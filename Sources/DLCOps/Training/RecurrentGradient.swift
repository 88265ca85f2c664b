import DLCGraph

/// The gradient of a recurrent layer: backpropagation through time (Werbos, 1990) over all steps.
///
/// Operands are those of `Recurrent`, its result y, and the gradients with respect to y, y_h and (LSTM) y_c, of which absent
/// ones are zero; attributes and layouts are the forward operator's. Results are the gradients with respect to x, w, r, bias
/// and the initial states, and (LSTM) the peepholes, each in the shape that its operand has or would have. Gates follow from
/// x, y and the weights without the recursion, cells from the gates.
///
/// What lies outside of ±clip has no gradient; steps after a sequence's length neither.
public struct RecurrentGradient: Operator {
    public let kind: RecurrentKind
    /// The operator whose gradient this is.
    public var layer: Recurrent

    public init(of layer: Recurrent) {
        kind = layer.kind
        self.layer = layer
    }

    public var definition: OperatorDefinition { Self.definitions[kind] ?? Self.lstm }

    static let table: [OperatorDefinition] = RecurrentKind.allCases.compactMap { definitions[$0] }
    private static let lstm = define(.lstm)
    private static let definitions: [RecurrentKind: OperatorDefinition] = [.lstm: lstm, .gru: define(.gru), .rnn: define(.rnn)]

    private static func define(_ kind: RecurrentKind) -> OperatorDefinition {
        let isLSTM = kind == .lstm
        let operands = ["x", "w", "r", "bias?", "sequence_lens?", "initial_h?"] + (isLSTM ? ["initial_c?", "peepholes?"] : [])
        return OperatorDefinition(
            RecurrentGradient(of: Recurrent(kind)), name: "\(kind.rawValue)_gradient",
            operands: operands + ["y", "dy?", "dy_h?"] + (isLSTM ? ["dy_c?"] : []),
            results: ["dx", "dw", "dr", "dbias?", "dinitial_h?"] + (isLSTM ? ["dinitial_c?", "dpeepholes?"] : []),
            examples: { try examples(kind) }
        ) {
            Attribute("direction", \.layer.direction)
            Attribute("hidden_size", \.layer.hiddenSize)
            Attribute("layout", \.layer.batchFirst)
            Attribute("activations", \.layer.activations)
            Attribute("activation_alpha", \.layer.alphas)
            Attribute("activation_beta", \.layer.betas)
            Attribute("clip", \.layer.clip)
            Attribute("input_forget", \.layer.inputForget)
            Attribute("linear_before_reset", \.layer.linearBeforeReset)
        }
    }

    /// Those of the forward operator, with all gradients, then with those of the states alone.
    private static func examples(_ kind: RecurrentKind) throws -> [Example] {
        try (Recurrent.table.first { $0.name == kind.rawValue }?.examples() ?? []).enumerated().flatMap { number, example -> [Example] in
            guard let layer = example.op as? Recurrent else { return [] }
            let results = try layer.evaluate(example.operands)
            let op = RecurrentGradient(of: layer)
            let absent = [Tensor?](repeating: nil, count: op.forwardCount - example.operands.count)
            let adjoints: [Tensor?] = try results.enumerated().map { try Tensor.random(seed: 20 + UInt64($0), shape: $1.shape) }
            let operands: [Tensor?] = example.operands + absent + [results[0]]
            let all = Example(example.name, op, operands + adjoints)
            return number > 0 ? [all] : [all, Example("of the states", op, operands + [nil] + Array(adjoints.dropFirst()))]
        }
    }

    /// How many operands the forward operator has.
    public var forwardCount: Int { kind == .lstm ? 8 : 6 }

    public func infer(_ context: inout InferContext) throws -> [Fact] {
        let forwardOperands = (0..<forwardCount).map { context.optional($0) }
        var forward = InferContext(operands: forwardOperands)
        let results = try layer.infer(&forward)
        for constraint in forward.constraints { try context.require(constraint) }
        for (index, expected) in ([results[0]] + results).enumerated() {
            guard let fact = context.optional(forwardCount + index) else { continue }
            let reason = "\(definition.operands[forwardCount + index]) is \(fact.type); expected \(expected.type)"
            guard fact.element == expected.element else { throw DLCError(reason) }
            try context.require(fact.shape, equals: expected.shape, reason)
        }
        let x = try context.operand(0)
        let (directions, hidden) = (Dim(layer.direction.count), Dim(layer.hiddenSize))
        let rows = try hidden.times(Dim(kind.gates))
        let state = results[1].shape
        let parameters: [Shape] = [[directions, rows, x.shape[2]], [directions, rows, hidden], [directions, try rows.times(2)], state]
        let shapes = parameters + (kind == .lstm ? [state, [directions, try hidden.times(3)]] : [])
        return [Fact(x.type)] + shapes.map { Fact(x.element, $0) }
    }
}
