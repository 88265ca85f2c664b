import DLCGraph

/// Norms, gates and projections of layers with linear attention and hyper-connections, all in f32 whatever their operands are.
enum GatedOperators {
    typealias Read = @Sendable (inout ONNXReader) throws -> [Value]

    /// `x + y · gate`, a gate per row.
    static let readGatedAdd: Read = { reader in
        try reader.allowAttributes([])
        return try reader.add(Binary(.add), [reader.required(0), reader.apply(.mul, reader.required(1), reader.required(2))])
    }

    /// `z · sigmoid(z)` of `z = alpha · x`, or of `z = scale · x`; z and the sigmoid are rounded to x's type.
    static let readScaledSiLU: Read = { reader in
        try reader.allowAttributes(["alpha"])
        let (x, type) = (try reader.required(0), try reader.fact(0).element)
        let wide = try widened(x, &reader)
        let factor = try reader.operand(1).map { try reader.cast($0, reader.builder.fact(wide).element) }
        let scale = try factor ?? reader.scalar(reader.attribute("alpha") ?? 1, like: wide)
        let scaled = try reader.cast(reader.apply(.mul, wide, scale), type)
        let gate = try reader.cast(reader.apply(.sigmoid, widened(scaled, &reader)), type)
        return try reader.add(Binary(.mul), [scaled, gate])
    }

    /// Runs of as many elements as `scale` has divided by their root mean square, times the scale, times `silu(gate)` or `sigmoid(gate)`.
    static let readGatedNorm: Read = { reader in
        try reader.allowAttributes(["activation", "epsilon"])
        let fact = try reader.fact(0)
        guard try reader.fact(1).rank == 1 else { throw DLCError("scale is \(try reader.fact(1).type); expected 1 dimension") }
        let runs = try split(reader.required(0), width: reader.fact(1).shape[0], &reader)
        let norm = try normalized(runs, scale: reader.required(1), &reader)
        let gate = try widened(reader.required(2), &reader)
        let name: String = try reader.attribute("activation") ?? "silu"
        let factor: Value
        switch name {
        case "silu", "swish": factor = try reader.add1(Activation(.swish), [gate])
        case "sigmoid": factor = try reader.apply(.sigmoid, gate)
        default: throw DLCError("activation is \(name); expected silu, swish or sigmoid")
        }
        return [try reader.cast(reader.apply(.mul, reader.reshape(norm, fact.shape), factor), fact.element)]
    }

    /// The same without a gate, of `[…, C, H]`, or of `[…, C · H]` in `num_branches` branches; a scale of all, of each branch, or none.
    static let readBranchNorm: Read = { reader in
        try reader.allowAttributes(["epsilon", "num_branches"])
        let (x, fact) = (try reader.required(0), try reader.fact(0))
        guard let last = fact.shape.last else { throw DLCError("x is a scalar; expected rows") }
        let branches: Int = try reader.attribute("num_branches") ?? 0
        var runs = x
        if branches > 0 {
            try reader.require(.divides, Dim(branches), last, "x is \(fact.type) in \(branches) branches")
            runs = try split(x, width: last.quotient(Dim(branches)), &reader)
        }
        let shape = reader.builder.shape(runs)
        guard shape.count >= 2 else { throw DLCError("x is \(fact.type); expected branches of rows") }
        var scale = reader.operand(1)
        if let given = scale, case let own = reader.builder.shape(given), own.count == 1, own != [shape[shape.count - 1]] {
            scale = try reader.reshape(given, Shape(shape.suffix(2)))
        }
        return [try reader.cast(reader.reshape(normalized(runs, scale: scale, &reader), fact.shape), fact.element)]
    }

    /// `decay_scale · softplus(a + dt_bias)` and `sigmoid(b)`.
    static let readAttentionGate: Read = { reader in
        try reader.allowAttributes([])
        let type = try reader.fact(0).element
        let sum = try reader.apply(.add, widened(reader.required(0), &reader), widened(reader.required(1), &reader))
        let decay = try reader.apply(.mul, reader.apply(.softplus, sum), widened(reader.required(2), &reader))
        let results = [try reader.cast(decay, type)]
        guard let b = reader.operand(3) else { return results }
        return results + [try reader.cast(reader.apply(.sigmoid, widened(b, &reader)), type)]
    }

    private static func widened(_ x: Value, _ reader: inout ONNXReader) throws -> Value {
        reader.builder.fact(x).element == .float64 ? x : try reader.cast(x, .float32)
    }

    /// `[…, n · width]` as `[…, n, width]`.
    private static func split(_ x: Value, width: Dim, _ reader: inout ONNXReader) throws -> Value {
        let fact = reader.builder.fact(x)
        guard let last = fact.shape.last else { throw DLCError("x is a scalar; expected rows") }
        try reader.require(.divides, width, last, "x is \(fact.type) in runs of \(width)")
        return try reader.reshape(x, Shape(fact.shape.dropLast()) + [try last.quotient(width), width])
    }

    private static func normalized(_ x: Value, scale: Value?, _ reader: inout ONNXReader) throws -> Value {
        let wide = try widened(x, &reader)
        let factors = try scale.map { try reader.cast($0, reader.builder.fact(wide).element) } ?? reader.scalar(1, like: wide)
        return try reader.add1(RMSNormalization(epsilon: reader.attribute("epsilon") ?? 1e-5), [wide, factors])
    }
}
