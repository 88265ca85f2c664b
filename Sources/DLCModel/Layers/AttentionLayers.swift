import DLCGraph
import DLCOps

/// Scaled dot-product attention between sequences.
public struct DotProductAttentionLayer: Layer {
    public var heads = 1
    /// Nil for as many as heads.
    public var keyValueHeads: Int?
    public var causal = false
    /// Nil for one over the root of a head's width.
    public var scale: Double?

    public var definition: LayerDefinition { Self.definition }

    public static let definition = LayerDefinition(
        Self(), name: "dotProductAttention",
        doc: "`softmax(scale · q · kᵀ + mask) · v` per head, for q `[N, L, heads · D]`, k `[N, S, heads · D]` and v `[N, S, heads · E]`; "
            + "the mask broadcasts to `[N, heads, L, S]`, added where it is a number, kept where it is true.",
        source: "Vaswani et al., 2017, section 3.2", operands: ["q", "k", "v", "mask?"]
    ) {
        Argument("heads", \.heads, "how many heads the last dimension holds", .positional)
        Argument(
            "keyValueHeads", \.keyValueHeads,
            "how many heads k and v have, each for a group of neighbours (Ainslie et al., 2023); none for as many")
        Argument("causal", \.causal, "whether a place sees only places up to its own")
        Argument("scale", \.scale, "the factor of the products; none for 1 / √D")
    }

    public func apply(to operands: [TensorValue?], in context: LayerContext) throws -> [TensorValue] {
        let q = try operand(operands, 0)
        let parts = try ["q", "k", "v"].enumerated().map { index, name in
            let x = try operand(operands, index)
            guard x.rank == 3 else { throw DLCError("\(name) is \(x.type); expected [N, length, width]") }
            let width = try x.extent(2)
            let heads = index == 0 ? self.heads : keyValueHeads ?? self.heads
            guard heads >= 1, width % heads == 0 else {
                throw DLCError("\(heads) heads do not divide the width \(width) of \(name), \(x.type)")
            }
            let split: Shape = [x.shape[0], x.shape[1], Dim(heads), Dim(width / heads)]
            return try context.add(Transpose([0, 2, 1, 3]), context.add(Reshape(shape: split), x))
        }
        let width = try parts[0].extent(3)
        let op = Attention(scale: scale ?? 1 / Double(max(width, 1)).squareRoot(), causal: causal)
        let mixed = try context.add(op, parts[0], parts[1], parts[2], optional(operands, 3))
        let rows = try context.add(Transpose([0, 2, 1, 3]), mixed)
        let result = try mixed.shape[1].times(mixed.shape[3])
        return [try context.add(Reshape(shape: [q.shape[0], q.shape[1], result]), rows)]
    }
}

/// Attention with projections before and after it.
public struct MultiHeadAttentionLayer: Layer {
    public var heads = 0
    public var causal = false
    public var bias = true

    static let names = ["in_proj_weight", "[in_proj_bias]", "out_proj.weight", "[out_proj.bias]"]

    public var definition: LayerDefinition { Self.definition }

    public static let definition = LayerDefinition(
        Self(), name: "multiHeadAttention",
        doc: "Attention of x `[N, L, C]` to itself, or to `memory` `[N, S, C]`: in_proj_weight `[3·C, C]` makes queries, keys and values, "
            + "out_proj mixes the heads.",
        source: "Vaswani et al., 2017, section 3.2.2", operands: ["x", "memory?", "mask?"],
        parameters: MultiHeadAttentionLayer.names
    ) {
        Argument("heads", \.heads, "how many heads; they divide C", .required)
        Argument("causal", \.causal, "whether a place sees only places up to its own")
        Argument("bias", \.bias, "whether the projections add a bias")
    }

