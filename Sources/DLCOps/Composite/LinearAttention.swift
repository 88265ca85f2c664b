import DLCGraph

/// Linear attention with a state matrix per head (ONNX LinearAttention: Katharopoulos et al., 2020; gates of Yang et al.,
/// 2024; delta rule of Schlag et al., 2021), one step after the other.
enum LinearAttention {
    /// The most steps, each of which becomes about a dozen nodes.
    private static let mostSteps = 1024

    static let read: @Sendable (inout ONNXReader) throws -> [Value] = { reader in
        try reader.allowAttributes(["chunk_size", "kv_num_heads", "q_num_heads", "scale", "update_rule"])
        guard let heads: Int = try reader.attribute("q_num_heads"), let keyHeads: Int = try reader.attribute("kv_num_heads"),
            heads > 0, keyHeads > 0, heads % keyHeads == 0
        else { throw DLCError("q_num_heads must be a positive multiple of kv_num_heads") }
        let rule: String = try reader.attribute("update_rule") ?? "gated_delta"
        guard ["linear", "gated", "delta", "gated_delta"].contains(rule) else { throw DLCError("update_rule \(rule) is unknown") }
        let fact = try reader.fact(0)
        guard fact.rank == 3, let steps = fact.shape[1].constant, steps <= mostSteps else {
            throw DLCError("query is \(fact.type); expected 3 dimensions and up to \(mostSteps) steps")
        }
        let batch = fact.shape[0]
        /// `[B, H, T, D]` of `[B, T, H·D]`, in single precision.
        func split(_ index: Int, _ heads: Int) throws -> Value {
            let (value, fact) = (try reader.required(index), try reader.fact(index))
            guard fact.rank == 3 else { throw DLCError("operand \(index) is \(fact.type); expected 3 dimensions") }
            let width = try fact.shape[2].quotient(Dim(heads))
            let wide = try reader.cast(value, .float32)
            return try reader.transpose(reader.reshape(wide, [fact.shape[0], fact.shape[1], Dim(heads), width]), [0, 2, 1, 3])
        }
        let (q, k, v) = (try split(0, heads), try split(1, keyHeads), try split(2, keyHeads))
        let (keyWidth, valueWidth) = (reader.builder.shape(k)[3], reader.builder.shape(v)[3])
        let decay = rule.hasPrefix("gated") ? try split(4, keyHeads) : nil
        let beta = try rule.hasSuffix("delta") ? split(5, reader.fact(5).shape.last == 1 ? 1 : keyHeads) : nil
        let stateShape: Shape = [batch, Dim(keyHeads), keyWidth, valueWidth]
        let stateType = reader.operand(3).map { reader.builder.fact($0).element } ?? fact.element
        var state =
            try reader.operand(3).map { try reader.cast($0, .float32) }
            ?? reader.add1(Fill(shape: stateShape, value: Tensor([0 as Float], shape: [])), [])
        var scale: Double = try reader.attribute("scale") ?? 0
        if scale == 0 {
            guard let width = reader.builder.shape(q)[3].constant, width > 0 else {
                throw DLCError("query is \(fact.type); expected a known width")
            }
            scale = 1 / Double(width).squareRoot()
        }
        let group = Dim(heads / keyHeads)
        var outputs: [Value] = []
        for step in 0..<steps {
            func at(_ value: Value) throws -> Value { try reader.slice(value, axis: 2, from: step, count: 1) }
            let key = try reader.transpose(at(k), [0, 1, 3, 2])
            if let decay {
                let factor = try reader.transpose(reader.apply(.exp, at(decay)), [0, 1, 3, 2])
                state = try reader.apply(.mul, state, factor)
            }
            var value = try at(v)
            if let beta {
                let retrieved = try reader.add1(MatMul(), [at(k), state])
                value = try reader.apply(.mul, at(beta), reader.apply(.sub, value, retrieved))
            }
            state = try reader.apply(.add, state, reader.apply(.mul, key, value))
            // Queries that share a head of keys are rows of one product.
            let rows = try reader.reshape(at(q), [batch, Dim(keyHeads), group, keyWidth])
            let read = try reader.add1(MatMul(), [rows, state])
            outputs.append(try reader.reshape(read, [batch, 1, try Dim(heads).times(valueWidth)]))
        }
        let joined = outputs.count == 1 ? outputs[0] : try reader.add1(Concat(axis: 1), outputs)
        let y = try reader.cast(reader.apply(.mul, joined, reader.scalar(scale, like: joined)), fact.element)
        return [y, try reader.cast(state, stateType)]
    }
}

/// ONNX CausalConvWithState: a depthwise convolution over the past and the present.
enum CausalConvolution {
    static let read: @Sendable (inout ONNXReader) throws -> [Value] = { reader in
        try reader.allowAttributes(["activation"])
        let (x, w) = (try reader.fact(0), try reader.fact(1))
        guard x.rank == 3, w.rank == 3, let taps = w.shape[2].constant, taps >= 1, let channels = w.shape[0].constant else {
            throw DLCError("x is \(x.type) and w is \(w.type); expected [batch, channels, length] and [channels, 1, taps]")
        }
        let past =
            try reader.operand(3)
            ?? reader.add1(Fill(shape: [x.shape[0], x.shape[1], Dim(taps - 1)], value: Tensor(filling: 0, type: x.element, shape: [])), [])
        let padded = try reader.add1(Concat(axis: 2), [past, reader.required(0)])
        let conv = Conv(strides: [1], pads: [0, 0], group: channels)
        var y = try reader.add1(conv, [padded, reader.required(1), reader.operand(2)])
        let activation: String = try reader.attribute("activation") ?? "none"
        switch activation {
        case "none": break
        case "silu", "swish": y = try reader.add1(Activation(.swish), [y])
        default: throw DLCError("activation \(activation) is unknown; expected none, silu or swish")
        }
        let length = reader.builder.shape(padded)[2]
        var (starts, sizes) = (Shape(repeating: 0, count: 3), reader.builder.shape(padded))
        (starts[2], sizes[2]) = (try length.minus(Dim(taps - 1)), Dim(taps - 1))
        return [y, try reader.add1(Slice(starts: starts, sizes: sizes, steps: [1, 1, 1]), [padded])]
    }
}
