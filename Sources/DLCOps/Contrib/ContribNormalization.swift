import DLCGraph

/// Normalisation over the last dimension of a sum.
enum ContribNormalization {
    /// Results: the layer norm of input + skip + bias, its mean and inverse standard deviation, and the sum.
    static let readSkipLayer: @Sendable (inout ONNXReader) throws -> [Value] = { reader in
        try reader.allowAttributes(["epsilon"])
        let sum = try summed(bias: 4, &reader)
        return try layer(sum, scale: reader.required(2), bias: reader.operand(3), &reader) + [sum]
    }

    /// Results: input + skip + bias divided by its root mean square and scaled, and, as the fourth, the sum.
    static let readSkipRootMeanSquare: @Sendable (inout ONNXReader) throws -> [Value] = { reader in
        try reader.allowAttributes(["epsilon"])
        guard reader.resultNames.dropFirst().prefix(2).allSatisfy({ $0 == nil || $0 == "" }) else {
            throw DLCError("statistics of SkipSimplifiedLayerNormalization are for training only")
        }
        let sum = try summed(bias: 3, &reader)
        let y = try reader.add1(RMSNormalization(epsilon: reader.attribute("epsilon") ?? 1e-12), [sum, reader.required(2)])
        return [y, y, y, sum]
    }

    /// Results: x divided by its root mean square and scaled, and the inverse root.
    static let readRootMeanSquare: @Sendable (inout ONNXReader) throws -> [Value] = { reader in
        try reader.allowAttributes(["axis", "epsilon", "stash_type"])
        let (axis, epsilon): (Int, Double) = (try reader.attribute("axis") ?? -1, try reader.attribute("epsilon") ?? 1e-5)
        let x = try reader.required(0)
        let y = try reader.add1(RMSNormalization(axis: axis, epsilon: epsilon), [x, reader.required(1)])
        guard reader.resultNames.count > 1, reader.resultNames[1] != nil else { return [y] }
        let first = try InferenceRules.axis(axis, rank: reader.fact(0).rank)
        let wide = try reader.cast(x, .float32)
        let axes = Array(first..<reader.builder.shape(x).count)
        let mean = try reader.add1(Reduce(.mean, axes: axes, keepDims: true), [reader.apply(.mul, wide, wide)])
        return [y, try reader.apply(.reciprocal, reader.apply(.sqrt, reader.apply(.add, mean, reader.scalar(epsilon, like: mean))))]
    }

    /// Embeddings of words, positions and segments, added and normalised; results: the norm, the number of ones in each row of the mask,
    /// and the sum.
    static let readEmbedding: @Sendable (inout ONNXReader) throws -> [Value] = { reader in
        try reader.allowAttributes(["epsilon", "mask_index_type"])
        let (scale, bias) = (try reader.required(5), reader.operand(6))
        return try embedding(scale: scale, bias: bias, positions: reader.operand(8), &reader) { table, ids, reader in
            try reader.add1(Gather(axis: 0), [reader.required(table), ids])
        }
    }

    /// The same of tables, a scale and a bias in 8 bits, without the sum.
    static let readQuantizedEmbedding: @Sendable (inout ONNXReader) throws -> [Value] = { reader in
        try reader.allowAttributes(["epsilon"])
        let scale = try reader.real(5, scale: 11, zeroPoint: 16)
        let bias = try reader.real(6, scale: 12, zeroPoint: 17)
        let results = try embedding(scale: scale, bias: bias, positions: nil, &reader) { table, ids, reader in
            let rows = try reader.add1(Gather(axis: 0), [reader.required(table), ids])
            let zero = try reader.operand(table + 11).map { _ in try reader.single(table + 11) }
            return try reader.add1(DequantizeLinear(), [rows, reader.single(table + 6), zero])
        }
        return Array(results.prefix(2))
    }

