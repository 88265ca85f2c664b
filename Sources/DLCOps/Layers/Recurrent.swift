import DLCGraph

/// The cell of a recurrent layer.
public enum RecurrentKind: String, Sendable, CaseIterable {
    case lstm, gru, rnn

    /// Gates, whose weights lie one after the other: `iofc`, `zrh`, or the one of a plain cell.
    public var gates: Int {
        switch self {
        case .lstm: 4
        case .gru: 3
        case .rnn: 1
        }
    }

    /// The functions of one direction where nothing is given.
    public var activations: [String] {
        switch self {
        case .lstm: ["Sigmoid", "Tanh", "Tanh"]
        case .gru: ["Sigmoid", "Tanh"]
        case .rnn: ["Tanh"]
        }
    }
}

/// A recurrent layer over a whole sequence: LSTM (Hochreiter and Schmidhuber, 1997, with the peepholes of Gers et al.,
/// 2002), GRU (Cho et al., 2014) or a plain cell, as ONNX LSTM, GRU and RNN define them.
///
/// With T steps, B sequences, I inputs, H hidden units, D directions and G gates: x `[T, B, I]`, w `[D, G·H, I]`,
/// r `[D, G·H, H]`, bias `[D, 2·G·H]`, sequence_lens `[B]`, initial_h and initial_c `[D, B, H]`, peepholes `[D, 3·H]`;
/// results y `[T, D, B, H]`, y_h and (LSTM) y_c `[D, B, H]`. With `batchFirst` x is `[B, T, I]`, y `[B, T, D, H]`, and
/// states are `[B, D, H]`.
public struct Recurrent: Operator {
    public let kind: RecurrentKind
    public var direction: RecurrentDirection
    public var hiddenSize: Int
    public var batchFirst = false
    /// ONNX names of the functions, all of the first direction before those of the second.
    public var activations: [String]
    /// A parameter per function; without meaning where the function has none.
    public var alphas: [Double]
    public var betas: [Double]
    /// Sums are limited to ±clip before the functions.
    public var clip: Double?
    /// LSTM: the forget gate is one minus the input gate.
    public var inputForget = false
    /// GRU: the reset gate scales the hidden state after its product with the weights.
    public var linearBeforeReset = false

    /// A layer with the standard functions.
    public init(_ kind: RecurrentKind, hiddenSize: Int = 0, direction: RecurrentDirection = .forward) {
        self.kind = kind
        self.direction = direction
        self.hiddenSize = hiddenSize
        activations = (0..<direction.count).flatMap { _ in kind.activations }
        alphas = activations.map { _ in 0 }
        betas = alphas
    }

    public var definition: OperatorDefinition { Self.definitions[kind] ?? Self.lstm }

    static let table: [OperatorDefinition] = RecurrentKind.allCases.compactMap { definitions[$0] }
    private static let lstm = define(.lstm)
    private static let definitions: [RecurrentKind: OperatorDefinition] = [.lstm: lstm, .gru: define(.gru), .rnn: define(.rnn)]

    private static func define(_ kind: RecurrentKind) -> OperatorDefinition {
        let operands = ["x", "w", "r", "bias?", "sequence_lens?", "initial_h?"]
        let isLSTM = kind == .lstm
        return OperatorDefinition(
            Recurrent(kind), name: kind.rawValue, operands: operands + (isLSTM ? ["initial_c?", "peepholes?"] : []),
            results: ["y?", "y_h?"] + (isLSTM ? ["y_c?"] : []),
            onnx: [ONNXMapping(kind.rawValue.uppercased(), read: { try read(kind, &$0) }, write: write)],
            examples: { try examples(kind) }
        ) {
            Attribute("direction", \.direction)
            Attribute("hidden_size", \.hiddenSize)
            Attribute("layout", \.batchFirst)
            Attribute("activations", \.activations)
            Attribute("activation_alpha", \.alphas)
            Attribute("activation_beta", \.betas)
            Attribute("clip", \.clip)
            Attribute("input_forget", \.inputForget)
            Attribute("linear_before_reset", \.linearBeforeReset)
        }
    }

