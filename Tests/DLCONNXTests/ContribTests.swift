import DLC
import DLCGraph
import DLCONNX
import DLCOps
import Foundation
import Testing

/// Operators that are read as others, beside what they stand for. `Tools/judges/contrib.py` holds them to ONNX Runtime.
@Suite struct ContribTests {
    private static func text(_ graph: String, opset: Int = 20) -> String {
        "<ir_version: 9, opset_import: [\"\" : \(opset), \"com.microsoft\" : 1, \"ai.onnx.preview\" : 1, \"ai.onnx.ml\" : 3]> \(graph)"
    }

    private func run(_ graph: Graph, _ inputs: [String: Tensor]) throws -> [String: Tensor] {
        let computed = try Session(CompiledModel(Compiler.compile(graph)), threads: 2).run(inputs)
        let expected = try Interpreter.run(graph, inputs)
        for (name, tensor) in expected {
            let apart = zip(try tensor.doubles(), try computed[name]?.doubles() ?? []).map { abs($0 - $1) }
            #expect(computed[name]?.shape == tensor.shape && apart.allSatisfy { $0 <= 1e-5 }, "\(name): \(apart.max() ?? 0)")
        }
        return computed
    }

    /// Both outputs of a model are one.
    private func checkEqual(_ body: String, _ inputs: [String: Tensor], tolerance: Double = 0) throws {
        let outputs = try run(importONNX(text: Self.text(body)), inputs)
        let (y, z) = (try #require(outputs["y"]), try #require(outputs["z"]))
        #expect(y.type == z.type && y.shape == z.shape)
        #expect(zip(try y.doubles(), try z.doubles()).allSatisfy { abs($0 - $1) <= tolerance })
    }

    private static let scales = """
        sa = Constant <value = float {0.02}> () za = Constant <value = uint8 {120}> ()
        sb = Constant <value = float {0.03}> () zb = Constant <value = uint8 {99}> ()
        sc = Constant <value = float {0.05}> () zc = Constant <value = uint8 {7}> ()
        p = DequantizeLinear(a, sa, za) q = DequantizeLinear(b, sb, zb)
        """

    /// Means are taken of the integers, whose sums are exact: where the result lies between two integers it may be the other one.
    @Test(arguments: [
        ("com.microsoft.QLinearAdd(a, sa, za, b, sb, zb, sc, zc)", "Add(p, q)", 0),
        ("com.microsoft.QLinearMul(a, sa, za, b, sb, zb, sc, zc)", "Mul(p, q)", 0),
        ("com.microsoft.QLinearSigmoid(a, sa, za, sc, zc)", "Sigmoid(p)", 0),
        ("com.microsoft.QLinearLeakyRelu <alpha = 0.25> (a, sa, za, sc, zc)", "LeakyRelu <alpha = 0.25> (p)", 0),
        ("com.microsoft.QLinearConcat <axis = 1> (sc, zc, a, sa, za, b, sb, zb)", "Concat <axis = 1> (p, q)", 0),
        ("com.microsoft.QLinearSoftmax <axis = -1, opset = 13> (a, sa, za, sc, zc)", "Softmax <axis = -1> (p)", 0),
        ("com.microsoft.QLinearGlobalAveragePool(a, sa, za, sc, zc)", "GlobalAveragePool(p)", 1),
        ("com.microsoft.QLinearAveragePool <kernel_shape = [2, 3], pads = [1, 0, 0, 1]> (a, sa, za, sc, zc)",
         "AveragePool <kernel_shape = [2, 3], pads = [1, 0, 0, 1]> (p)", 0),
        ("com.microsoft.QLinearReduceMean <axes = [1, 3], keepdims = 0> (a, sa, za, sc, zc)",
         "ReduceMean <keepdims = 0> (p, axes)", 1),
    ] as [(String, String, Double)])
    func quantizedOperatorsAreThoseOfTheNumbersThatTheyStandFor(_ quantized: String, _ plain: String, _ apart: Double) throws {
        let numbers = try (1...2).map { try Tensor.random(seed: $0, type: .uint8, shape: [2, 3, 4, 5]) }
        try checkEqual(
            """
            g (uint8[N, 3, 4, 5] a, uint8[N, 3, 4, 5] b) => (uint8[] y, uint8[] z) {
                \(Self.scales) axes = Constant <value_ints = [1, 3]> ()
                y = \(quantized) r = \(plain) z = QuantizeLinear(r, sc, zc)
            }
            """, ["a": numbers[0], "b": numbers[1]], tolerance: apart)
    }

    @Test func productsOfIntegersTakeScalesOfColumns() throws {
        let a = try Tensor.random(seed: 1, type: .uint8, shape: [3, 8])
        try checkEqual(
            """
            g (uint8[N, 8] a) => (float[] y, float[] z) {
                sa = Constant <value = float {0.02}> () za = Constant <value = uint8 {120}> ()
                b = Constant <value = int8[2, 8] {1, -7, 3, 99, 0, -5, 8, 2, 40, 50, -60, 7, -128, 127, 3, 4}> ()
                sb = Constant <value = float[2] {0.5, 0.25}> () zb = Constant <value = int8[2] {3, 3}> ()
                c = Constant <value = int32[2] {100, -7}> ()
                y = com.microsoft.QGemm <transB = 1, alpha = 0.5> (a, sa, za, b, sb, zb, c)
                p = DequantizeLinear(a, sa, za) q = DequantizeLinear <axis = 0> (b, sb, zb)
                w = Mul(sa, sb) f = Cast <to = 1> (c) d = Mul(f, w)
                z = Gemm <transB = 1, alpha = 0.5, beta = 0.5> (p, q, d)
            }
            """, ["a": a], tolerance: 1e-3)
    }

    @Test func numbersThatAreAllZeroHaveTheScaleOne() throws {
        let graph = try importONNX(text: Self.text("g (float[N] x) => (uint8[N] y, float s, uint8 z) { y, s, z = DynamicQuantizeLinear(x) }"))
        let flat = try run(graph, ["x": Tensor([0, 0, 0] as [Float], shape: [3])])
        #expect(try flat["s"]?.array(of: Float.self) == [1] && flat["y"]?.array(of: UInt8.self) == [0, 0, 0])
        // The example of the operator's definition.
        let x = try run(graph, ["x": Tensor([0, 2, -3, -2.5, 1.34, 0.5] as [Float], shape: [6])])
        #expect(try x["y"]?.array(of: UInt8.self) == [153, 255, 0, 26, 221, 179])
    }

    @Test func graphsInsideOfAttentionAreInlined() throws {
        let body = """
            g (float[B,4,L,8] q, float[B,2,S,8] k, float[B,2,S,6] v) => (float[B,4,L,6] y) {
                y = ai.onnx.preview.FlexAttention <
                    score_mod = causal (float[b,h,l,s] x) => (float[b,h,l,s] r) {
                        zero = Constant <value = int64 {0}> () one = Constant <value = int64 {1}> ()
                        shape = Shape(x) two = Constant <value = int64 {2}> () three = Constant <value = int64 {3}> ()
                        rows = Gather(shape, two) columns = Gather(shape, three)
                        i = Range(zero, rows, one) j = Range(zero, columns, one)
                        upright = Constant <value_ints = [-1, 1]> () c = Reshape(i, upright)
                        seen = GreaterOrEqual(c, j) lowest = Constant <value = float {-1e30}> ()
                        r = Where(seen, x, lowest)
                    },
                    prob_mod = half (float[b,h,l,s] x) => (float[b,h,l,s] r) {
                        f = Constant <value = float {0.5}> () r = Mul(x, f)
                    }> (q, k, v)
            }
            """
        let graph = try importONNX(text: Self.text(body))
        let inputs = [
            "q": try Tensor.random(seed: 1, shape: [2, 4, 3, 8]), "k": try Tensor.random(seed: 2, shape: [2, 2, 5, 8]),
            "v": try Tensor.random(seed: 3, shape: [2, 2, 5, 6]),
        ]
        let y = try #require(try run(graph, inputs)["y"])
        #expect(y.shape == [2, 4, 3, 6])
        // The first row sees the first key alone: half of its value, of the head that its query shares.
        let v = try #require(inputs["v"])
        let (rows, values) = (try y.doubles(), try v.doubles())
        for head in 0..<4 {
            for column in 0..<6 { #expect(abs(rows[head * 18 + column] - values[head / 2 * 30 + column] / 2) < 1e-6) }
        }
    }

    @Test func attentionWithoutGraphsIsAttention() throws {
        let body = "g (float[1,2,3,4] q, float[1,2,5,4] k, float[1,2,5,4] v) => (float[] y) { y = ai.onnx.preview.FlexAttention <scale = 0.3> (q, k, v) }"
        #expect(try importONNX(text: Self.text(body)).nodes.map(\.op.name) == ["attention"])
        let wrong = body.replacing("float[1,2,5,4] v", with: "float[1,3,5,4] v")
        #expect(throws: DLCError.self) { try importONNX(text: Self.text(wrong)) }
    }

    /// Many steps are a loop and few are nodes of their own: what nine give at once, three and three and three give one after the other.
    @Test(arguments: ["linear", "gated", "delta", "gated_delta"]) func linearAttentionGoesOnFromItsState(_ rule: String) throws {
        func graph(_ steps: String) throws -> Graph {
            try importONNX(
                text: Self.text(
                    """
                    g (float[B, \(steps), 8] q, float[B, \(steps), 4] k, float[B, \(steps), 6] v, float[B, 1, 4, 6] s,
                       float[B, \(steps), 1] d, float[B, \(steps), 1] b) => (float[] y, float[] n) {
                        y, n = com.microsoft.LinearAttention <q_num_heads = 2, kv_num_heads = 1, update_rule = "\(rule)"> (q, k, v, s, d, b)
                    }
                    """))
        }
        let widths = ["q": 8, "k": 4, "v": 6, "d": 1, "b": 1]
        var whole: [String: Tensor] = [:]
        for (index, item) in widths.enumerated() {
            // Keys are short, so that states do not grow from step to step.
            let values = try Tensor.random(seed: UInt64(index), shape: [2, 9, item.value]).doubles()
            whole[item.key] = try Tensor(values.map { Float($0) / 4 }, shape: [2, 9, item.value])
        }
        func steps(_ steps: Range<Int>, of x: Tensor) throws -> Tensor {
            let (values, width): ([Double], Int) = (try x.doubles(), x.shape[2])
            var chosen: [Float] = []
            for row in 0..<2 {
                let first = (row * 9 + steps.lowerBound) * width
                chosen += values[first..<first + steps.count * width].map { Float($0) }
            }
            return try Tensor(chosen, shape: [2, steps.count, width])
        }
        var state = try Tensor.random(seed: 9, shape: [2, 1, 4, 6])
        let all = try run(graph("T"), whole.merging(["s": state]) { $1 })
        var rows: [[Double]] = []
        for start in stride(from: 0, to: 9, by: 3) {
            var part = try whole.mapValues { try steps(start..<start + 3, of: $0) }
            part["s"] = state
            let outputs = try run(graph("3"), part)
            state = try #require(outputs["n"])
            rows.append(try #require(outputs["y"]).doubles())
        }
        let y = try #require(all["y"])
        #expect(y.shape == [2, 9, 12])
        var joined: [Double] = []
        for batch in 0..<2 { for part in rows { joined += part[batch * 36..<(batch + 1) * 36] } }
        #expect(zip(try y.doubles(), joined).allSatisfy { abs($0 - $1) < 1e-5 })
        let last = try #require(all["n"])
        #expect(zip(try last.doubles(), try state.doubles()).allSatisfy { abs($0 - $1) < 1e-5 })
        let none = try whole.mapValues { try steps(0..<0, of: $0) }.merging(["s": state]) { $1 }
        let kept = try Session(CompiledModel(Compiler.compile(graph("T")))).run(none)["n"]
        #expect(kept == state)
    }

    /// Experts run for their own rows, of which there may be none, in a compiled model too; many of them are a loop.
    @Test(arguments: [4, 40], [(0, 2), (1, 1), (7, 3), (7, 4)])
    func expertsAreChosenForEachRow(_ experts: Int, _ chosen: (rows: Int, k: Int)) throws {
        let (rows, k) = chosen
        let graph = try importONNX(
            text: Self.text(
                """
                g (float[T, 8] x, float[T, \(experts)] r, float[\(experts), 6, 8] a, float[\(experts), 8, 6] b) => (float[] y, float[] z) {
                    y = com.microsoft.MoE <k = \(k), activation_type = "silu"> (x, r, a, , b)
                    one = Constant <value_ints = [1]> () k = Constant <value_ints = [\(k)]> ()
                    p = Softmax <axis = -1> (r) best, places = TopK(p, k) depth = Constant <value = int64 {\(experts)}> ()
                    values = Constant <value_floats = [0.0, 1.0]> ()
                    chosen = OneHot <axis = -1> (places, depth, values) shares = ReduceSum <keepdims = 0> (chosen, one)
                    weights = Mul(shares, p)
                    h = Einsum <equation = "th,eih->tei"> (x, a) s = Sigmoid(h) g = Mul(h, s)
                    o = Einsum <equation = "tei,ehi->teh"> (g, b) z = Einsum <equation = "te,teh->th"> (weights, o)
                }
                """))
        let inputs = [
            "x": try Tensor.random(seed: 1, shape: [rows, 8]), "r": try .random(seed: 2, shape: [rows, experts]),
            "a": try .random(seed: 3, shape: [experts, 6, 8]), "b": try .random(seed: 4, shape: [experts, 8, 6]),
        ]
        let outputs = try run(graph, inputs)
        let (y, z) = (try #require(outputs["y"]), try #require(outputs["z"]))
        #expect(y.shape == [rows, 8])
        #expect(zip(try y.doubles(), try z.doubles()).allSatisfy { abs($0 - $1) < 1e-5 })
    }

    @Test(arguments: [2, 3, 4, 5, 6, 8, 10, 12, 15, 16, 7])
    func shortTransformsAreTheirDefinition(_ n: Int) throws {
        for inverse in [0, 1] {
            let graph = try importONNX(
                text: Self.text("g (float[2, \(n), 2] x) => (float[] y) { y = DFT <axis = 1, inverse = \(inverse)> (x) }", opset: 19))
            let x = try Tensor.random(seed: 4, shape: [2, n, 2])
            let (found, values) = (try #require(try run(graph, ["x": x])["y"]).doubles(), try x.doubles())
            for row in 0..<2 {
                for k in 0..<n {
                    var (re, im) = (0.0, 0.0)
                    for t in 0..<n {
                        let angle = 2 * Double.pi * Double(k * t % n) / Double(n) * (inverse == 1 ? 1 : -1)
                        let (c, s) = (cos(angle), sin(angle))
                        let (a, b) = (values[(row * n + t) * 2], values[(row * n + t) * 2 + 1])
                        (re, im) = (re + a * c - b * s, im + a * s + b * c)
                    }
                    let scale = inverse == 1 ? 1 / Double(n) : 1
                    #expect(abs(found[(row * n + k) * 2] - re * scale) < 2e-6 && abs(found[(row * n + k) * 2 + 1] - im * scale) < 2e-6)
                }
            }
        }
    }

    @Test func anAxisOfATransformMayBeData() throws {
        let text = "g (float[2, 4, 6, 2] x, int64 axis) => (float[] y) { y = DFT(x, , axis) }"
        let graph = try importONNX(text: Self.text(text))
        let session = try Session(CompiledModel(Compiler.compile(graph)))
        let x = try Tensor.random(seed: 5, shape: [2, 4, 6, 2])
        for (axis, plain) in [(0, 0), (2, 2), (-2, 2), (1, 1), (-4, 0)] {
            let fixed = try importONNX(text: Self.text("g (float[2, 4, 6, 2] x) => (float[] y) { y = DFT <axis = \(plain)> (x) }", opset: 19))
            let want = try Session(CompiledModel(Compiler.compile(fixed))).run(["x": x])["y"]
            let inputs = ["x": x, "axis": try Tensor([Int64(axis)], shape: [])]
            #expect(try session.run(inputs)["y"] == want && session.run(inputs)["y"] == want)
        }
        for axis in [3, -1, 4, -5] {
            #expect(throws: DLCError.self) { try session.run(["x": x, "axis": Tensor([Int64(axis)], shape: [])]) }
        }
    }

    /// What DictVectorizer and ZipMap say in the metadata; libonnx's text form has no maps. `Tools/judges/contrib.py` runs files with them.
    @Test func mapsAreKeysAndValues() throws {
        var builder = GraphBuilder(name: "maps")
        let keys = try builder.input("x.keys", TensorType(.int64, [Dim(symbol: "K")]))
        let values = try builder.input("x.values", TensorType(.float32, [Dim(symbol: "K")]))
        let table = try builder.input("t", TensorType(.float32, [Dim(symbol: "N"), 3]))
        try builder.output("k", builder.add1(Unary(.neg), [keys]))
        try builder.output("v", builder.add1(Unary(.neg), [values]))
        try builder.output("y", builder.add1(Unary(.abs), [table]))
        for (key, value) in ["map.x": "int64", "map.y": "string", "y.labels": "a\nb c\nd"] { builder.setMetadata(key, value) }
        let model = try CompiledModel(Compiler.compile(builder.graph))
        var inputs = try model.tensors("x", [7: 2, -3: 0.5] as [Int64: Double])
        inputs["t"] = try Tensor([-0.5, 0.25, 0, 1, 2, -3] as [Float], shape: [2, 3])
        let outputs = try Session(model).run(inputs)
        let pairs = zip(try outputs["k"]?.integers() ?? [], try outputs["v"]?.doubles() ?? [])
        #expect(Dictionary(uniqueKeysWithValues: pairs.map { ($0, $1) }) == [-7: -2, 3: -0.5])
        let rows: [[String: Double]] = try model.maps("y", of: outputs)
        #expect(rows == [["a": 0.5, "b c": 0.25, "d": 0], ["a": 1, "b c": 2, "d": 3]])
        #expect(throws: DLCError.self) { let _: [[Int64: Double]] = try model.maps("y", of: outputs) }
        #expect(throws: DLCError.self) { _ = try model.tensors("x", ["a": 1]) }
    }
}