    /// - Parameter rows: of a table, an operand, in floats.
    private static func embedding(
        scale: Value, bias: Value?, positions: Value?, _ reader: inout ONNXReader,
        rows: (_ table: Int, _ ids: Value, inout ONNXReader) throws -> Value
    ) throws -> [Value] {
        let (ids, fact) = (try reader.required(0), try reader.fact(0))
        guard fact.rank == 2 else { throw DLCError("input_ids are \(fact.type); expected [batch, length]") }
        let places = try positions ?? reader.reshape(reader.range(fact.shape[1]), [1, fact.shape[1]])
        var sum = try reader.apply(.add, rows(2, ids, &reader), rows(3, places, &reader))
        if let segments = reader.operand(1) { sum = try reader.apply(.add, sum, rows(4, segments, &reader)) }
        let y = try layer(sum, scale: scale, bias: bias, &reader)[0]
        let lengths: Value
        if let mask = reader.operand(7) {
            let isOne = try reader.apply(.equal, mask, reader.scalar(1, like: mask))
            lengths = try reader.add1(Reduce(.sum, axes: [1], keepDims: false), [reader.cast(isOne, .int32)])
        } else {
            lengths = try reader.add1(Fill(shape: [fact.shape[0]], value: Tensor(filling: 0, type: .int32, shape: [])), [])
        }
        return [y, lengths, sum]
    }

    private static func summed(bias: Int, _ reader: inout ONNXReader) throws -> Value {
        let sum = try reader.apply(.add, reader.required(0), reader.required(1))
        return try reader.operand(bias).map { try reader.apply(.add, sum, $0) } ?? sum
    }

    private static func layer(_ x: Value, scale: Value, bias: Value?, _ reader: inout ONNXReader) throws -> [Value] {
        let op = LayerNormalization(epsilon: try reader.attribute("epsilon") ?? 1e-12)
        return try reader.builder.add(op, [x, scale, bias], name: reader.name, resultNames: [nil, nil, nil])
    }

    /// Group norm of images `[N, …, C]`, or `[N, C, …]`, which `silu` may follow.
    static let readGroup: @Sendable (inout ONNXReader) throws -> [Value] = { reader in [try group(reader.required(0), &reader)] }

    /// The same of x + skip + bias, where skip may be a row for each image; the second result is the sum.
    static let readSkipGroup: @Sendable (inout ONNXReader) throws -> [Value] = { reader in
        let (x, fact, skip) = (try reader.required(0), try reader.fact(0), try reader.fact(3))
        let axis = try isLast(reader) ? fact.rank - 1 : 1
        func spread(_ value: Value, _ rows: Dim) throws -> Value {
            var shape = Shape(repeating: 1, count: fact.rank)
            (shape[0], shape[axis]) = (rows, fact.shape[axis])
            return try reader.reshape(value, shape)
        }
        guard fact.rank >= 3 else { throw DLCError("x is \(fact.type); expected at least one spatial dimension") }
        let added = try skip.rank == 2 ? spread(reader.required(3), skip.shape[0]) : reader.required(3)
        var sum = try reader.apply(.add, x, added)
        if let bias = reader.operand(4) { sum = try reader.apply(.add, sum, spread(bias, 1)) }
        return [try group(sum, &reader), sum]
    }

    private static func isLast(_ reader: ONNXReader) throws -> Bool { try reader.attribute("channels_last") ?? true }

    private static func group(_ x: Value, _ reader: inout ONNXReader) throws -> Value {
        try reader.allowAttributes(["activation", "channels_last", "epsilon", "groups"])
        let (groups, activation): (Int?, Int) = (try reader.attribute("groups"), try reader.attribute("activation") ?? 0)
        guard let groups, groups >= 1, activation == 0 || activation == 1 else {
            throw DLCError("groups are \(groups ?? 0) and the activation is \(activation); expected at least 1 group and 0 or 1")
        }
        let fact = reader.builder.fact(x)
        let op = GroupNormalization(groups: groups, epsilon: try reader.attribute("epsilon") ?? 1e-5, channelsLast: try isLast(reader))
        let y = try reader.add1(
            op, [x, reader.cast(reader.required(1), fact.element), reader.cast(reader.required(2), fact.element)])
        return activation == 0 ? y : try reader.add1(Activation(.swish), [y])
    }

    /// Softmax of data + bias, over everything from an axis on.
    static let readBiasSoftmax: @Sendable (inout ONNXReader) throws -> [Value] = { reader in
        try reader.allowAttributes(["axis", "is_inner_broadcast"])
        let sum = try reader.apply(.add, reader.required(0), reader.required(1))
        return [try reader.nested("Softmax", [sum], ["axis": .int(reader.attribute("axis") ?? 1)], opset: 11)]
    }
}
