import DLCGraph

/// Causal attention in which groups of queries share keys and values that are kept between runs (Ainslie et al., 2023; ONNX Runtime's
/// GroupQueryAttention): each sequence puts its keys behind those it has, at places of its own.
struct GroupQueryAttention {
    private let heads: Int
    private let keyHeads: Int
    /// `[B, L, heads · D]` each.
    private var q, k, v: Value
    private let depth: Dim

    /// Results: `[B, S, heads · D]`, keys and values `[B, Hk, T, D]`.
    static let read: @Sendable (inout ONNXReader) throws -> [Value] = { reader in
        try reader.allowAttributes([
            "do_rotary", "k_quant_type", "kv_cache_bit_width", "kv_num_heads", "local_window_size", "num_heads", "qk_output",
            "rotary_interleaved", "scale", "smooth_softmax", "softcap", "v_quant_type",
        ])
        for name in ["kv_cache_bit_width", "qk_output", "smooth_softmax", "softcap"] where (try reader.attribute(name) ?? 0.0) > 0 {
            throw DLCError("GroupQueryAttention with \(name) is not read")
        }
        guard reader.operands.dropFirst(11).allSatisfy({ $0 == nil }) else {
            throw DLCError("GroupQueryAttention with sinks or scales of a quantized cache is not read")
        }
        var attention = try GroupQueryAttention(&reader)
        return try attention.computed(&reader)
    }

    private init(_ reader: inout ONNXReader) throws {
        let (query, fact) = (try reader.required(0), try reader.fact(0))
        guard let heads: Int = try reader.attribute("num_heads"), let keyHeads: Int = try reader.attribute("kv_num_heads"), heads > 0,
            keyHeads > 0, heads % keyHeads == 0, fact.rank == 3
        else { throw DLCError("query is \(fact.type); expected 3 dimensions, and kv_num_heads that divide num_heads") }
        (self.heads, self.keyHeads) = (heads, keyHeads)
        if let key = reader.operand(1) {
            try reader.require(.divides, Dim(heads), fact.shape[2], "query is \(fact.type), which holds \(heads) heads")
            depth = try fact.shape[2].quotient(Dim(heads))
            (q, k, v) = (query, key, try reader.required(2))
        } else {
            let all = try Checked.add(heads, Checked.multiply(2, keyHeads))
            try reader.require(.divides, Dim(all), fact.shape[2], "query is \(fact.type), which holds \(heads) heads and twice \(keyHeads)")
            depth = try fact.shape[2].quotient(Dim(all))
            let (wide, narrow) = (try depth.times(Dim(heads)), try depth.times(Dim(keyHeads)))
            q = try reader.slice(query, axis: 2, from: 0, count: wide)
            k = try reader.slice(query, axis: 2, from: wide, count: narrow)
            v = try reader.slice(query, axis: 2, from: wide.plus(narrow), count: narrow)
        }
    }

    private mutating func computed(_ reader: inout ONNXReader) throws -> [Value] {
        let (batch, rows) = (reader.builder.shape(q)[0], reader.builder.shape(q)[1])
        guard let total = try reader.dims(6, "total_sequence_length")?.first else { throw DLCError("total_sequence_length is missing") }
        var before: Dim = 0
        if reader.operand(3) != nil {
            let past = try reader.fact(3)
            guard past.rank == 4 else { throw DLCError("past_key is \(past.type); expected 4 dimensions") }
            before = past.shape[2]
        }
        let columns = try Dim.max(before, total)
        let places = try places(batch, rows, total, &reader)
        if try reader.attribute("do_rotary") ?? false {
            let positions = reader.operand(9) ?? places
            q = try turned(q, heads, positions, &reader)
            k = try turned(k, keyHeads, positions, &reader)
        }
        let keys = try kept(k, 3, columns, places, &reader)
        let values = try kept(v, 4, columns, places, &reader)

        let wide = try reader.reshape(places, [batch, 1, rows, 1])
        let distance = try reader.apply(.sub, wide, reader.range(columns))
        var isSeen = try reader.apply(.greaterOrEqual, distance, reader.scalar(0, like: distance))
        if let window: Int = try reader.attribute("local_window_size"), window > 0 {
            isSeen = try reader.apply(.and, isSeen, reader.apply(.less, distance, reader.scalar(Double(window), like: distance)))
        }
        var bias = try reader.select(isSeen, reader.scalar(0, like: q), reader.scalar(-.infinity, like: q))
        if let added = reader.operand(10) { bias = try reader.apply(.add, bias, added) }
        var queries = try split(q, heads, &reader)
        var scale: Double = try reader.attribute("scale") ?? 0
        if scale == 0 {
            scale = depth.constant.map { 1 / Double(max($0, 1)).squareRoot() } ?? 1
            if depth.constant == nil {
                queries = try reader.apply(.div, queries, reader.apply(.sqrt, reader.extent(depth, like: queries)))
            }
        }
        let y = try reader.add1(Attention(scale: scale, causal: false, emptyRowsAreNaN: false), [queries, keys, values, bias])
        let rowsOfHeads = try reader.transpose(y, [0, 2, 1, 3])
        return [try reader.reshape(rowsOfHeads, [batch, rows, reader.builder.shape(q)[2]]), keys, values]
    }