    public func apply(to operands: [TensorValue?], in context: LayerContext) throws -> [TensorValue] {
        let x = try operand(operands, 0)
        guard x.rank == 3 else { throw DLCError("x is \(x.type); expected [N, length, width]") }
        let width = try x.extent(2)
        let rows = try Checked.multiply(3, width)
        let weight = try context.parameter("in_proj_weight", [rows, width], .xavierUniform(gain: 1), type: x.element)
        let offset = bias ? try context.parameter("in_proj_bias", [rows], .zeros, type: x.element) : nil
        // Queries, keys and values of one tensor are one product.
        func projected(_ x: TensorValue, _ parts: Range<Int>) throws -> [TensorValue] {
            let (start, count) = (Dim(parts.lowerBound * width), Dim(parts.count * width))
            let matrix = try context.add(Transpose([1, 0]), weight.sliced(axis: 0, from: start, count: count, context))
            var product = try context.add(MatMul(), x, matrix)
            if let offset { product = try context.add(Binary(.add), product, offset.sliced(axis: 0, from: start, count: count, context)) }
            return try (0..<parts.count).map { try product.sliced(axis: 2, from: Dim($0 * width), count: Dim(width), context) }
        }
        let parts: [TensorValue]
        if let memory = optional(operands, 1) {
            guard memory.rank == 3, memory.shape[2] == x.shape[2] else {
                throw DLCError("memory is \(memory.type); expected [N, length, \(width)]")
            }
            parts = try projected(x, 0..<1) + projected(memory, 1..<3)
        } else {
            parts = try projected(x, 0..<3)
        }
        let attention = DotProductAttentionLayer(heads: heads, causal: causal)
        let mixed = try attention.apply(to: [parts[0], parts[1], parts[2], optional(operands, 2)], in: context)[0]
        return try DenseLayer(units: width, bias: bias).apply(to: [mixed], in: context.child("out_proj"))
    }
}

/// Attention by a small network.
public struct AdditiveAttentionLayer: Layer {
    public var width = 0

    public var definition: LayerDefinition { Self.definition }

    public static let definition = LayerDefinition(
        Self(), name: "additiveAttention",
        doc: "A query `[N, Q]` looks at memory `[N, S, M]`: weights are the softmax of `v · tanh(query + memory)`, each side projected to "
            + "`width`; results are the weighted sum `[N, M]` and the weights `[N, S]`.",
        source: "Bahdanau et al., 2015", operands: ["query", "memory"], results: ["context", "weights"],
        parameters: ["query.weight", "key.weight", "key.bias", "energy.weight"]
    ) {
        Argument("width", \.width, "the width of the network", .required)
    }

    public func apply(to operands: [TensorValue?], in context: LayerContext) throws -> [TensorValue] {
        let (query, memory) = (try operand(operands, 0), try operand(operands, 1))
        guard query.rank == 2, memory.rank == 3 else {
            throw DLCError("query is \(query.type), memory is \(memory.type); expected [N, Q] and [N, S, M]")
        }
        let asked = try DenseLayer(units: width, bias: false).apply(to: [query], in: context.child("query"))[0]
        let keys = try DenseLayer(units: width).apply(to: [memory], in: context.child("key"))[0]
        let row = try context.add(Reshape(shape: [query.shape[0], 1, Dim(width)]), asked)
        let energy = try context.add(Unary(.tanh), context.add(Binary(.add), keys, row))
        let scores = try DenseLayer(units: 1, bias: false).apply(to: [energy], in: context.child("energy"))[0]
        let weights = try context.add(Softmax(.softmax, axis: 1), scores)
        let flat: Shape = [memory.shape[0], 1, memory.shape[1]]
        let sum = try context.add(MatMul(), context.add(Reshape(shape: flat), weights), memory)
        return [
            try context.add(Reshape(shape: [memory.shape[0], memory.shape[2]]), sum),
            try context.add(Reshape(shape: [memory.shape[0], memory.shape[1]]), weights),
        ]
    }
}

/// Positions added to a sequence.
public struct PositionLayer: Layer {
    public let isLearned: Bool
    public var count = 0
    public var initialiser = Initialiser.normal(0.02)

