import DLCGraph
import DLCOps

/// A recurrent layer over a sequence, stacked and in both directions where wanted. Weights are PyTorch's: weight_ih_l0
/// `[G·H, C]`, weight_hh_l0 `[G·H, H]`, bias_ih_l0 and bias_hh_l0 `[G·H]`, with `_reverse` for the second direction.
public struct RecurrentLayer: Layer {
    public enum Nonlinearity: String, Sendable, CaseIterable, ArgumentConvertible { case tanh, relu }
    public enum Outputs: String, Sendable, CaseIterable, ArgumentConvertible { case all, last }

    public let kind: RecurrentKind
    public var hidden = 0
    public var layers = 1
    public var bidirectional = false
    public var bias = true
    public var outputs = Outputs.all
    public var nonlinearity = Nonlinearity.tanh

    public init(_ kind: RecurrentKind) { self.kind = kind }

    public var definition: LayerDefinition {
        switch kind {
        case .rnn: Self.rnn
        case .gru: Self.gru
        case .lstm: Self.lstm
        }
    }

    private static let shapes = "x `[N, T, C]` gives y `[N, T, D·H]` (D is 2 where bidirectional) and the last state `[layers·D, N, H]`"

    private static let names = ["weight_ih_l*", "weight_hh_l*", "[bias_ih_l*]", "[bias_hh_l*]"].flatMap { name in
        [name, name.hasPrefix("[") ? "\(name.dropLast())_reverse]" : "[\(name)_reverse]"]
    }

    static let rnn = LayerDefinition(
        Self(.rnn), name: "rnn", doc: "A plain recurrent layer: \(shapes).", source: "Elman, 1990", operands: ["x", "initial?"],
        results: ["y", "h"],
        parameters: names
    ) {
        Argument("hidden", \.hidden, "H, the width of the state", .required)
        Argument("layers", \.layers, "how many layers are stacked")
        Argument("bidirectional", \.bidirectional, "whether a second pass reads backwards")
        Argument("bias", \.bias, "whether there are biases")
        Argument("outputs", \.outputs, "\"last\" for y of the last step only, `[N, D·H]`")
        Argument("nonlinearity", \.nonlinearity, "the function of a step")
    }
    static let gru = LayerDefinition(
        Self(.gru), name: "gru", doc: "Gated recurrent units: \(shapes).", source: "Cho et al., 2014", operands: ["x", "initial?"],
        results: ["y", "h"], parameters: names
    ) {
        Argument("hidden", \.hidden, "H, the width of the state", .required)
        Argument("layers", \.layers, "how many layers are stacked")
        Argument("bidirectional", \.bidirectional, "whether a second pass reads backwards")
        Argument("bias", \.bias, "whether there are biases")
        Argument("outputs", \.outputs, "\"last\" for y of the last step only, `[N, D·H]`")
    }
    static let lstm = LayerDefinition(
        Self(.lstm), name: "lstm", doc: "Long short-term memory: \(shapes), and the last cell.", source: "Hochreiter and Schmidhuber, 1997",
        operands: ["x", "initial?", "cell?"], results: ["y", "h", "c"], parameters: names
    ) {
        Argument("hidden", \.hidden, "H, the width of the state", .required)
        Argument("layers", \.layers, "how many layers are stacked")
        Argument("bidirectional", \.bidirectional, "whether a second pass reads backwards")
        Argument("bias", \.bias, "whether there are biases")
        Argument("outputs", \.outputs, "\"last\" for y of the last step only, `[N, D·H]`")
    }

    private var directions: Int { bidirectional ? 2 : 1 }

    /// Where a gate of the graph's operator lies among PyTorch's: `iofc` of `ifco`, `zrh` of `rzh`.
    private var gateOrder: [Int] {
        switch kind {
        case .lstm: [0, 3, 1, 2]
        case .gru: [1, 0, 2]
        case .rnn: [0]
        }
    }

    public func apply(to operands: [TensorValue?], in context: LayerContext) throws -> [TensorValue] {
        var x = try operand(operands, 0)
        guard x.rank == 3 else { throw DLCError("x is \(x.type); expected [N, steps, width]") }
        try positive(hidden, "hidden")
        guard hidden <= 1 << 24, layers >= 1, layers <= 256 else {
            throw DLCError("hidden is \(hidden), layers \(layers); expected at most \(1 << 24) and 1 to 256")
        }
        let initial = try [optional(operands, 1), optional(operands, 2)].map { try $0.map { try checked($0, x) } }
        if kind == .lstm, (initial[0] == nil) != (initial[1] == nil) { throw DLCError("initial and cell are given together or not at all") }
        var last: [[TensorValue]] = [[], []]
        for layer in 0..<layers {
            let weights = try parameters(layer, inputs: x.extent(2), x.element, context)
            let states = try initial.map { try $0.map { try rows($0, of: layer, context) } }
            var op = Recurrent(kind, hiddenSize: hidden, direction: bidirectional ? .bidirectional : .forward)
            op.batchFirst = true
            op.linearBeforeReset = kind == .gru
            if kind == .rnn, nonlinearity == .relu { op.activations = op.activations.map { _ in "Relu" } }
            let results = try context.all(op, [x] + weights + [nil] + (kind == .lstm ? states : [states[0]]))
            let width = Dim(directions * hidden)
            for (index, state) in results.dropFirst().enumerated() { last[index].append(try context.add(Transpose([1, 0, 2]), state)) }
            x = try context.add(Reshape(shape: [x.shape[0], x.shape[1], width]), results[0])
        }
        let states = try last.filter { !$0.isEmpty }.map { $0.count == 1 ? $0[0] : try context.all(Concat(axis: 0), $0)[0] }
        return [outputs == .all ? x : try lastStep(x, context)] + states
    }

