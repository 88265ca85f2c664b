import DLCGraph

/// Attention in the forms of ONNX Runtime's transformer optimiser.
enum ContribAttention {
    /// Keys and values per head, with the past in front, and what is added to the scores.
    struct Operands {
        /// `[B, N, S, D]`, `[B, N, T, D]`, `[B, N, T, Dv]`.
        var q, k, v: Value
        var bias: Value?
    }

    /// One product makes queries, keys and values; results: `[B, S, N · Dv]`, and keys and values, `[2, B, N, T, D]`.
    static let readSelfAttention: @Sendable (inout ONNXReader) throws -> [Value] = { reader in
        try reader.allowAttributes([
            "do_rotary", "mask_filter_value", "num_heads", "past_present_share_buffer", "qkv_hidden_sizes", "rotary_embedding_dim", "scale",
            "unidirectional",
        ])
        for name in ["do_rotary", "past_present_share_buffer"] where try reader.attribute(name) ?? false {
            throw DLCError("Attention with \(name) is not read")
        }
        let (x, weights) = (try reader.fact(0), try reader.fact(1))
        guard x.rank == 3, weights.rank == 2 else {
            throw DLCError("input is \(x.type), weights are \(weights.type); expected 3 and 2 dimensions")
        }
        var rows = try reader.add1(MatMul(), [reader.required(0), reader.required(1)])
        if let bias = reader.operand(2) { rows = try reader.apply(.add, rows, bias) }
        let widths: [Dim]
        if let given: [Int] = try reader.attribute("qkv_hidden_sizes"), given.count == 3 {
            widths = given.map { Dim($0) }
        } else {
            try reader.require(.divides, 3, weights.shape[1], "weights are \(weights.type), for queries, keys and values")
            widths = Array(repeating: try weights.shape[1].quotient(3), count: 3)
        }
        var (parts, start) = ([Value](), Dim(0))
        for width in widths {
            parts.append(try heads(reader.slice(rows, axis: 2, from: start, count: width), &reader))
            start = try start.plus(width)
        }
        var operands = Operands(q: parts[0], k: parts[1], v: parts[2])
        if let past = reader.operand(4) {
            let shape = reader.builder.shape(past)
            guard shape.count == 5 else { throw DLCError("past is \(reader.builder.fact(past).type); expected 5 dimensions") }
            func part(_ index: Int) throws -> Value {
                try reader.reshape(reader.slice(past, axis: 0, from: index, count: 1), Shape(shape[1...]))
            }
            operands.k = try reader.add1(Concat(axis: 2), [part(0), operands.k])
            operands.v = try reader.add1(Concat(axis: 2), [part(1), operands.v])
        }
        operands.bias = try bias(mask: 3, added: 5, operands, &reader)
        let y = try attended(operands, &reader)
        guard reader.resultNames.count > 1, reader.resultNames[1] != nil else { return [y] }
        let kept = try [operands.k, operands.v].map { try reader.reshape($0, [1] + reader.builder.shape($0)) }
        return [y, try reader.add1(Concat(axis: 0), kept)]
    }

    /// Queries, keys and values as three operands, or packed in one or two; results: `[B, S, N · Dv]`, keys and values.
    static let readMultiHead: @Sendable (inout ONNXReader) throws -> [Value] = { reader in
        try reader.allowAttributes(["mask_filter_value", "num_heads", "scale", "unidirectional"])
        guard reader.operand(8) == nil, reader.operand(9) == nil, reader.resultNames.count < 4 || reader.resultNames[3] == nil else {
            throw DLCError("MultiHeadAttention with a shared buffer, beams or scores as a result is not read")
        }
        var parts = (0..<3).map { reader.operand($0) }
        if parts[1] == nil, let packed = parts[0] {
            parts = try unpacked(packed, 3, &reader)
        } else if parts[2] == nil, let packed = parts[1] {
            parts = [parts[0]] + (try unpacked(packed, 2, &reader))
        }
        if let bias = reader.operand(3) { parts = try biased(parts, bias, &reader) }
        var operands = try Operands(q: split(parts[0], &reader), k: split(parts[1], &reader), v: split(parts[2], &reader))
        if let past = reader.operand(6) {
            operands.k = try reader.add1(Concat(axis: 2), [past, operands.k])
            operands.v = try reader.add1(Concat(axis: 2), [reader.required(7), operands.v])
        }
        operands.bias = try bias(mask: 4, added: 5, operands, &reader)
        return [try attended(operands, &reader), operands.k, operands.v]
    }

