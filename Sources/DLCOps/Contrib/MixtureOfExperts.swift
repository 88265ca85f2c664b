import DLCGraph

/// Mixtures of experts (Shazeer et al., 2017), as ONNX Runtime's MoE and QMoE spell them: every row goes through the `k` experts that its
/// router prefers. An expert's products are of its own rows alone, whose number data decide.
struct MixtureOfExperts {
    /// The most experts that become nodes of their own, about a dozen each; more of them are a loop over those that have rows.
    private static let mostUnrolled = 16

    private let experts: Int
    /// Rows `[T, H]`.
    private var rows: Value
    /// The experts of each row, and how much each counts, `[T, k]`.
    private let chosen, shares: Value

    /// Weights in floats: an input `[…, H]`, the router's numbers `[T, E]`, then weights and a bias of three layers.
    static let read: @Sendable (inout ONNXReader) throws -> [Value] = { reader in
        try reader.allowAttributes(names)
        let mixture = try MixtureOfExperts(weights: nil, &reader)
        func layer(_ index: Int) throws -> Layer? {
            guard let weights = reader.operand(index) else { return nil }
            let fact = reader.builder.fact(weights)
            guard fact.rank == 3 else { throw DLCError("weights are \(fact.type); expected 3 dimensions") }
            try reader.require(.equal, fact.shape[0], Dim(mixture.experts), "weights are \(fact.type)")
            return try Layer(weights, bias: reader.operand(index + 1), reader)
        }
        return [try mixture.computed(layer(2), layer(6), layer(4), &reader)]
    }

    /// Weights in 2, 4 or 8 bits, the lower ones of a byte first, with a scale, and a zero point or the middle of the range, for a row or
    /// a block of it; they become floats when the model is built.
    static let readQuantized: @Sendable (inout ONNXReader) throws -> [Value] = { reader in
        let bits = (1...3).map { "fc\($0)_expert_weight_bits" }
        try reader.allowAttributes(
            names + bits + ["accuracy_level", "block_size", "expert_weight_bits", "quant_type", "weights_prepacked"])
        let kind: String = try reader.attribute("quant_type") ?? "int"
        guard kind == "int", (try reader.attribute("weights_prepacked") ?? 0) <= 0 else {
            throw DLCError("QMoE with quant_type \(kind) or weights that are packed for one processor is not read")
        }
        let mixture = try MixtureOfExperts(weights: reader.operand(14), &reader)
        func layer(_ number: Int) throws -> Layer? {
            let index = 3 * number - 1
            guard reader.operand(index) != nil else { return nil }
            let codes = try PackedExperts(
                index, zeros: 10 + number, experts: mixture.experts,
                bits: reader.attribute(bits[number - 1]) ?? reader.attribute("expert_weight_bits") ?? 4, reader)
            let weights = reader.constant(try codes.weights(reader.fact(0).element))
            return try Layer(weights, bias: reader.operand(index + 2), reader)
        }
        return [try mixture.computed(layer(1), layer(3), layer(2), &reader)]
    }

    private static let names = [
        "activation_alpha", "activation_beta", "activation_type", "k", "normalize_routing_weights", "swiglu_fusion", "swiglu_limit",
        "use_sparse_mixer",
    ]