    private static func examples(_ kind: RecurrentKind) throws -> [Example] {
        func operands(_ directions: Int, batchFirst: Bool = false, extras: Bool) throws -> [Tensor?] {
            let (steps, batch, inputs, hidden) = (4, 2, 3, 5)
            let rows = kind.gates * hidden
            let state = batchFirst ? [batch, directions, hidden] : [directions, batch, hidden]
            var list: [Tensor?] = [
                try .random(seed: 1, shape: batchFirst ? [batch, steps, inputs] : [steps, batch, inputs]),
                try .random(seed: 2, shape: [directions, rows, inputs]), try .random(seed: 3, shape: [directions, rows, hidden]),
                try .random(seed: 4, shape: [directions, 2 * rows]),
            ]
            if extras {
                list += [try Tensor([4, 2] as [Int32], shape: [2]), try .random(seed: 5, shape: state)]
                if kind == .lstm { list += [try .random(seed: 6, shape: state), try .random(seed: 7, shape: [directions, 3 * hidden])] }
            }
            return list
        }
        var both = Recurrent(kind, hiddenSize: 5, direction: .bidirectional)
        both.inputForget = kind == .lstm
        both.linearBeforeReset = kind == .gru
        var reverse = Recurrent(kind, hiddenSize: 5, direction: .reverse)
        reverse.batchFirst = true
        reverse.clip = 0.5
        var functions = Recurrent(kind, hiddenSize: 5)
        functions.activations = Array(["HardSigmoid", "LeakyRelu", "Softsign"].prefix(functions.activations.count))
        functions.alphas = Array([0.3, 0.1, 0].prefix(functions.alphas.count))
        functions.betas = Array([0.4, 0, 0].prefix(functions.betas.count))
        return [
            Example("forward", Recurrent(kind, hiddenSize: 5), try operands(1, extras: false)),
            Example("both directions, ragged", both, try operands(2, extras: true)),
            Example("reverse, batch first, clipped", reverse, try operands(1, batchFirst: true, extras: true)),
            Example("other functions", functions, try operands(1, extras: false)),
        ]
    }

    /// The functions with their parameters.
    /// - Throws: where one is unknown or the lists have the wrong length.
    func functions() throws -> [(Double) -> Double] {
        try activationIndices().map { index in
            let (function, alpha, beta) = (try RecurrentActivation(named: activations[index]), alphas[index], betas[index])
            return { function.compute($0, alpha, beta) }
        }
    }

    /// The derivatives of the functions.
    func derivatives() throws -> [(Double) -> Double] {
        try activationIndices().map { index in
            let (function, alpha, beta) = (try RecurrentActivation(named: activations[index]), alphas[index], betas[index])
            return { function.derivative($0, alpha, beta) }
        }
    }

    private func activationIndices() throws -> Range<Int> {
        let expected = direction.count * kind.activations.count
        guard activations.count == expected, alphas.count == expected, betas.count == expected else {
            throw DLCError(
                "\(kind.rawValue) \(direction.rawValue) expects \(expected) activations with as many alphas and betas, "
                    + "found \(activations.count), \(alphas.count) and \(betas.count)")
        }
        return activations.indices
    }

    public func infer(_ context: inout InferContext) throws -> [Fact] {
        try context.expect(0, "x", ElementType.floats)
        try context.expect(0, "x", rank: 3)
        _ = try functions()
        guard hiddenSize > 0 else { throw DLCError("hidden_size is \(hiddenSize); expected at least 1") }
        if inputForget, kind != .lstm { throw DLCError("input_forget is the LSTM's; a \(kind.rawValue) has no input gate") }
        if linearBeforeReset, kind != .gru { throw DLCError("linear_before_reset is the GRU's; a \(kind.rawValue) has no reset gate") }
        if let clip, !(clip > 0) { throw DLCError("clip is \(clip); expected a positive number") }
        let x = try context.operand(0)
        let (steps, batch) = batchFirst ? (x.shape[1], x.shape[0]) : (x.shape[0], x.shape[1])
        let (directions, hidden) = (Dim(direction.count), Dim(hiddenSize))
        let rows = try hidden.times(Dim(kind.gates))
        let state: Shape = batchFirst ? [batch, directions, hidden] : [directions, batch, hidden]
        let expected: [(name: String, type: ElementType, shape: Shape)] = [
            ("w", x.element, [directions, rows, x.shape[2]]), ("r", x.element, [directions, rows, hidden]),
            ("bias", x.element, [directions, try rows.times(2)]), ("sequence_lens", .int32, [batch]), ("initial_h", x.element, state),
            ("initial_c", x.element, state), ("peepholes", x.element, [directions, try hidden.times(3)]),
        ]
        for (offset, operand) in expected.enumerated() {
            guard let fact = context.optional(offset + 1) else { continue }
            let reason = "\(operand.name) is \(fact.type); expected \(TensorType(operand.type, operand.shape)) for x \(x.type)"
            guard fact.element == operand.type else { throw DLCError(reason) }
            try context.require(fact.shape, equals: operand.shape, reason)
        }
        let y: Shape = batchFirst ? [batch, steps, directions, hidden] : [steps, directions, batch, hidden]
        let states = [Fact](repeating: Fact(x.element, state), count: kind == .lstm ? 2 : 1)
        return [Fact(x.element, y)] + states
    }
}
