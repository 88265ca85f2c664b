import DLCGraph

/// Causal attention in which groups of queries share keys and values that are kept between runs (Ainslie et al., 2023; ONNX Runtime's
/// GroupQueryAttention): each sequence puts its keys behind those it has, at places of its own.
struct GroupQueryAttention {
    private let heads: Int
    private let keyHeads: Int
    /// `[B, L, heads · D]` each.
    private var q, k, v: Value
    private let depth: Dim
    private var layouts: Layouts?

    /// Results: `[B, S, heads · D]`, keys and values `[B, Hk, T, D]`.
    static let read: @Sendable (inout ONNXReader) throws -> [Value] = { reader in
        try reader.allowAttributes([
            "causal", "do_rotary", "k_quant_type", "kv_cache_bit_width", "kv_num_heads", "local_window_size", "num_heads",
            "qk_norm_epsilon", "qk_output", "rotary_interleaved", "scale", "sliding_window_cache", "smooth_softmax", "softcap",
            "v_quant_type",
        ])
        for name in ["kv_cache_bit_width", "qk_output", "sliding_window_cache"] where (try reader.attribute(name) ?? 0.0) > 0 {
            throw DLCError("GroupQueryAttention with \(name) is not read")
        }
        guard reader.operand(12) == nil, reader.operand(13) == nil else {
            throw DLCError("GroupQueryAttention with scales of a quantized cache is not read")
        }
        var attention = try GroupQueryAttention(&reader)
        return try attention.computed(&reader)
    }

    /// Attention in which a row sees blocks of keys that a layout chooses, one after the other for the heads (ONNX Runtime's
    /// SparseAttention, as Phi-3-small has it): layouts are lists of columns for every row of blocks.
    static let readSparse: @Sendable (inout ONNXReader) throws -> [Value] = { reader in
        let name = "sparse_block_size"
        try reader.allowAttributes(["do_rotary", "kv_num_heads", "num_heads", "rotary_interleaved", "scale", name])
        guard let block: Int = try reader.attribute(name), block >= 1 else { throw DLCError("\(name) is missing or below 1") }
        let layouts = try Layouts(block: block, reader)
        let last = try reader.required(8)
        let operands = try (0..<5).map { reader.operand($0) } + [reader.apply(.sub, last, reader.scalar(1, like: last)), reader.operand(7)]
        var inner = ONNXReader(
            builder: reader.builder, opType: reader.opType, opset: reader.opset, name: reader.name,
            operands: operands + [reader.operand(9), reader.operand(10)], attributes: reader.attributes, resultNames: reader.resultNames)
        defer { reader.builder = inner.builder }
        var attention = try GroupQueryAttention(&inner)
        attention.layouts = layouts
        return try attention.computed(&inner)
    }

    /// Which blocks of keys a block of rows sees, `[layouts, blocks, blocks]`.
    private struct Layouts {
        let block: Int
        let isSeen: Tensor

        init(block: Int, _ reader: ONNXReader) throws {
            guard let starts = try reader.ints(5, "block_row_indices"), let columns = try reader.ints(6, "block_col_indices"),
                let shape = try reader.fact(5).shape.constants, let other = try reader.fact(6).shape.constants, shape.count == 2,
                other.count == 2, shape[0] == other[0], shape[0] >= 1, (2...4097).contains(shape[1])
            else { throw DLCError("block_row_indices and block_col_indices expect [layouts, blocks + 1] and [layouts, columns]") }
            let blocks = shape[1] - 1
            var isSeen = [Bool](repeating: false, count: try Checked.count([shape[0], blocks, blocks]))
            for layout in 0..<shape[0] {
                for row in 0..<blocks {
                    let (from, to) = (starts[layout * shape[1] + row], starts[layout * shape[1] + row + 1])
                    guard 0 <= from, from <= to, to <= other[1] else { throw DLCError("block_row_indices go from \(from) to \(to)") }
                    for place in from..<to {
                        let column = columns[layout * other[1] + place]
                        guard (0..<blocks).contains(column) else { throw DLCError("block_col_indices hold \(column) of \(blocks) blocks") }
                        isSeen[(layout * blocks + row) * blocks + column] = true
                    }
                }
            }
            (self.block, self.isSeen) = (block, try Tensor(isSeen, shape: [shape[0], blocks, blocks]))
        }