    public init(isLearned: Bool) { self.isLearned = isLearned }

    public var definition: LayerDefinition { isLearned ? Self.learned : Self.sinusoidal }

    static let learned = LayerDefinition(
        Self(isLearned: true), name: "positionalEmbedding", doc: "x `[N, T, C]` plus the first T rows of weight `[count, C]`.",
        source: "Gehring et al., 2017", parameters: ["weight"]
    ) {
        Argument("count", \.count, "the most places a sequence may have", .required)
        Argument("init", \.initialiser, "how the weight is drawn")
    }
    static let sinusoidal = LayerDefinition(
        Self(isLearned: false), name: "sinusoidalPositions",
        doc: "x `[N, T, C]` plus sines (even channels) and cosines (odd ones) of the place at wavelengths from 2π to 10000 · 2π.",
        source: "Vaswani et al., 2017, section 3.5"
    ) {
        Argument("count", \.count, "the most places a sequence may have", .required)
    }

    public func apply(to operands: [TensorValue?], in context: LayerContext) throws -> [TensorValue] {
        let x = try operand(operands, 0)
        guard x.rank == 3 else { throw DLCError("x is \(x.type); expected [N, length, width]") }
        try positive(count, "count")
        if let length = x.shape[1].constant, length > count { throw DLCError("x is \(x.type); expected at most \(count) places") }
        let width = try x.extent(2)
        let table = isLearned ? try context.parameter("weight", [count, width], initialiser, type: x.element) : try waves(x, width)
        let rows = try table.sliced(axis: 0, from: 0, count: x.shape[1], context)
        return [try context.add(Binary(.add), x, rows)]
    }

    private func waves(_ x: TensorValue, _ width: Int) throws -> TensorValue {
        guard try Checked.multiply(count, width) <= 1 << 26 else { throw DLCError("a table of \(count) × \(width) positions is too large") }
        let values = (0..<count).flatMap { place in
            (0..<width).map { channel -> Double in
                let angle = Double(place) / power(10000, Double(channel / 2 * 2) / Double(width))
                return channel % 2 == 0 ? sine(angle) : cosine(angle)
            }
        }
        return x.builder.constant(try Tensor(doubles: values, type: x.element, shape: [count, width]))
    }
}

extension TensorValue {
    public func dotProductAttention(
        _ k: TensorValue, _ v: TensorValue, mask: TensorValue? = nil, heads: Int = 1, keyValueHeads: Int? = nil, causal: Bool = false,
        scale: Double? = nil, name: String? = nil
    ) throws -> TensorValue {
        try applying(
            DotProductAttentionLayer(heads: heads, keyValueHeads: keyValueHeads, causal: causal, scale: scale), k, v, mask, name: name)
    }
    public func multiHeadAttention(
        _ heads: Int, memory: TensorValue? = nil, mask: TensorValue? = nil, causal: Bool = false, bias: Bool = true, name: String? = nil
    ) throws -> TensorValue {
        try applying(MultiHeadAttentionLayer(heads: heads, causal: causal, bias: bias), memory, mask, name: name)
    }
    public func additiveAttention(_ memory: TensorValue, width: Int, name: String? = nil) throws -> (
        context: TensorValue, weights: TensorValue
    ) {
        let results = try builder.layer(AdditiveAttentionLayer(width: width), name: name).results([self, memory])
        return (results[0], results[1])
    }
    public func positionalEmbedding(_ count: Int, init initialiser: Initialiser = .normal(0.02), name: String? = nil) throws -> TensorValue
    {
        var layer = PositionLayer(isLearned: true)
        (layer.count, layer.initialiser) = (count, initialiser)
        return try applying(layer, name: name)
    }
    public func sinusoidalPositions(_ count: Int, name: String? = nil) throws -> TensorValue {
        var layer = PositionLayer(isLearned: false)
        layer.count = count
        return try applying(layer, name: name)
    }
}
