import DLCGraph

/// ONNX FlexAttention (ai.onnx.preview 1; PyTorch's flex_attention): attention whose scores, and whose probabilities, pass through
/// graphs that the model brings along. What lies before, between and behind these; the import puts them in between.
///
/// q is `[B, H, L, D]`, k `[B, G, S, D]`, v `[B, G, S, W]`; H is a multiple of G, and each head of k and v serves H / G of q.
public enum FlexAttention {
    /// All of it, where no graph takes part: q, k, v; the result `[B, H, L, W]`.
    public static let whole = part { reader in
        let (q, k, v) = (try operand(0, "q", &reader), try operand(1, "k", &reader), try operand(2, "v", &reader))
        try check(q, k, &reader)
        let (keys, values) = (reader.builder.fact(k), reader.builder.fact(v))
        try reader.require(.equal, keys.shape[1], values.shape[1], "k is \(keys.type) and v is \(values.type), which share their heads")
        let element = reader.builder.fact(q).element
        // The operator computes in f32, and f64 in itself.
        guard let scale = try scale(q, &reader), try precision(element, reader) == (element == .float64 ? .float64 : .float32) else {
            let probabilities = try reader.add1(Softmax(axis: 3), [computedScores(q, k, &reader)])
            return try computedResult(probabilities, v, &reader)
        }
        return try reader.add1(Attention(scale: scale, emptyRowsAreNaN: true), [q, k, v])
    }

    /// q, k; the scores `[B, H, L, S]` in the type of the softmax.
    public static let scores = part { reader in
        let (q, k) = (try operand(0, "q", &reader), try operand(1, "k", &reader))
        try check(q, k, &reader)
        return try computedScores(q, k, &reader)
    }

    /// Scores; their softmax.
    public static let probabilities = part { try $0.add1(Softmax(axis: 3), [$0.required(0)]) }

    /// Probabilities, v; the result.
    public static let result = part { reader in
        let (probabilities, v) = (try reader.required(0), try operand(1, "v", &reader))
        return try computedResult(probabilities, v, &reader)
    }

    private static func part(_ read: @escaping @Sendable (inout ONNXReader) throws -> Value) -> ONNXMapping {
        ONNXMapping(
            "FlexAttention", domain: "ai.onnx.preview", read: { [try read(&$0)] },
            write: { throw DLCError("\($0.op.name) is not written as FlexAttention") })
    }

    private static func operand(_ index: Int, _ name: String, _ reader: inout ONNXReader) throws -> Value {
        let fact = try reader.fact(index)
        guard fact.rank == 4, fact.element.isFloat else {
            throw DLCError("\(name) is \(fact.type); expected floats [batch, heads, length, width]")
        }
        return try reader.required(index)
    }

    /// That queries can share the heads of keys.
    private static func check(_ q: Value, _ k: Value, _ reader: inout ONNXReader) throws {
        let (queries, keys) = (reader.builder.fact(q), reader.builder.fact(k))
        guard queries.element == keys.element else { throw DLCError("q is \(queries.type) and k is \(keys.type); expected one type") }
        try reader.require(.divides, keys.shape[1], queries.shape[1], "q is \(queries.type) and shares the heads of k \(keys.type)")
    }

    /// The type that the softmax and all behind it is computed in.
    private static func precision(_ type: ElementType, _ reader: ONNXReader) throws -> ElementType {
        try reader.allowAttributes(["scale", "softmax_precision"])
        guard let code: Int = try reader.attribute("softmax_precision") else { return type == .float64 ? .float64 : .float32 }
        guard let wanted = ElementType(onnx: code), wanted.isFloat else {
            throw DLCError("softmax_precision is \(code); expected the number of a float type")
        }
        return wanted
    }

    /// The scale; nil where only a run knows the width that it follows from.
    private static func scale(_ q: Value, _ reader: inout ONNXReader) throws -> Double? {
        if let given: Double = try reader.attribute("scale") { return given }
        let fact = reader.builder.fact(q)
        let width = fact.shape[3]
        try reader.require(.atLeast, width, 1, "q is \(fact.type)")
        return width.constant.map { 1 / Double($0).squareRoot() }
    }

    private static func computedScores(_ q: Value, _ k: Value, _ reader: inout ONNXReader) throws -> Value {
        let shape = reader.builder.shape(q)
        var (queries, keys) = (q, try reader.transpose(reader.repeated(k, heads: shape[1]), [0, 1, 3, 2]))
        // The definition puts the root of the scale on either side.
        if let scale = try scale(q, &reader) {
            let isSplit = scale >= 0
            queries = try reader.apply(.mul, queries, reader.scalar(isSplit ? scale.squareRoot() : scale, like: q))
            if isSplit { keys = try reader.apply(.mul, keys, reader.scalar(scale.squareRoot(), like: q)) }
        } else {
            queries = try reader.apply(.div, queries, reader.apply(.sqrt, reader.extent(shape[3], like: q)))
        }
        return try reader.cast(reader.add1(MatMul(), [queries, keys]), precision(reader.builder.fact(q).element, reader))
    }

    private static func computedResult(_ probabilities: Value, _ v: Value, _ reader: inout ONNXReader) throws -> Value {
        let fact = reader.builder.fact(probabilities)
        let values = try reader.repeated(v, heads: fact.shape[1])
        let y = try reader.add1(MatMul(), [probabilities, reader.cast(values, fact.element)])
        return try reader.cast(y, reader.builder.fact(v).element)
    }
}