        /// `[B, heads, S, T]` for rows at places `[B, S]`.
        func seen(_ places: Value, columns: Dim, heads: Int, _ reader: inout ONNXReader) throws -> Value {
            let count = isSeen.shape[0]
            guard heads % count == 0 else { throw DLCError("\(count) layouts do not divide \(heads) heads") }
            func blocks(_ places: Value) throws -> Value { try reader.apply(.div, places, reader.scalar(Double(block), like: places)) }
            let rows = try reader.add1(Gather(axis: 1), [reader.constant(isSeen), blocks(places)])
            let tokens = try reader.add1(Gather(axis: 3), [rows, blocks(reader.range(columns))])
            let own = reader.constant(try Tensor((0..<heads).map { Int64($0 % count) }, shape: [heads]))
            return try reader.add1(Gather(axis: 1), [reader.transpose(tokens, [1, 0, 2, 3]), own])
        }
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
        q = try normalized(q, heads, 14, &reader)
        k = try normalized(k, keyHeads, 15, &reader)
        if try reader.attribute("do_rotary") ?? false {
            let positions = reader.operand(9) ?? places
            q = try turned(q, heads, positions, &reader)
            k = try turned(k, keyHeads, positions, &reader)
        }
        let keys = try kept(k, 3, columns, places, &reader)
        let values = try kept(v, 4, columns, places, &reader)

        let wide = try reader.reshape(places, [batch, 1, rows, 1])
        let distance = try reader.apply(.sub, wide, reader.range(columns))
        var isSeen: Value
        if try reader.attribute("causal") ?? true {
            isSeen = try reader.apply(.greaterOrEqual, distance, reader.scalar(0, like: distance))
        } else {
            // All that is there, which ends with the last row.
            let last = try reader.slice(distance, axis: 2, from: rows.minus(1), count: 1)
            isSeen = try reader.apply(.greaterOrEqual, last, reader.scalar(0, like: last))
        }
        if let window: Int = try reader.attribute("local_window_size"), window > 0 {
            isSeen = try reader.apply(.and, isSeen, reader.apply(.less, distance, reader.scalar(Double(window), like: distance)))
        }
        if let layouts {
            isSeen = try reader.apply(.and, isSeen, layouts.seen(places, columns: columns, heads: heads, &reader))
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
        let y = try attended(queries, keys, values, bias, scale, &reader)
        let rowsOfHeads = try reader.transpose(y, [0, 2, 1, 3])
        return [try reader.reshape(rowsOfHeads, [batch, rows, reader.builder.shape(q)[2]]), keys, values]
    }

    /// Each head of q or k divided by its root mean square and scaled, where a weight says so.
    private func normalized(_ x: Value, _ count: Int, _ weight: Int, _ reader: inout ONNXReader) throws -> Value {
        guard let weight = reader.operand(weight) else { return x }
        let shape = reader.builder.shape(x)
        let heads = try reader.reshape(x, [shape[0], shape[1], Dim(count), depth])
        let op = RMSNormalization(epsilon: try reader.attribute("qk_norm_epsilon") ?? 1e-6)
        return try reader.reshape(reader.add1(op, [heads, weight]), shape)
    }

    /// Rows `[B, heads, S, D]`. A limit of the scores, and a sink, a key of each head that has a score and no value, are spelled out.
    private func attended(
        _ q: Value, _ k: Value, _ v: Value, _ bias: Value, _ scale: Double, _ reader: inout ONNXReader
    ) throws -> Value {
        let limit: Double = try reader.attribute("softcap") ?? 0
        let isSmooth = (try reader.attribute("smooth_softmax") ?? 0) > 0
        guard limit > 0 || isSmooth || reader.operand(11) != nil else {
            return try reader.add1(Attention(scale: scale, causal: false, emptyRowsAreNaN: false), [q, k, v, bias])
        }
        let (shape, columns) = (reader.builder.shape(q), reader.builder.shape(k)[2])
        // Heads that share keys are rows of one product.
        let stacked: Shape = [shape[0], Dim(keyHeads), try shape[2].times(Dim(heads / keyHeads))]
        let rows = try reader.reshape(reader.apply(.mul, q, reader.scalar(scale, like: q)), stacked + [depth])
        var scores = try reader.reshape(
            reader.add1(MatMul(), [rows, reader.transpose(k, [0, 1, 3, 2])]), [shape[0], shape[1], shape[2], columns])
        if limit > 0 {
            let cap = try reader.scalar(limit, like: scores)
            scores = try reader.apply(.mul, reader.apply(.tanh, reader.apply(.div, scores, cap)), cap)
        }
        scores = try reader.apply(.add, scores, bias)
        if isSmooth || reader.operand(11) != nil {
            let sink = try reader.operand(11).map { try reader.reshape($0, [1, Dim(heads), 1, 1]) } ?? reader.scalar(0, like: scores)
            let column = try reader.add1(Expand(shape: [shape[0], shape[1], shape[2], 1]), [sink])
            scores = try reader.add1(Concat(axis: 3), [scores, column])
        }
        let weights = try reader.slice(reader.add1(Softmax(), [scores]), axis: 3, from: 0, count: columns)
        let y = try reader.add1(MatMul(), [reader.reshape(weights, stacked + [columns]), v])
        return try reader.reshape(y, shape)
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
