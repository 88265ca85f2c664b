import DLCGraph

extension ContribAttention {
    /// Attention of one row, of keys and values that are kept between runs, in a buffer of their own or in one as long as all there will
    /// be, where each row of a beam may read those of others (ONNX Runtime's DecoderMaskedMultiHeadAttention), or of keys of an encoder
    /// `[B, N, T, D]`. Results: `[B, 1, N · Dv]`, keys and values.
    static let readDecoder: @Sendable (inout ONNXReader) throws -> [Value] = { reader in
        try reader.allowAttributes(["mask_filter_value", "num_heads", "output_qk", "past_present_share_buffer", "scale"])
        guard reader.resultNames.count < 4 || reader.resultNames[3] == nil else {
            throw DLCError("DecoderMaskedMultiHeadAttention with scores as a result is not read")
        }
        var parts = (0..<3).map { reader.operand($0) }
        if parts[1] == nil, parts[2] == nil, let packed = parts[0] {
            let fact = reader.builder.fact(packed)
            guard fact.rank == 3 else { throw DLCError("query is \(fact.type); expected 3 dimensions") }
            try reader.require(.divides, 3, fact.shape[2], "query is \(fact.type), which holds keys and values too")
            let width = try fact.shape[2].quotient(3)
            parts = try (0..<3).map { try reader.slice(packed, axis: 2, from: width.times(Dim($0)), count: width) }
        }
        if let bias = reader.operand(10) { parts = try biased(parts, bias, &reader) }
        var operands = try Operands(q: split(parts[0], &reader), k: split(parts[1], &reader), v: split(parts[2], &reader))
        guard reader.operand(5) != nil else {
            operands.bias = try bias(mask: 3, added: 4, operands, &reader)
            return [try attended(operands, &reader), operands.k, operands.v]
        }
        let (keys, values) = (try reader.required(5), try reader.required(6))
        guard reader.builder.shape(keys).count == 4, reader.builder.shape(values).count == 4 else {
            throw DLCError("past_key is \(reader.builder.fact(keys).type); expected 4 dimensions")
        }
        guard try reader.attribute("past_present_share_buffer") ?? false else {
            operands.k = try reader.add1(Concat(axis: 2), [keys, operands.k])
            operands.v = try reader.add1(Concat(axis: 2), [values, operands.v])
            operands.bias = try bias(mask: 3, added: 4, operands, &reader)
            return [try attended(operands, &reader), operands.k, operands.v]
        }
        return try readShared(operands, keys, values, &reader)
    }

    /// The new row stands at `past_sequence_length` of the buffer, and what lies behind it is not there yet.
    private static func readShared(_ new: Operands, _ keys: Value, _ values: Value, _ reader: inout ONNXReader) throws -> [Value] {
        let room = reader.builder.shape(keys)[2]
        let place = try reader.cast(reader.reshape(reader.required(7), []), .int64)
        let columns = try reader.reshape(reader.range(room), [1, 1, room, 1])
        let isNew = try reader.apply(.equal, columns, place)
        let present = try [reader.select(isNew, new.k, keys), reader.select(isNew, new.v, values)]
        var seen = new
        seen.k = try reader.select(isNew, new.k, beams(keys, &reader))
        seen.v = try reader.select(isNew, new.v, beams(values, &reader))
        let isThere = try reader.reshape(reader.apply(.lessOrEqual, columns, place), [1, 1, 1, room])
        var bias = try reader.select(isThere, reader.scalar(0, like: new.q), reader.scalar(-.infinity, like: new.q))
        // A mask and a bias have only as many columns as are there.
        for index in 3..<5 {
            guard let given = reader.operand(index) else { continue }
            let shape = reader.builder.shape(given)
            guard let length = shape.last else { throw DLCError("operand \(index) is a scalar; expected a column for each key") }
            let missing = try room.minus(length)
            let none = Shape(repeating: 0, count: 2 * shape.count - 1)
            reader.operands[index] = missing == 0 ? given : try reader.add1(Pad(pads: none + [missing]), [given])
        }
        if let added = try self.bias(mask: 3, added: 4, seen, &reader) { bias = try reader.apply(.add, bias, added) }
        seen.bias = bias
        return [try attended(seen, &reader)] + present
    }

    /// What the rows of each beam have kept: place t of row j of a sequence is that of row `cache_indirection[b, j, t]`.
    private static func beams(_ kept: Value, _ reader: inout ONNXReader) throws -> Value {
        guard let sources = reader.operand(9) else { return kept }
        let (shape, fact) = (reader.builder.shape(kept), reader.builder.fact(sources))
        guard fact.rank == 3 else { throw DLCError("cache_indirection is \(fact.type); expected [batch, beams, length]") }
        let (room, width) = (shape[2], fact.shape[1])
        try reader.require(.equal, shape[0], fact.shape[0].times(width), "past_key has \(shape[0]) rows for \(fact.type)")
        try reader.require(.atLeast, fact.shape[2], room, "cache_indirection is \(fact.type), past_key has \(room) places")
        let first = try reader.range(fact.shape[0])
        let rows = try reader.reshape(reader.apply(.mul, first, reader.extent(width, like: first)), [fact.shape[0], 1, 1])
        let own = try reader.cast(reader.slice(sources, axis: 2, from: 0, count: room), .int64)
        let row = try reader.apply(.add, own, rows)
        let index = try reader.apply(.add, reader.apply(.mul, row, reader.extent(room, like: row)), reader.range(room))
        let flat = try reader.reshape(reader.transpose(kept, [0, 2, 1, 3]), [shape[0].times(room), shape[1], shape[3]])
        let chosen = try reader.add1(Gather(axis: 0), [flat, reader.reshape(index, [shape[0], room])])
        return try reader.transpose(chosen, [0, 2, 1, 3])
    }
}
