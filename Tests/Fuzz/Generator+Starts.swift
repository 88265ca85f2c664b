import DLC

/// The graphs that cases begin with.
extension Generator {
    /// Every operator's examples.
    static let examples: [(definition: OperatorDefinition, examples: [Example])] = AllOps.definitions.compactMap { definition in
        guard definition.name != "constant", let examples = try? definition.examples(), !examples.isEmpty else { return nil }
        return (definition, examples)
    }

    /// Operators whose operands after the first are weights and statistics.
    private static let weighted: Set<String> = [
        "conv", "conv_weight_gradient", "conv_transpose", "fused_conv", "fused_conv_transpose", "fused_matmul", "gemm", "rnn", "gru",
        "lstm", "batch_norm",
        "rnn_gradient", "gru_gradient", "lstm_gradient", "batch_norm_training", "batch_norm_gradient",
        "layer_norm", "skip_layer_norm", "group_norm", "rms_norm", "quantize_linear", "dequantize_linear",
    ]

    /// An example of an operator: operands are inputs, constants, or inputs that have been moved there and back.
    mutating func startWithOperator() throws {
        let example = rng.pick(rng.pick(Self.examples).examples)
        sketch = Sketch()
        var operands: [Int?] = []
        for (index, tensor) in example.operands.enumerated() {
            guard let tensor else {
                operands.append(nil)
                continue
            }
            // The nodes of trees are constants that are checked when a model is loaded.
            let isNode = index > 0 && example.op is TreeEnsemble
            let isConstant = isNode || rng.chance(index == 0 ? 0.1 : 0.5)
            let isPlain = isConstant || (index > 0 && Self.weighted.contains(example.op.name))
            let redrawn =
                tensor.type.isFloat && !isNode && rng.chance(0.5)
                ? try Tensor.drawn(isPlain ? .plain : style, type: tensor.type, shape: tensor.shape, like: tensor, &rng) : tensor
            operands.append(isConstant ? sketch.addConstant(redrawn) : addInput(redrawn, isPlain: isPlain))
        }
        let definition = example.op.definition
        let count = try resultCount(example.op, operands)
        let results = sketch.add(example.op, operands, results: count)
        for (index, id) in results.enumerated()
        where index == 0 || rng.chance(0.6) || !definition.results[min(index, definition.results.count - 1)].hasSuffix("?") {
            sketch.addOutput(id)
        }
    }

    mutating func start(with pattern: Sketch) throws {
        sketch = pattern
        sketch.stage = .imported
        for symbol in sketch.symbols { bindings[symbol] = 2 + rng.below(4) }
        for input in sketch.inputs {
            let shape = try input.type.shape.map { try $0.evaluate(bindings) }
            inputs[input.name] = try .drawn(style, type: input.type.element, shape: shape, like: nil, &rng)
        }
    }

    /// One or two inputs, with symbols in half of the cases.
    mutating func startWithInput() throws {
        sketch = Sketch()
        let type: ElementType = rng.pick([
            .float32, .float32, .float32, .float32, .float32, .float64, .float16, .bfloat16, .int32, .int64, .uint8, .int8, .uint64, .bool,
        ])
        let extents = rng.pick([
            [2, 3], [4, 4], [2, 3, 4], [3, 3, 3], [1, 4, 6, 6], [2, 3, 5, 4], [1, 8, 4, 4], [6], [1, 1], [16, 16], [1, 2, 8, 1],
        ])
        for _ in 0..<(1 + rng.below(2)) {
            let id = addInput(try .drawn(style, type: type, shape: extents, like: nil, &rng))
            if rng.chance(0.5) { sketch.addOutput(sketch.add(try make(rng.pick(["relu", "neg", "abs", "transpose"])), [id])[0]) }
        }
        if sketch.outputs.isEmpty { sketch.outputs = [] }
    }

    @discardableResult
    mutating func addInput(_ tensor: Tensor, isPlain: Bool = false) -> Int {
        let id = sketch.addInput(TensorType(tensor.type, Shape(constants: tensor.shape)))
        let name = sketch.inputs[sketch.inputs.count - 1].name
        inputs[name] = tensor
        if isPlain { plain.insert(name) }
        return id
    }

    /// How many results an operator has over the operands.
    func resultCount(_ op: any Operator, _ operands: [Int?]) throws -> Int {
        let facts = try sketch.facts()
        var context = InferContext(operands: operands.map { $0.flatMap { facts[$0] } })
        return try op.infer(&context).count
    }

    /// An example of an operator after the value, whose elements are taken, repeated and arranged as the operator wants them.
    mutating func attached(_ x: Int, _ fact: Fact) throws -> [Int] {
        let example = rng.pick(rng.pick(Self.examples).examples)
        guard let first = example.operands.first ?? nil, first.type.isFloat, fact.element.isFloat, first.count > 0 else {
            throw DLCError("the operands do not fit")
        }
        guard let shape = fact.shape.constants, case let count = try Checked.count(shape), count > 0 else {
            throw DLCError("nothing to take")
        }
        var value = x
        if fact.element != first.type { value = sketch.add(try make("cast", ["to": .type(first.type)]), [value])[0] }
        if shape != first.shape {
            value = sketch.add(Reshape(shape: [Dim(count)]), [value])[0]
            let copies = (first.count + count - 1) / count
            if copies > 1 { value = sketch.add(try make("tile", ["repeats": .dims([Dim(copies)])]), [value])[0] }
            if copies * count > first.count {
                value =
                    sketch.add(
                        Slice(starts: [Dim(rng.below(copies * count - first.count + 1))], sizes: [Dim(first.count)], steps: [1]), [value])[
                        0]
            }
            value = sketch.add(Reshape(shape: Shape(constants: first.shape)), [value])[0]
        }
        var operands: [Int?] = [value]
        for tensor in example.operands.dropFirst() {
            guard let tensor else {
                operands.append(nil)
                continue
            }
            operands.append(example.op is TreeEnsemble || rng.chance(0.7) ? sketch.addConstant(tensor) : addInput(tensor, isPlain: true))
        }
        return sketch.add(example.op, operands, results: try resultCount(example.op, operands))
    }
}
