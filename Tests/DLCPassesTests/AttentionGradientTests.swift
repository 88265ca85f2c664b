import DLC
import Testing

/// Attention and its gradient in one graph.
@Suite struct AttentionGradientTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let layer: Attention
        let operands: [Tensor?]
        let testDescription: String

        init(_ name: String, _ layer: Attention, _ operands: [Tensor?]) {
            (testDescription, self.layer, self.operands) = (name, layer, operands)
        }
    }

    static let cases: [Case] = (try? makeCases()) ?? []

    private static func makeCases() throws -> [Case] {
        func random(_ seed: UInt64, _ shape: [Int]) throws -> Tensor { try .random(seed: seed, shape: shape) }
        let long = [try random(1, [1, 4, 130, 20]), try random(2, [1, 2, 150, 20]), try random(3, [1, 2, 150, 33])]
        // The first two rows see nothing.
        let added = (0..<130 * 150).map { (index: Int) -> Double in index % 7 == 0 || index < 300 ? -.infinity : Double(index % 5) }
        let mask = try Tensor(doubles: added, type: .float32, shape: [130, 150])
        let kept = try Tensor((0..<150).map { $0 % 3 != 0 }, shape: [1, 1, 1, 150])
        var cases = Attention.definition.cases.map { Case($0.name, $0.op, $0.operands) }
        cases += [
            Case("tiles and chunks", Attention(scale: 0.3), long),
            Case("causal tiles", Attention(scale: 0.3, causal: true), long),
            Case("masked rows", Attention(scale: 0.3), long + [mask]),
            Case("causal and kept", Attention(scale: 0.3, causal: true), long + [kept]),
            Case("many queries", Attention(causal: true), [try random(4, [2, 5, 70, 8]), try random(5, [2, 5, 9, 8]), try random(6, [2, 5, 9, 1])]),
            Case("no queries", Attention(), [try random(4, [2, 3, 0, 8]), try random(5, [2, 3, 9, 8]), try random(6, [2, 3, 9, 4])]),
            Case("no keys", Attention(), [try random(4, [2, 3, 4, 8]), try random(5, [2, 3, 0, 8]), try random(6, [2, 3, 0, 4])]),
            Case("one of each", Attention(causal: true), [try random(4, [1, 1, 1, 1]), try random(5, [1, 1, 1, 1]), try random(6, [1, 1, 1, 1])]),
        ]
        return cases
    }

    /// The graph of a layer and of a gradient, which may be another layer's; operands are inputs `x0` … and `dy`.
    private func graph(_ item: Case, gradientOf layer: Attention, type: ElementType = .float32) throws -> (graph: Graph, inputs: [String: Tensor]) {
        var builder = GraphBuilder(name: "layer")
        var inputs: [String: Tensor] = [:]
        func input(_ name: String, _ tensor: Tensor) throws -> Value {
            inputs[name] = try tensor.type.isFloat ? tensor.converted(to: type) : tensor
            return try builder.input(name, TensorType(inputs[name]?.type ?? type, Shape(constants: tensor.shape)))
        }
        let absent = [Value?](repeating: nil, count: 4 - item.operands.count)
        let operands = try item.operands.enumerated().map { index, operand in try operand.map { try input("x\(index)", $0) } } + absent
        let y = try builder.add1(item.layer, operands)
        let dy = try input("dy", Tensor.random(seed: 9, shape: builder.shape(y).constants ?? []))
        for (index, result) in try builder.add(AttentionGradient(of: layer), operands + [y, dy]).enumerated() {
            try builder.output("d\(index)", result)
        }
        try builder.output("y", y)
        return (builder.graph, inputs)
    }

    private func wanted(_ item: Case, _ inputs: [String: Tensor]) throws -> [Tensor] {
        let operands = (0..<4).map { inputs["x\($0)"] }
        let y = try item.layer.evaluate(operands)[0]
        return try AttentionGradient(of: item.layer).evaluate(operands + [y, inputs["dy"]])
    }

    @Test(arguments: cases) func readsTheStatisticsOfItsLayer(_ item: Case) throws {
        let (graph, inputs) = try graph(item, gradientOf: item.layer)
        let image = try Compiler.compile(graph)
        let steps = image.plan.steps
        let layer = try #require(steps.first { $0.kernelName == "attention" })
        let gradient = try #require(steps.first { $0.kernelName == "attention_gradient" })
        #expect(layer.results[1] != nil && gradient.operands[6]?.location == layer.results[1]?.location)
        let model = try CompiledModel(image)
        let (computed, again) = (try Session(model, threads: 2).run(inputs), try Session(model, threads: 1).run(inputs))
        for (index, want) in try wanted(item, inputs).enumerated() {
            let got = try #require(computed["d\(index)"])
            #expect(got == again["d\(index)"])
            for (a, b) in zip(try got.doubles(), try want.doubles()) {
                #expect(a.isNaN && b.isNaN || abs(a - b) < 2e-5 * max(1, abs(b)), "d\(index)")
            }
        }
    }

    @Test(arguments: cases) func isSpelledInDoubles(_ item: Case) throws {
        let (graph, inputs) = try graph(item, gradientOf: item.layer, type: .float64)
        let computed = try Session(CompiledModel(Compiler.compile(graph))).run(inputs)
        for (index, want) in try wanted(item, inputs).enumerated() {
            let got = try #require(computed["d\(index)"])
            for (a, b) in zip(try got.doubles(), try want.doubles()) {
                #expect(a.isNaN && b.isNaN || abs(a - b) < 1e-12 * max(1, abs(b)), "d\(index)")
            }
        }
    }

    @Test func statisticsOfAnotherLayerAreNotRead() throws {
        let item = try #require(Self.cases.first)
        var other = item.layer
        other.scale = 0.7
        let steps = try Compiler.compile(graph(item, gradientOf: other).graph).plan.steps
        #expect(steps.first { $0.kernelName == "attention_gradient" }?.operands[6] == nil)
        #expect(steps.first { $0.kernelName == "attention" }?.results[1] == nil)
    }

    /// Heads as projections leave them: read where they lie, by the layer and by its gradient, with no matrix of scores anywhere.
    @Test func learnsWithoutTheMatrixOfScores() throws {
        let graph = try GraphParser.parse(
            """
            graph block(%x: f32[N, T, 96], %t: f32[N, T, 32]) -> (%loss, %dx) {
                %a = slice(%x) {starts: dims(0; 0; 0), sizes: dims(N; T; 32), steps: [1, 1, 1]}
                %b = slice(%x) {starts: dims(0; 0; 32), sizes: dims(N; T; 32), steps: [1, 1, 1]}
                %c = slice(%x) {starts: dims(0; 0; 64), sizes: dims(N; T; 32), steps: [1, 1, 1]}
                %ah = reshape(%a) {shape: dims(N; T; 4; 8)}
                %bh = reshape(%b) {shape: dims(N; T; 4; 8)}
                %ch = reshape(%c) {shape: dims(N; T; 4; 8)}
                %q = transpose(%ah) {perm: [0, 2, 1, 3]}
                %k = transpose(%bh) {perm: [0, 2, 1, 3]}
                %v = transpose(%ch) {perm: [0, 2, 1, 3]}
                %y = attention(%q, %k, %v) {scale: 0.5, causal: true}
                %r = transpose(%y) {perm: [0, 2, 1, 3]}
                %z = reshape(%r) {shape: dims(N; T; 32)}
                %d = sub(%z, %t)
                %e = mul(%d, %d)
                %loss = reduce_sum(%e) {keepdims: false}
                %dx = gradient(%loss, %x)
            }
            """, definitions: AllOps.definitions)
        let image = try Compiler.compile(graph)
        let steps = image.plan.steps
        let layer = try #require(steps.first { $0.kernelName == "attention" })
        let gradient = try #require(steps.first { $0.kernelName == "attention_gradient" })
        #expect(layer.results[1] != nil && gradient.operands[6]?.location == layer.results[1]?.location)
        let inputs = ["x": try Tensor.random(seed: 1, shape: [2, 70, 96]), "t": try Tensor.random(seed: 2, shape: [2, 70, 32])]
        let largest = try image.plan.buffers.map { try $0.bytes.evaluate(["N": 2, "T": 70]) }.max() ?? 0
        #expect(largest < 2 * 4 * 70 * 70 * 4, "\(largest) bytes")
        let computed = try Session(CompiledModel(image)).run(inputs)
        let wanted = try Interpreter.run(try [differentiate].run(graph), inputs)
        for (a, b) in zip(try #require(computed["dx"]).doubles(), try #require(wanted["dx"]).doubles()) { #expect(abs(a - b) < 1e-4) }
    }

    /// A learned mask has a gradient, for which the layer is spelled.
    @Test func gradientsAtAnAddedMask() throws {
        let graph = try GraphParser.parse(
            """
            graph biased(%q: f64[2, 4, 3, 5], %k: f64[2, 2, 6, 5], %v: f64[2, 2, 6, 7], %m: f64[4, 3, 6]) -> (%loss, %dq, %dk, %dv, %dm) {
                %y = attention(%q, %k, %v, %m) {scale: 0.4}
                %e = mul(%y, %y)
                %loss = reduce_sum(%e) {keepdims: false}
                %dq, %dk, %dv, %dm = gradient(%loss, %q, %k, %v, %m)
            }
            """, definitions: AllOps.definitions)
        let once = try [differentiate].run(graph)
        #expect(!once.nodes.contains { $0.op is AttentionGradient })
        let shapes = ["q": [2, 4, 3, 5], "k": [2, 2, 6, 5], "v": [2, 2, 6, 7], "m": [4, 3, 6]]
        let inputs = try Dictionary(
            uniqueKeysWithValues: shapes.sorted { $0.key < $1.key }.enumerated().map { index, item in
                (item.key, try Tensor.random(seed: UInt64(index), type: .float64, shape: item.value))
            })
        try Differences().check(once, inputs, of: "loss", ["q", "k", "v", "m"], prefix: "d")
    }
}

extension OperatorDefinition {
    /// Its examples that are attention.
    fileprivate var cases: [(name: String, op: Attention, operands: [Tensor?])] {
        ((try? examples()) ?? []).compactMap { example in (example.op as? Attention).map { (example.name, $0, example.operands) } }
    }
}