    /// Tables of cosines and sines stand last, and one position may be that of the first row.
    static let readRotary: @Sendable (inout ONNXReader) throws -> [Value] = { reader in
        try reader.allowAttributes(["interleaved", "is_packed_batching", "num_heads", "rotary_embedding_dim", "scale"])
        guard (try reader.attribute("scale") ?? 1.0) == 1, !(try reader.attribute("is_packed_batching") ?? false) else {
            throw DLCError("RotaryEmbedding with a scale or packed batches is not read")
        }
        let (x, table) = (try reader.fact(0), try reader.fact(2))
        guard x.rank == 3 || x.rank == 4, table.rank == 2 else {
            throw DLCError("input is \(x.type), cos_cache \(table.type); expected 3 or 4 dimensions, and 2")
        }
        var attributes = reader.attributes.filter { ["interleaved", "num_heads", "rotary_embedding_dim"].contains($0.key) }
        if x.rank == 3, (try reader.attribute("num_heads") ?? 0) == 0 {
            guard let width = x.shape[2].constant, let half = table.shape[1].constant, half > 0, width % (2 * half) == 0 else {
                throw DLCError("input is \(x.type), cos_cache \(table.type); without num_heads a head is as wide as two rows of the table")
            }
            attributes["num_heads"] = .int(width / (2 * half))
        } else if x.rank == 4 {
            attributes["num_heads"] = nil
        }
        var positions = try reader.required(1)
        if reader.builder.shape(positions).count == 1 {
            let length = x.shape[x.rank - 2]
            let first = try reader.cast(reader.reshape(positions, [1, 1]), .int64)
            positions = try reader.apply(.add, reader.reshape(reader.range(length), [1, length]), first)
        }
        let operands = try [reader.required(0), reader.required(2), reader.required(3), positions]
        return try reader.delegate(RotaryEmbedding.read, operands: operands, attributes: attributes, opset: 23)
    }

    /// Heads `[B, N, L, D]`, which may be apart already.
    static func split(_ value: Value?, _ reader: inout ONNXReader) throws -> Value {
        guard let value else { throw DLCError("\(reader.opType) has neither keys nor packed ones") }
        return reader.builder.shape(value).count == 4 ? value : try heads(value, &reader)
    }

    /// `[B, L, N · D]` as `[B, N, L, D]`.
    static func heads(_ x: Value, _ reader: inout ONNXReader) throws -> Value {
        let fact = reader.builder.fact(x)
        guard fact.rank == 3, let count: Int = try reader.attribute("num_heads"), count > 0 else {
            let found = reader.attributes["num_heads"]?.text() ?? "missing"
            throw DLCError("\(reader.opType) takes \(fact.type) and num_heads is \(found); expected 3 dimensions and heads")
        }
        try reader.require(.divides, Dim(count), fact.shape[2], "\(fact.type) holds \(count) heads")
        let rows = try reader.reshape(x, [fact.shape[0], fact.shape[1], Dim(count), try fact.shape[2].quotient(Dim(count))])
        return try reader.transpose(rows, [0, 2, 1, 3])
    }

    /// `[B, L, N, count, D]` as values `[B, L, N · D]`.
    private static func unpacked(_ x: Value, _ count: Int, _ reader: inout ONNXReader) throws -> [Value?] {
        let fact = reader.builder.fact(x)
        guard fact.rank == 5 else { throw DLCError("packed heads are \(fact.type); expected [batch, length, heads, \(count), features]") }
        try reader.require(.equal, fact.shape[3], Dim(count), "packed heads are \(fact.type)")
        return try (0..<count).map { index in
            let part = try reader.slice(x, axis: 3, from: index, count: 1)
            return try reader.reshape(part, [fact.shape[0], fact.shape[1], try fact.shape[2].times(fact.shape[4])])
        }
    }