    /// - Parameter weights: what an expert counts, where that is not what it is chosen by.
    private init(weights: Value?, _ reader: inout ONNXReader) throws {
        let (x, router) = (try reader.fact(0), try reader.fact(1))
        guard x.rank == 2 || x.rank == 3, router.rank == 2,
            let experts = try router.shape[1].constant ?? reader.fact(2).shape.first?.constant, experts >= 1, experts <= 4096
        else { throw DLCError("input is \(x.type), router_probs are \(router.type); expected 2 or 3 dimensions, and [rows, experts]") }
        try reader.require(.equal, router.shape[1], Dim(experts), "router_probs are \(router.type)")
        let k: Int = try reader.attribute("k") ?? 1
        guard k >= 1, k <= experts else { throw DLCError("k is \(k) of \(experts) experts") }
        let count = try Shape(x.shape.dropLast()).product()
        try reader.require(.equal, router.shape[0], count, "input is \(x.type), router_probs are \(router.type)")
        self.experts = experts
        rows = try reader.reshape(reader.required(0), [count, x.shape[x.rank - 1]])
        let logits = try reader.cast(reader.required(1), .float32)
        if try reader.attribute("use_sparse_mixer") ?? false {
            guard k == 2, weights == nil else { throw DLCError("use_sparse_mixer expects k of 2 and no router_weights; k is \(k)") }
            let mixed = try Self.mixed(logits, &reader)
            (chosen, shares) = (mixed.chosen, try reader.cast(mixed.shares, x.element))
            return
        }
        let best = try reader.builder.add(TopK(k: Dim(k)), [logits], name: reader.name, resultNames: [nil, nil])
        chosen = best[1]
        let isNormalized: Bool = try reader.attribute("normalize_routing_weights") ?? false
        var shares: Value
        if let weights {
            shares = try reader.add1(GatherElements(axis: 1), [reader.cast(weights, .float32), chosen])
            if isNormalized {
                shares = try reader.apply(.div, shares, reader.add1(Reduce(.sum, axes: [1]), [shares]))
            }
        } else if isNormalized {
            shares = try reader.add1(Softmax(), [best[0]])
        } else {
            shares = try reader.add1(GatherElements(axis: 1), [reader.add1(Softmax(), [logits]), chosen])
        }
        self.shares = try reader.cast(shares, x.element)
    }

    /// The best expert and the second, each with its share among those that are little worse (SparseMixer: Liu et al., 2023, as Phi-3.5-MoE
    /// uses it), of which the best is no more when it comes to the second.
    private static func mixed(_ logits: Value, _ reader: inout ONNXReader) throws -> (chosen: Value, shares: Value) {
        let hidden = try reader.scalar(-.infinity, like: logits)
        let magnitudes = try reader.apply(.abs, logits)
        var (left, chosen, shares): (Value, [Value], [Value]) = (logits, [], [])
        for _ in 0..<2 {
            let best = try reader.builder.add(TopK(), [left], name: reader.name, resultNames: [nil, nil])
            let distance = try reader.apply(
                .div, reader.apply(.sub, best[0], logits), reader.apply(.max, magnitudes, best[0]))
            let isFar = try reader.apply(.greater, distance, reader.scalar(0.02, like: distance))
            let gates = try reader.add1(Softmax(), [reader.select(isFar, hidden, left)])
            chosen.append(best[1])
            shares.append(try reader.add1(GatherElements(axis: 1), [gates, best[1]]))
            let column = try reader.add1(Expand(shape: reader.builder.shape(best[1])), [hidden])
            left = try reader.add1(ScatterElements(axis: 1), [left, best[1], column])
        }
        return (try reader.add1(Concat(axis: 1), chosen), try reader.add1(Concat(axis: 1), shares))
    }

    private func computed(_ first: Layer?, _ gate: Layer?, _ last: Layer?, _ reader: inout ONNXReader) throws -> Value {
        guard let first, let last else { throw DLCError("weights of the first or the second layer are missing") }
        let layers = Layers(first: first, gate: gate, last: last)
        let (count, k) = (reader.builder.shape(rows)[0], reader.builder.shape(chosen)[1])
        let pairs = try count.times(k)
        let list = try reader.reshape(chosen, [pairs])
        let joined = try experts <= Self.mostUnrolled ? unrolled(layers, list, k, &reader) : looped(layers, list, k, &reader)
        let wide = try reader.reshape(joined, [count, k, reader.builder.shape(joined)[1]])
        let weighted = try reader.apply(.mul, wide, reader.reshape(shares, [count, k, 1]))
        return try reader.reshape(reader.add1(Reduce(.sum, axes: [1], keepDims: false), [weighted]), reader.fact(0).shape)
    }

