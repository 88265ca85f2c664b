import DLCGraph

/// What layers know of the places of rows: tables of angles, and biases of distances.
enum PositionTables {
    /// Rotary positions of three coordinates `[3, B, S]`, each for a section of the features, one behind the other or in turn (Wang et
    /// al., Qwen2-VL, 2024).
    static let readRotary: @Sendable (inout ONNXReader) throws -> [Value] = { reader in
        try reader.allowAttributes([
            "interleaved", "is_packed_batching", "mrope_layout", "mrope_section", "num_heads", "rotary_embedding_dim", "scale",
        ])
        guard (try reader.attribute("scale") ?? 1.0) == 1, !(try reader.attribute("is_packed_batching") ?? false) else {
            throw DLCError("MRotaryEmbedding with a scale or packed batches is not read")
        }
        let (x, places, table) = (try reader.fact(0), try reader.fact(1), try reader.fact(2))
        guard x.rank == 3 || x.rank == 4, places.rank == 3, table.rank == 2, let half = table.shape[1].constant else {
            throw DLCError("input is \(x.type), position_ids \(places.type), cos_cache \(table.type); expected 3 or 4, 3 and 2 dimensions")
        }
        try reader.require(.equal, places.shape[0], 3, "position_ids are \(places.type)")
        let layout: Int = try reader.attribute("mrope_layout") ?? 0
        guard let sections: [Int] = try reader.attribute("mrope_section"), sections.count == 3, layout == 0 || layout == 1,
            sections.allSatisfy({ (0...half).contains($0) }), sections.reduce(0, +) == half
        else { throw DLCError("mrope_section must be 3 numbers whose sum is \(half), and mrope_layout 0 or 1") }
        let owners = (0..<half).map { column -> Int in
            if layout == 0 { return column < sections[0] ? 0 : column < sections[0] + sections[1] ? 1 : 2 }
            let owner = column % 3
            return owner > 0 && column < 3 * sections[owner] ? owner : 0
        }
        let masks = try (1..<3).map { owner in reader.constant(try Tensor(owners.map { $0 == owner }, shape: [half])) }
        func chosen(_ index: Int) throws -> Value {
            let rows = try reader.add1(Gather(axis: 0), [reader.required(index), reader.required(1)])
            let shape = Shape(reader.builder.shape(rows).dropFirst())
            let streams = try (0..<3).map { try reader.reshape(reader.slice(rows, axis: 0, from: $0, count: 1), shape) }
            return try reader.select(masks[0], streams[1], reader.select(masks[1], streams[2], streams[0]))
        }
        var attributes = reader.attributes.filter { ["interleaved", "num_heads", "rotary_embedding_dim"].contains($0.key) }
        if x.rank == 4 {
            attributes["num_heads"] = nil
        } else if (try reader.attribute("num_heads") ?? 0) == 0 {
            guard let width = x.shape[2].constant, half > 0, width % (2 * half) == 0 else {
                throw DLCError("input is \(x.type), cos_cache \(table.type); without num_heads a head is as wide as two rows of the table")
            }
            attributes["num_heads"] = .int(width / (2 * half))
        }
        let operands = try [reader.required(0), chosen(2), chosen(3)]
        return try reader.delegate(RotaryEmbedding.read, operands: operands, attributes: attributes, opset: 23)
    }

    /// A bias `[1, heads, queries, keys]` out of a table `[buckets, heads]`: near distances have a bucket each, far ones share (Raffel et
    /// al., T5, 2020).
    static let readBias: @Sendable (inout ONNXReader) throws -> [Value] = { reader in
        try reader.allowAttributes(["is_bidirectional", "max_distance"])
        let table = try reader.fact(0)
        guard table.rank == 2, let all = table.shape[0].constant, let most: Int = try reader.attribute("max_distance"),
            let queries = try reader.dims(1, "query_length")?.first, let keys = try reader.dims(2, "key_length")?.first
        else { throw DLCError("bias_table is \(table.type); expected [buckets, heads], two lengths and a max_distance") }
        let isBoth: Bool = try reader.attribute("is_bidirectional") ?? false
        let buckets = isBoth ? all / 2 : all
        let exact = buckets / 2
        guard exact >= 1, most > exact else { throw DLCError("max_distance is \(most) for \(all) buckets") }
        let rows = try reader.reshape(reader.range(queries), [queries, 1])
        let behind = try reader.apply(.sub, reader.range(keys), rows)
        let zero = try reader.scalar(0, like: behind)
        let distance = try isBoth ? reader.apply(.abs, behind) : reader.apply(.neg, reader.apply(.min, behind, zero))
        let first = try reader.scalar(Double(exact), like: distance)
        let isNear = try reader.apply(.less, distance, first)
        let ratio = try reader.cast(reader.apply(.max, distance, first), .float32)
        let steps = try reader.apply(.log, reader.apply(.div, ratio, reader.scalar(Double(exact), like: ratio)))
        let whole = try reader.scalar(Oracle.log(Double(most) / Double(exact)), like: steps)
        let far = try reader.apply(.mul, reader.apply(.div, steps, whole), reader.scalar(Double(buckets - exact), like: steps))
        let shared = try reader.apply(.add, reader.cast(far, .int64), first)
        var bucket = try reader.select(isNear, distance, reader.apply(.min, shared, reader.scalar(Double(buckets - 1), like: shared)))
        if isBoth {
            let isBehind = try reader.apply(.greater, behind, zero)
            bucket = try reader.apply(.add, bucket, reader.select(isBehind, reader.scalar(Double(buckets), like: bucket), zero))
        }
        let bias = try reader.transpose(reader.add1(Gather(axis: 0), [reader.required(0), bucket]), [2, 0, 1])
        return [try reader.reshape(bias, [1] + reader.builder.shape(bias))]
    }

    /// A bias of distances `[1, heads, S, S]` with a gate for each query (Chen et al., WavLM, 2022): `[B, heads, S, S]`.
    static let readGatedBias: @Sendable (inout ONNXReader) throws -> [Value] = { reader in
        try reader.allowAttributes(["num_heads"])
        let (x, weights) = (try reader.fact(0), try reader.fact(3))
        guard x.rank == 3, weights.rank == 2, reader.operand(6) == nil else {
            throw DLCError("query_layer is \(x.type), weight \(weights.type); expected 3 and 2 dimensions and no token_offset")
        }
        let rows = try ContribAttention.heads(reader.apply(.add, reader.required(0), reader.required(1)), &reader)
        let gates = try reader.apply(.add, reader.add1(MatMul(), [rows, reader.required(3)]), reader.required(4))
        let shape = reader.builder.shape(gates)
        try reader.require(.divides, 2, shape[3], "weight is \(weights.type), for two gates")
        let halves = try reader.reshape(gates, [shape[0], shape[1], shape[2], 2, shape[3].quotient(2)])
        let both = try reader.apply(.sigmoid, reader.add1(Reduce(.sum, axes: [4], keepDims: false), [halves]))
        let u = try reader.slice(both, axis: 3, from: 0, count: 1)
        let r = try reader.slice(both, axis: 3, from: 1, count: 1)
        let inner = try reader.apply(.sub, reader.apply(.mul, r, reader.required(5)), reader.scalar(1, like: r))
        let gate = try reader.apply(.add, reader.apply(.mul, u, inner), reader.scalar(2, like: u))
        return try reader.add(Binary(.mul), [gate, reader.required(2)])
    }
}
