import DLCGraph

/// Linear attention with a state matrix per head (ONNX LinearAttention: Katharopoulos et al., 2020; gates of Yang et al.,
/// 2024; delta rule of Schlag et al., 2021), one step after the other: a loop, or each step by itself where they are few.
struct LinearAttention {
    /// The most steps that become nodes of their own, about a dozen each.
    private static let mostSteps = 4

    /// How many heads of queries share one of keys.
    private let group: Dim
    /// Heads of keys, and so of states; fewer heads of queries are repeated to as many.
    private let keyHeads: Int
    /// `[B, H, T, D]` each, in single precision; the last two only for rules that have them.
    private var q, k, v: Value
    private var decay, beta: Value?

    static let read: @Sendable (inout ONNXReader) throws -> [Value] = { reader in
        try reader.allowAttributes(["chunk_size", "kv_num_heads", "q_num_heads", "scale", "state_window", "update_rule"])
        guard (try reader.attribute("state_window") ?? 0) == 0 else { throw DLCError("LinearAttention with a state_window is not read") }
        let attention = try LinearAttention(&reader)
        let (fact, width) = (try reader.fact(0), reader.builder.shape(attention.q)[3])
        let stateShape: Shape = [fact.shape[0], Dim(attention.keyHeads), width, reader.builder.shape(attention.v)[3]]
        let stateType = reader.operand(3).map { reader.builder.fact($0).element } ?? fact.element
        let first =
            try reader.operand(3).map { try reader.cast($0, .float32) }
            ?? reader.add1(Fill(shape: stateShape, value: Tensor([0 as Float], shape: [])), [])
        var scale: Double = try reader.attribute("scale") ?? 0
        if scale == 0 {
            guard let width = width.constant, width > 0 else { throw DLCError("query is \(fact.type); expected a known width") }
            scale = 1 / Double(width).squareRoot()
        }
        let (rows, state) = try attention.computed(first, steps: fact.shape[1], &reader)
        let y = try reader.cast(reader.apply(.mul, rows, reader.scalar(scale, like: rows)), fact.element)
        return [y, try reader.cast(state, stateType)]
    }

    private init(_ reader: inout ONNXReader) throws {
        guard let heads: Int = try reader.attribute("q_num_heads"), let keyHeads: Int = try reader.attribute("kv_num_heads"),
            heads > 0, keyHeads > 0, heads % keyHeads == 0 || keyHeads % heads == 0
        else { throw DLCError("q_num_heads must be a positive multiple of kv_num_heads, or divide it") }
        let rule: String = try reader.attribute("update_rule") ?? "gated_delta"
        guard ["linear", "gated", "delta", "gated_delta"].contains(rule) else { throw DLCError("update_rule \(rule) is unknown") }
        func split(_ index: Int, _ heads: Int) throws -> Value {
            let (value, fact) = (try reader.required(index), try reader.fact(index))
            guard fact.rank == 3 else { throw DLCError("operand \(index) is \(fact.type); expected 3 dimensions") }
            try reader.require(.divides, Dim(heads), fact.shape[2], "operand \(index) is \(fact.type), which holds \(heads) heads")
            let width = try fact.shape[2].quotient(Dim(heads))
            let wide = try reader.cast(value, .float32)
            return try reader.transpose(reader.reshape(wide, [fact.shape[0], fact.shape[1], Dim(heads), width]), [0, 2, 1, 3])
        }
        (self.keyHeads, group) = (keyHeads, Dim(max(1, heads / keyHeads)))
        (q, k, v) = (try split(0, heads), try split(1, keyHeads), try split(2, keyHeads))
        if heads < keyHeads { q = try reader.repeated(q, heads: Dim(keyHeads)) }
        decay = rule.hasPrefix("gated") ? try split(4, keyHeads) : nil
        beta = try rule.hasSuffix("delta") ? split(5, reader.fact(5).shape.last == 1 ? 1 : keyHeads) : nil
    }

    /// Rows `[B, T, heads · Dv]` and the last state.
    private func computed(_ first: Value, steps: Dim, _ reader: inout ONNXReader) throws -> (rows: Value, state: Value) {
        if let count = steps.constant, (1...Self.mostSteps).contains(count) {
            var (state, rows): (Value, [Value]) = (first, [])
            for step in 0..<count {
                let next = try advanced(state, &reader) { try $1.slice($0, axis: 2, from: step, count: 1) }
                state = next.state
                rows.append(try reader.reshape(next.row, [reader.builder.shape(next.row)[0], 1, reader.builder.shape(next.row)[1]]))
            }
            return (rows.count == 1 ? rows[0] : try reader.add1(Concat(axis: 1), rows), state)
        }
        var inside = self
        var body = GraphBuilder(name: "step", foldLimit: GraphBuilder.usualFoldLimit)
        body.reserveSymbols(of: reader.builder)
        let round = try body.input("round", TensorType(.int64, []))
        let goesOn = try body.input("goes_on", TensorType(.bool, []))
        let state = try body.input("state", reader.builder.fact(first).type)
        func captured(_ name: String, _ value: Value) throws -> Value { try body.input(name, reader.builder.fact(value).type) }
        (inside.q, inside.k, inside.v) = (try captured("q", q), try captured("k", k), try captured("v", v))
        inside.decay = try decay.map { try captured("decay", $0) }
        inside.beta = try beta.map { try captured("beta", $0) }
        var inner = ONNXReader(
            builder: body, opType: reader.opType, opset: reader.opset, name: reader.name, operands: [], attributes: reader.attributes,
            resultNames: [])
        let place = try inner.reshape(round, [1])
        let next = try inside.advanced(state, &inner) { try $1.add1(Gather(axis: 2), [$0, place]) }
        for (name, value) in [("same", goesOn), ("next", next.state), ("row", next.row)] { try inner.builder.output(name, value) }
        let count = try reader.add1(Extents(values: [steps], shape: []), [])
        var operands: [Value?] = [count, nil, first, q, k, v]
        for value in [decay, beta] where value != nil { operands.append(value) }
        let loop = Loop(body: inner.builder.graph, carried: 1)
        let results = try reader.builder.add(loop, operands, name: reader.name, resultNames: [nil, nil])
        return (try reader.transpose(results[1], [1, 0, 2]), results[0])
    }