    /// A result for each pair of a row and an expert, each expert by itself.
    /// - Parameter list: the experts of the pairs, of which a row has k.
    private func unrolled(_ layers: Layers, _ list: Value, _ k: Dim, _ reader: inout ONNXReader) throws -> Value {
        let parts = try (0..<experts).map { expert in
            try results(of: .number(expert), reader.scalar(Double(expert), like: list), layers, list, k, &reader)
        }
        // Every pair has one result; they go back to the pairs' order.
        let order = try reader.add1(Concat(axis: 0), parts.map { $0.places })
        let zero = try Tensor([0 as Int64], shape: [])
        let none = try reader.add1(Fill(shape: reader.builder.shape(list), value: zero), [])
        let back = try reader.add1(ScatterElements(axis: 0), [none, order, reader.range(reader.builder.shape(order)[0])])
        return try reader.add1(Gather(axis: 0), [reader.add1(Concat(axis: 0), parts.map { $0.rows }), back])
    }

    /// The same as a loop over the experts that have rows, each of which puts its results into their places.
    private func looped(_ layers: Layers, _ list: Value, _ k: Dim, _ reader: inout ONNXReader) throws -> Value {
        let used = try reader.builder.add(Unique(), [list], name: reader.name, resultNames: [nil, nil, nil, nil])[0]
        let width = reader.builder.shape(layers.last.weights)[1]
        let zero = try Tensor(filling: 0, type: reader.builder.fact(rows).element, shape: [])
        let none = try reader.add1(Fill(shape: reader.builder.shape(list) + [width], value: zero), [])

        var body = GraphBuilder(name: "expert", foldLimit: GraphBuilder.usualFoldLimit)
        body.reserveSymbols(of: reader.builder)
        let round = try body.input("round", TensorType(.int64, []))
        let goesOn = try body.input("goes_on", TensorType(.bool, []))
        let results = try body.input("results", reader.builder.fact(none).type)
        var captured: [Value?] = []
        func entered(_ value: Value) throws -> Value {
            captured.append(value)
            return try body.input("outer\(captured.count)", reader.builder.fact(value).type)
        }
        var inside = self
        let (innerList, innerUsed) = (try entered(list), try entered(used))
        inside.rows = try entered(rows)
        let innerLayers = try layers.mapped(entered)
        var inner = ONNXReader(
            builder: body, opType: reader.opType, opset: reader.opset, name: reader.name, operands: [], attributes: reader.attributes,
            resultNames: [])
        let expert = try inner.add1(Gather(axis: 0), [innerUsed, round])
        let found = try inside.results(of: .index(inner.reshape(expert, [1])), expert, innerLayers, innerList, k, &inner)
        let places = try inner.reshape(found.places, inner.builder.shape(found.places) + [1])
        let next = try inner.add1(ScatterND(), [results, places, found.rows])
        for (name, value) in [("same", goesOn), ("next", next)] { try inner.builder.output(name, value) }
        let count = try reader.add1(Extents(values: [reader.builder.shape(used)[0]], shape: []), [])
        return try reader.add1(Loop(body: inner.builder.graph, carried: 1), [count, nil, none] + captured)
    }

    /// The places of an expert's pairs in the list, and a result for each.
    /// - Parameter number: the expert, as the list names it.
    private func results(
        of expert: Choice, _ number: Value, _ layers: Layers, _ list: Value, _ k: Dim, _ reader: inout ONNXReader
    ) throws -> (places: Value, rows: Value) {
        let found = try reader.add1(NonZero(), [reader.apply(.equal, list, number)])
        let own = try reader.reshape(found, [reader.builder.shape(found)[1]])
        let x = try reader.add1(Gather(axis: 0), [rows, reader.apply(.div, own, reader.extent(k, like: own))])
        var hidden = try activated(layers.first.applied(x, expert, &reader), isGated: layers.gate != nil, &reader)
        if let gate = layers.gate {
            var factor = try gate.applied(x, expert, &reader)
            if try reader.attribute("activation_type") == "swiglu" { factor = try linear(factor, &reader) }
            hidden = try reader.apply(.mul, hidden, factor)
        }
        return (own, try layers.last.applied(hidden, expert, &reader))
    }