    /// What both directions have when they have read everything: the first at the last step, the second at the first.
    private func lastStep(_ y: TensorValue, _ context: LayerContext) throws -> TensorValue {
        let ends = try (0..<directions).map { direction in
            let start = direction == 0 ? try y.shape[1].minus(1) : 0
            let step = try y.sliced(axis: 1, from: start, count: 1, context)
            return try step.sliced(axis: 2, from: Dim(direction * hidden), count: Dim(hidden), context)
        }
        let joined = ends.count == 1 ? ends[0] : try context.all(Concat(axis: 2), ends)[0]
        return try context.add(Reshape(shape: [y.shape[0], Dim(directions * hidden)]), joined)
    }

    private func checked(_ state: TensorValue, _ x: TensorValue) throws -> TensorValue {
        guard state.rank == 3, state.shape[0] == Dim(layers * directions), state.shape[2] == Dim(hidden) else {
            throw DLCError("the initial state is \(state.type); expected [\(layers * directions), \(x.shape[0]), \(hidden)]")
        }
        return state
    }

    /// The initial state of one layer, as `[N, D, H]`.
    private func rows(_ state: TensorValue, of layer: Int, _ context: LayerContext) throws -> TensorValue {
        let part = try state.sliced(axis: 0, from: Dim(layer * directions), count: Dim(directions), context)
        return try context.add(Transpose([1, 0, 2]), part)
    }

    /// w `[D, G·H, C]`, r `[D, G·H, H]`, bias `[D, 2·G·H]` of one layer.
    private func parameters(_ layer: Int, inputs: Int, _ type: ElementType, _ context: LayerContext) throws -> [TensorValue?] {
        let rows = kind.gates * hidden
        let initialiser = Initialiser.uniform(1 / Double(hidden).squareRoot())
        var parts: [[TensorValue]] = [[], [], []]
        for suffix in ["", "_reverse"].prefix(directions) {
            func gates(_ name: String, _ shape: [Int]) throws -> TensorValue {
                try reordered(context.parameter("\(name)_l\(layer)\(suffix)", shape, initialiser, type: type), context)
            }
            parts[0].append(try gates("weight_ih", [rows, inputs]))
            parts[1].append(try gates("weight_hh", [rows, hidden]))
            if bias { parts[2].append(try context.all(Concat(axis: 0), [gates("bias_ih", [rows]), gates("bias_hh", [rows])])[0]) }
        }
        return try parts.map { list in
            guard let first = list.first else { return nil }
            let stacked = try list.map { try context.add(Reshape(shape: [1] + first.shape), $0) }
            return stacked.count == 1 ? stacked[0] : try context.all(Concat(axis: 0), stacked)[0]
        }
    }

    private func reordered(_ x: TensorValue, _ context: LayerContext) throws -> TensorValue {
        if kind == .rnn { return x }
        let gates = try gateOrder.map { try x.sliced(axis: 0, from: Dim($0 * hidden), count: Dim(hidden), context) }
        return try context.all(Concat(axis: 0), gates)[0]
    }
}

extension TensorValue {
    private func recurrent(
        _ kind: RecurrentKind, _ hidden: Int, _ layers: Int, _ bidirectional: Bool, _ bias: Bool, _ outputs: RecurrentLayer.Outputs,
        _ states: [TensorValue?], _ name: String?, nonlinearity: RecurrentLayer.Nonlinearity = .tanh
    ) throws -> [TensorValue] {
        var layer = RecurrentLayer(kind)
        (layer.hidden, layer.layers, layer.bidirectional, layer.bias) = (hidden, layers, bidirectional, bias)
        (layer.outputs, layer.nonlinearity) = (outputs, nonlinearity)
        return try builder.layer(layer, name: name).results([self] + states)
    }

    public func rnn(
        _ hidden: Int, initial: TensorValue? = nil, layers: Int = 1, bidirectional: Bool = false, bias: Bool = true,
        outputs: RecurrentLayer.Outputs = .all, nonlinearity: RecurrentLayer.Nonlinearity = .tanh, name: String? = nil
    ) throws -> (y: TensorValue, h: TensorValue) {
        let results = try recurrent(.rnn, hidden, layers, bidirectional, bias, outputs, [initial], name, nonlinearity: nonlinearity)
        return (results[0], results[1])
    }

    public func gru(
        _ hidden: Int, initial: TensorValue? = nil, layers: Int = 1, bidirectional: Bool = false, bias: Bool = true,
        outputs: RecurrentLayer.Outputs = .all, name: String? = nil
    ) throws -> (y: TensorValue, h: TensorValue) {
        let results = try recurrent(.gru, hidden, layers, bidirectional, bias, outputs, [initial], name)
        return (results[0], results[1])
    }

    public func lstm(
        _ hidden: Int, initial: TensorValue? = nil, cell: TensorValue? = nil, layers: Int = 1, bidirectional: Bool = false,
        bias: Bool = true,
        outputs: RecurrentLayer.Outputs = .all, name: String? = nil
    ) throws -> (y: TensorValue, h: TensorValue, c: TensorValue) {
        let results = try recurrent(.lstm, hidden, layers, bidirectional, bias, outputs, [initial, cell], name)
        return (results[0], results[1], results[2])
    }
}