    /// The state after a step, and what its queries read of it, `[B, heads · Dv]`.
    /// - Parameter at: a step's part of `[B, H, T, D]`.
    private func advanced(
        _ state: Value, _ reader: inout ONNXReader, at: (Value, inout ONNXReader) throws -> Value
    ) throws -> (state: Value, row: Value) {
        let (keys, queries) = (try at(k, &reader), try at(q, &reader))
        var (state, value) = (state, try at(v, &reader))
        if let decay {
            let factor = try reader.transpose(reader.apply(.exp, at(decay, &reader)), [0, 1, 3, 2])
            state = try reader.apply(.mul, state, factor)
        }
        if let beta {
            let retrieved = try reader.add1(MatMul(), [keys, state])
            value = try reader.apply(.mul, at(beta, &reader), reader.apply(.sub, value, retrieved))
        }
        state = try reader.apply(.add, state, reader.apply(.mul, reader.transpose(keys, [0, 1, 3, 2]), value))
        // Queries that share a head of keys are rows of one product.
        let shape = reader.builder.shape(queries)
        let rows = try reader.reshape(queries, [shape[0], Dim(keyHeads), group, shape[3]])
        let read = try reader.add1(MatMul(), [rows, state])
        return (state, try reader.reshape(read, [shape[0], try Dim(keyHeads).times(group).times(reader.builder.shape(state)[3])]))
    }
}

/// ONNX CausalConvWithState: a depthwise convolution over the past and the present. ONNX Runtime's may have channels last, in any number
/// of dimensions, and taps that lie apart.
enum CausalConvolution {
    static let read: @Sendable (inout ONNXReader) throws -> [Value] = { reader in
        try reader.allowAttributes(["activation", "channels_last", "dilation", "ndim", "state_window"])
        let (dimensions, dilation): (Int, Int) = (try reader.attribute("ndim") ?? 1, try reader.attribute("dilation") ?? 1)
        guard dimensions == 1, dilation >= 1, (try reader.attribute("state_window") ?? 0) == 0 else {
            throw DLCError("CausalConvWithState of \(dimensions) dimensions, a dilation of \(dilation) or a state_window is not read")
        }
        let isLast: Bool = try reader.attribute("channels_last") ?? false
        let (given, w) = (try reader.fact(0), try reader.fact(1))
        guard given.rank >= 3, isLast || given.rank == 3, w.rank == 3, let taps = w.shape[2].constant, taps >= 1,
            let channels = w.shape[0].constant
        else { throw DLCError("x is \(given.type) and w is \(w.type); expected [batch, channels, length] and [channels, 1, taps]") }
        func channelsSecond(_ value: Value) throws -> Value {
            guard isLast else { return value }
            let shape = reader.builder.shape(value)
            return try reader.channelsSecond(reader.reshape(value, [shape[0], shape[1], Shape(shape.dropFirst(2)).product()]))
        }
        /// Back to the dimensions that x has.
        func restored(_ value: Value) throws -> Value {
            guard isLast else { return value }
            let turned = try reader.channelsLast(value)
            return try reader.reshape(turned, Shape(reader.builder.shape(turned).prefix(2)) + Shape(given.shape.dropFirst(2)))
        }
        let x = try channelsSecond(reader.required(0))
        let (shape, kept) = (reader.builder.shape(x), Dim(try Checked.multiply(taps - 1, dilation)))
        let past =
            try reader.operand(3).map { try channelsSecond($0) }
            ?? reader.add1(Fill(shape: [shape[0], shape[1], kept], value: Tensor(filling: 0, type: given.element, shape: [])), [])
        let padded = try reader.add1(Concat(axis: 2), [past, x])
        let conv = Conv(strides: [1], dilations: [dilation], pads: [0, 0], group: channels)
        var y = try reader.add1(conv, [padded, reader.required(1), reader.operand(2)])
        let activation: String = try reader.attribute("activation") ?? "none"
        switch activation {
        case "none": break
        case "silu", "swish": y = try reader.add1(Activation(.swish), [y])
        default: throw DLCError("activation \(activation) is unknown; expected none, silu or swish")
        }
        let state = try reader.slice(padded, axis: 2, from: reader.builder.shape(padded)[2].minus(kept), count: kept)
        return [try restored(y), try restored(state)]
    }
}