    /// The activation; SwiGLU without a gate of its own takes both halves from one product, in turn or one behind the other.
    private func activated(_ x: Value, isGated: Bool, _ reader: inout ONNXReader) throws -> Value {
        let (name, fusion): (String, Int) = (
            try reader.attribute("activation_type") ?? "relu", try reader.attribute("swiglu_fusion") ?? 0
        )
        switch name {
        case "relu": return try reader.apply(.relu, x)
        case "gelu": return try reader.add1(Gelu(.tanh), [x])
        case "silu": return try reader.add1(Activation(.swish), [x])
        case "identity": return x
        case "swiglu":
            if isGated, fusion == 0 { return try swish(x, &reader) }
            let (shape, columns) = (reader.builder.fact(x).type, reader.builder.shape(x)[1])
            guard !isGated, fusion == 1 || fusion == 2 else {
                throw DLCError("swiglu_fusion is \(fusion); expected 1 or 2, or 0 and weights of a third layer")
            }
            try reader.require(.divides, 2, columns, "the first layer gives \(shape), which is split in two")
            let (half, step) = (try columns.quotient(2), fusion == 1 ? 2 : 1)
            let gated = try reader.slice(x, axis: 1, from: 0, count: half, step: step)
            let other = try reader.slice(x, axis: 1, from: fusion == 1 ? 1 : half, count: half, step: step)
            return try reader.apply(.mul, swish(gated, &reader), linear(other, &reader))
        default: throw DLCError("activation_type is \(name); expected relu, gelu, silu, swiglu or identity")
        }
    }

    /// `g · sigmoid(alpha · g)` of what is at most the limit.
    private func swish(_ x: Value, _ reader: inout ONNXReader) throws -> Value {
        let limited = try limit(reader).map { try reader.add1(Clip(max: $0), [x]) } ?? x
        return try reader.add1(Activation(.swish, alpha: reader.attribute("activation_alpha") ?? 1), [limited])
    }

    /// `l + beta` of what is within the limit.
    private func linear(_ x: Value, _ reader: inout ONNXReader) throws -> Value {
        let limited = try limit(reader).map { try reader.add1(Clip(min: -$0, max: $0), [x]) } ?? x
        let beta: Double = try reader.attribute("activation_beta") ?? 0
        return beta == 0 ? limited : try reader.apply(.add, limited, reader.scalar(beta, like: x))
    }

    private func limit(_ reader: ONNXReader) throws -> Double? {
        guard let limit: Double = try reader.attribute("swiglu_limit") else { return nil }
        guard limit >= 0 else { throw DLCError("swiglu_limit is \(limit); expected at least 0") }
        return limit
    }
}

/// Which expert: a number, or an index `[1]` that data decide.
private enum Choice {
    case number(Int)
    case index(Value)
}

/// A layer of all experts: weights `[E, N, K]` and a bias `[E, N]`.
private struct Layer {
    var weights: Value
    var bias: Value?

    init(_ weights: Value, bias: Value?, _ reader: ONNXReader) throws {
        if let bias, case let fact = reader.builder.fact(bias), fact.rank != 2 {
            throw DLCError("a bias is \(fact.type); expected one row for each expert")
        }
        (self.weights, self.bias) = (weights, bias)
    }

    /// The same of other values.
    func mapped(_ other: (Value) throws -> Value) rethrows -> Layer {
        var layer = self
        (layer.weights, layer.bias) = (try other(weights), try bias.map(other))
        return layer
    }

    /// `x · Wᵀ + b` of one expert.
    func applied(_ x: Value, _ expert: Choice, _ reader: inout ONNXReader) throws -> Value {
        let shape = reader.builder.shape(weights)
        let matrix = try reader.transpose(reader.reshape(part(weights, expert, &reader), [shape[1], shape[2]]), [1, 0])
        let product = try reader.add1(MatMul(), [x, matrix])
        return try bias.map { try reader.apply(.add, product, part($0, expert, &reader)) } ?? product
    }

    private func part(_ stack: Value, _ expert: Choice, _ reader: inout ONNXReader) throws -> Value {
        switch expert {
        case .number(let number): try reader.slice(stack, axis: 0, from: number, count: 1)
        case .index(let index): try reader.add1(Gather(axis: 0), [stack, index])
        }
    }
}