    /// One bias for queries, keys and values; heads that are apart already have had theirs.
    static func biased(_ parts: [Value?], _ bias: Value, _ reader: inout ONNXReader) throws -> [Value?] {
        var start = Dim(0)
        return try parts.map { part in
            guard let part, reader.builder.shape(part).count == 3 else { return part }
            let width = reader.builder.shape(part)[2]
            let own = try reader.slice(bias, axis: 0, from: start, count: width)
            start = try start.plus(width)
            return try reader.apply(.add, part, own)
        }
    }

    /// What is added to the scores `[B, N, S, T]`: nothing where the mask lets a key be seen, `mask_filter_value` elsewhere, and a bias.
    static func bias(mask: Int, added: Int, _ operands: Operands, _ reader: inout ONNXReader) throws -> Value? {
        guard let mask = reader.operand(mask) else { return reader.operand(added) }
        let fact = reader.builder.fact(mask)
        let (batch, keys) = (reader.builder.shape(operands.q)[0], reader.builder.shape(operands.k)[2])
        let reason = "the mask is \(fact.type) for \(batch) sequences and \(keys) keys"
        let isSeen: Value
        switch fact.rank {
        case 1:
            // Where keys end, and, where there are twice as many numbers, where they begin.
            let columns = try reader.cast(reader.range(keys), fact.element)
            let isDoubled = try fact.shape[0] == batch.times(2) && batch != 0
            if !isDoubled { try reader.require(.equal, fact.shape[0], batch, reason) }
            func limit(_ part: Int) throws -> Value {
                try reader.reshape(reader.slice(mask, axis: 0, from: batch.times(Dim(part)), count: batch), [batch, 1, 1, 1])
            }
            let isBefore = try reader.apply(.less, columns, limit(0))
            isSeen = isDoubled ? try reader.apply(.and, isBefore, reader.apply(.greaterOrEqual, columns, limit(1))) : isBefore
        case 2, 3:
            let rows: Dim = fact.rank == 2 ? 1 : fact.shape[1]
            try reader.require(.equal, fact.shape[fact.rank - 1], keys, reason)
            let wide = try reader.reshape(mask, [fact.shape[0], 1, rows, keys])
            isSeen = try reader.apply(.greater, wide, reader.scalar(0, like: wide))
        default: throw DLCError("\(reason); expected 1 to 3 dimensions")
        }
        let hidden = try reader.scalar(reader.attribute("mask_filter_value") ?? -10000, like: operands.q)
        let bias = try reader.select(isSeen, reader.scalar(0, like: operands.q), hidden)
        return try reader.operand(added).map { try reader.apply(.add, bias, $0) } ?? bias
    }

    static func attended(_ operands: Operands, _ reader: inout ONNXReader) throws -> Value {
        var q = operands.q
        let depth = reader.builder.shape(q)[3]
        var scale: Double = try reader.attribute("scale") ?? 0
        if scale == 0 {
            let queries = reader.builder.fact(q).type
            try reader.require(.atLeast, depth, 1, "queries are \(queries)")
            scale = depth.constant.map { 1 / Double($0).squareRoot() } ?? 1
            if depth.constant == nil { q = try reader.apply(.div, q, reader.apply(.sqrt, reader.extent(depth, like: q))) }
        }
        let isCausal: Bool = try reader.attribute("unidirectional") ?? false
        let op = Attention(scale: scale, causal: isCausal, emptyRowsAreNaN: !isCausal)
        let y = try reader.add1(op, [q, operands.k, operands.v, operands.bias])
        let shape = reader.builder.shape(y)
        return try reader.reshape(reader.transpose(y, [0, 2, 1, 3]), [shape[0], shape[2], try shape[1].times(shape[3])])
    }
}