    /// Where each row of each sequence stands, `[B, S]`: from 0 where all there is arrives at once, else so that the sequence ends where
    /// `seqlens_k` says.
    private func places(_ batch: Dim, _ rows: Dim, _ total: Dim, _ reader: inout ONNXReader) throws -> Value {
        let steps = try reader.reshape(reader.range(rows), [1, rows])
        if total == rows { return try reader.add1(Expand(shape: [batch, rows]), [steps]) }
        let last = try reader.cast(reader.reshape(reader.required(5), [batch, 1]), .int64)
        let ends = try reader.apply(.add, last, reader.scalar(1, like: last))
        let starts = try reader.apply(.sub, ends, reader.extent(rows, like: ends))
        let isFirst = try reader.apply(.equal, reader.extent(total, like: starts), reader.extent(rows, like: starts))
        return try reader.apply(.add, reader.select(isFirst, reader.scalar(0, like: starts), starts), steps)
    }

    private func turned(_ x: Value, _ count: Int, _ positions: Value, _ reader: inout ONNXReader) throws -> Value {
        let operands = try [x, reader.required(7), reader.required(8), reader.cast(positions, .int64)]
        let attributes: [String: AttributeValue] = [
            "num_heads": .int(count), "interleaved": .int(try reader.attribute("rotary_interleaved") ?? 0),
            "rotary_embedding_dim": .int(2 * (try reader.fact(7).shape.last?.constant ?? 0)),
        ]
        return try reader.delegate(RotaryEmbedding.read, operands: operands, attributes: attributes, opset: 23)[0]
    }

    /// `[B, L, count · D]` as `[B, count, L, D]`.
    private func split(_ x: Value, _ count: Int, _ reader: inout ONNXReader) throws -> Value {
        let shape = reader.builder.shape(x)
        return try reader.transpose(reader.reshape(x, [shape[0], shape[1], Dim(count), depth]), [0, 2, 1, 3])
    }

    /// What was kept, as long as the result is, with the new rows at their places.
    private func kept(_ x: Value, _ past: Int, _ columns: Dim, _ places: Value, _ reader: inout ONNXReader) throws -> Value {
        let rows = try split(x, keyHeads, &reader)
        let shape = reader.builder.shape(rows)
        if reader.operand(past) == nil, columns == shape[2] { return rows }
        let base: Value
        if let past = reader.operand(past) {
            let missing = try columns.minus(reader.builder.shape(past)[2])
            base = missing == 0 ? past : try reader.add1(Pad(pads: [0, 0, 0, 0, 0, 0, missing, 0]), [past])
        } else {
            let zero = try Tensor(filling: 0, type: reader.builder.fact(rows).element, shape: [])
            base = try reader.add1(Fill(shape: [shape[0], shape[1], columns, shape[3]], value: zero), [])
        }
        let wide = try reader.add1(Expand(shape: shape), [reader.reshape(places, [shape[0], 1, shape[2], 1])])
        return try reader.add1(ScatterElements(axis: 2), [base, wide, rows])
    }
}