/// What a row goes through.
private struct Layers {
    let first: Layer
    let gate: Layer?
    let last: Layer

    /// The same of other values.
    func mapped(_ other: (Value) throws -> Value) rethrows -> Layers {
        Layers(first: try first.mapped(other), gate: try gate.map { try $0.mapped(other) }, last: try last.mapped(other))
    }
}

/// The weights `[E, N, K]` of a layer of experts, in a few bits each.
private struct PackedExperts {
    private let (experts, rows, columns, bits): (Int, Int, Int, Int)
    private let (block, blocks): (Int, Int)
    private let codes: [UInt8]
    private let scales: [Double]
    private let zeros: [UInt8]?
    /// The bytes of zero points that an expert has, and the codes that they have room for in each row.
    private let (zeroBytes, zeroStep): (Int, Int)

    /// - Parameters:
    ///   - index: of the operand with the codes, before the one with the scales.
    ///   - zeros: of the operand with the zero points.
    init(_ index: Int, zeros: Int, experts: Int, bits: Int, _ reader: ONNXReader) throws {
        guard [2, 4, 8].contains(bits) else { throw DLCError("expert_weight_bits is \(bits); expected 2, 4 or 8") }
        let given = try reader.fact(index)
        guard given.element == .uint8, given.rank == 3, let constant = given.constant, constant.shape[0] == experts, constant.count > 0
        else {
            throw DLCError("weights are \(given.type); expected constant bytes [\(experts), rows, packed columns]")
        }
        let each = 8 / bits
        (self.experts, self.bits) = (experts, bits)
        (rows, columns) = (constant.shape[1], try Checked.multiply(constant.shape[2], each))
        codes = try constant.array(of: UInt8.self)
        let size: Int = try reader.attribute("block_size") ?? 0
        block = size > 0 ? min(size, columns) : columns
        blocks = (columns + block - 1) / block
        guard let scales = try reader.doubles(index + 1, "scales"), scales.count == experts * rows * blocks else {
            throw DLCError("weights are \(given.type) in blocks of \(block); expected \(blocks) scales for each row")
        }
        self.scales = scales
        // Those of a row begin with a byte of their own; without blocks the rows' follow each other.
        zeroStep = size > 0 ? (blocks + each - 1) / each * each : 1
        zeroBytes = (rows * zeroStep + each - 1) / each
        guard reader.operand(zeros) != nil else {
            self.zeros = nil
            return
        }
        let found = try reader.fact(zeros)
        guard found.element == .uint8, let constant = found.constant, constant.count == experts * zeroBytes else {
            throw DLCError("zero points are \(found.type); expected \(zeroBytes) constant bytes for each expert")
        }
        self.zeros = try constant.array(of: UInt8.self)
    }

    /// `[E, N, K]` in floats.
    func weights(_ type: ElementType) throws -> Tensor {
        let size = try Checked.multiply(Checked.multiply(rows, columns), type.size)
        return try Tensor(type: type, shape: [experts, rows, columns]) { target in
            for expert in 0..<experts {
                try weights(expert, type).withUnsafeBytes { source in
                    UnsafeMutableRawBufferPointer(rebasing: target[expert * size..<(expert + 1) * size]).copyMemory(from: source)
                }
            }
        }
    }

    /// `[N, K]` of one expert.
    private func weights(_ expert: Int, _ type: ElementType) throws -> Tensor {
        let own = codes[(expert * rows * columns * bits / 8)...]
        let shifts = zeros?[(expert * zeroBytes)...]
        var values = [Double](repeating: 0, count: rows * columns)
        for row in 0..<rows {
            for column in 0..<columns {
                let group = column / block
                let zero = shifts.map { PackedProduct.code($0, row * zeroStep + group, bits) } ?? 1 << (UInt8(bits) - 1)
                let code = PackedProduct.code(own, row * columns + column, bits)
                values[row * columns + column] = (Double(code) - Double(zero)) * scales[(expert * rows + row) * blocks + group]
            }
        }
        return try Tensor(doubles: values, type: type, shape: [rows, columns])
    }
}
