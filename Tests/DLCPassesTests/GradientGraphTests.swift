import DLC
import Testing

/// Gradients through graphs: open extents, reports, and the values at points without a derivative.
@Suite struct GradientGraphTests {
    private func parse(_ text: String) throws -> Graph { try GraphParser.parse(text, definitions: AllOps.definitions) }

    private func random(_ shapes: [String: [Int]]) throws -> [String: Tensor] {
        var inputs: [String: Tensor] = [:]
        for (index, name) in shapes.keys.sorted().enumerated() {
            inputs[name] = try Tensor.random(seed: UInt64(index + 1), type: .float64, shape: shapes[name] ?? [])
        }
        return inputs
    }

    /// The graph has outputs `loss` and `d` + input; it is differentiated once and run at every size.
    private func check(_ text: String, _ sizes: [[String: [Int]]]) throws {
        let graph = try [differentiate].run(parse(text))
        #expect(!graph.nodes.contains { $0.op is Gradient })
        for shapes in sizes {
            let inputs = try random(shapes)
            try Differences().check(graph, inputs, of: "loss", shapes.keys.sorted(), prefix: "d")
        }
    }

    @Test func convolutionsOfOpenImages() throws {
        func shapes(_ n: Int, _ h: Int, _ w: Int) -> [String: [Int]] {
            ["x": [n, 3, h, w], "w": [4, 3, 3, 3], "b": [4], "u": [4, 2, 2, 2], "s": [2], "t": [2]]
        }
        try check(
            """
            graph cnn(%x: f64[N, 3, H, W], %w: f64[4, 3, 3, 3], %b: f64[4], %u: f64[4, 2, 2, 2], %s: f64[2], %t: f64[2])
                -> (%loss, %dx, %dw, %db, %du, %ds, %dt) {
                %c = conv(%x, %w, %b) {strides: [2, 2], dilations: [1, 1], pads: dims(1; 1; 1; 1)}
                %r = tanh(%c)
                %m, %i = max_pool(%r) {kernel: [3, 3], strides: [2, 2], dilations: [1, 1], pads: dims(0; 0; 0; 0), ceil_mode: true}
                %e = resize(%m) {sizes: dims(N; 4; 5; 7), mode: "linear"}
                %a = average_pool(%e) {kernel: [2, 2], strides: [1, 1], dilations: [1, 1], pads: dims(1; 1; 0; 0)}
                %v = conv_transpose(%a, %u) {strides: [2, 2], dilations: [1, 1], pads: dims(0; 0; 0; 0), output_padding: [0, 0]}
                %n, %mean, %var = batch_norm_training(%v, %s, %t)
                %q = mul(%n, %n)
                %k = mul(%q, %v)
                %f = reduce_sum(%k) {keepdims: false}
                %g = reduce_sum(%var) {keepdims: false}
                %loss = add(%f, %g)
                %dx, %dw, %db, %du, %ds, %dt = gradient(%loss, %x, %w, %b, %u, %s, %t)
            }
            """, [shapes(1, 7, 10), shapes(2, 10, 7), shapes(2, 9, 9)])
    }

    @Test func attentionOverOpenSequences() throws {
        func shapes(_ n: Int, _ t: Int) -> [String: [Int]] {
            ["x": [n, t, 6], "w": [6, 18], "p": [6, 6], "s": [6], "b": [6]]
        }
        try check(
            """
            graph block(%x: f64[N, T, 6], %w: f64[6, 18], %p: f64[6, 6], %s: f64[6], %b: f64[6]) -> (%loss, %dx, %dw, %dp, %ds, %db) {
                %n, %mean, %inv = layer_norm(%x, %s, %b)
                %a = matmul(%n, %w)
                %q0 = slice(%a) {starts: dims(0; 0; 0), sizes: dims(N; T; 6), steps: [1, 1, 1]}
                %k0 = slice(%a) {starts: dims(0; 0; 6), sizes: dims(N; T; 6), steps: [1, 1, 1]}
                %v0 = slice(%a) {starts: dims(0; 0; 12), sizes: dims(N; T; 6), steps: [1, 1, 1]}
                %q = reshape(%q0) {shape: dims(N; T; 2; 3)}
                %k = reshape(%k0) {shape: dims(N; T; 2; 3)}
                %v = reshape(%v0) {shape: dims(N; T; 2; 3)}
                %y = attention(%q, %k, %v) {scale: 0.5, causal: true, heads_inner: true}
                %z = reshape(%y) {shape: dims(N; T; 6)}
                %o = matmul(%z, %p)
                %g = gelu(%o)
                %r = add(%g, %x)
                %l = log_softmax(%r)
                %h = slice(%l) {starts: dims(0; 0; 0), sizes: dims(N; T; 1), steps: [1, 1, 1]}
                %loss = reduce_mean(%h) {keepdims: false}
                %dx, %dw, %dp, %ds, %db = gradient(%loss, %x, %w, %p, %s, %b)
            }
            """, [shapes(1, 1), shapes(2, 5), shapes(3, 4)])
    }

    @Test(arguments: ["lstm", "gru", "rnn"])
    func recurrenceOverOpenSequences(_ kind: String) throws {
        let gates = ["lstm": 4, "gru": 3, "rnn": 1][kind] ?? 0
        func shapes(_ n: Int, _ t: Int) -> [String: [Int]] {
            ["x": [t, n, 3], "w": [1, gates * 4, 3], "r": [1, gates * 4, 4], "b": [1, gates * 8], "h": [1, n, 4]]
        }
        let activations = ["lstm": "[\"Sigmoid\", \"Tanh\", \"Tanh\"]", "gru": "[\"Sigmoid\", \"Tanh\"]", "rnn": "[\"Tanh\"]"][kind] ?? ""
        try check(
            """
            graph layer(%x: f64[T, N, 3], %w: f64[1, \(gates * 4), 3], %r: f64[1, \(gates * 4), 4], %b: f64[1, \(gates * 8)], %h: f64[1, N, 4])
                -> (%loss, %dx, %dw, %dr, %db, %dh) {
                %y, %yh\(kind == "lstm" ? ", %yc" : "") = \(kind)(%x, %w, %r, %b, _, %h) {hidden_size: 4, activations: \(activations)}
                %q = mul(%y, %y)
                %s = reduce_sum(%q) {keepdims: false}
                %t = reduce_sum(%yh) {keepdims: false}
                %loss = add(%s, %t)
                %dx, %dw, %dr, %db, %dh = gradient(%loss, %x, %w, %r, %b, %h)
            }
            """, [shapes(1, 1), shapes(2, 5)])
    }

    /// Whether an operand is broadcast shows only in a run.
    @Test func operandsThatMayOrMayNotBroadcast() throws {
        try check(
            """
            graph open(%a: f64[A, 3], %b: f64[B, 3], %c: f64[B, 1]) -> (%loss, %da, %db, %dc) {
                %p = mul(%a, %b)
                %q = mul(%p, %c)
                %t = tanh(%q)
                %loss = reduce_sum(%t) {keepdims: false}
                %da, %db, %dc = gradient(%loss, %a, %b, %c)
            }
            """,
            [
                ["a": [1, 3], "b": [4, 3], "c": [4, 1]], ["a": [4, 3], "b": [1, 3], "c": [1, 1]],
                ["a": [4, 3], "b": [4, 3], "c": [4, 1]],
            ])
    }

    @Test func whatMayOrMayNotBeRepeated() throws {
        try check(
            """
            graph open(%a: f64[A, 3], %b: f64[B, 3]) -> (%loss, %da, %db) {
                %e = expand(%a) {shape: dims(B; 3)}
                %p = mul(%e, %b)
                %q = mul(%e, %p)
                %loss = reduce_mean(%q) {keepdims: false}
                %da, %db = gradient(%loss, %a, %b)
            }
            """, [["a": [1, 3], "b": [4, 3]], ["a": [4, 3], "b": [4, 3]]])
    }

    /// What stands in two places, before and behind other operands, is handed its gradient once for each.
    @Test func operandsThatDependOnEachOther() throws {
        try check(
            """
            graph shared(%x: f64[N, 4]) -> (%loss, %dx) {
                %y = tanh(%x)
                %n, %mean, %inv = layer_norm(%x, %y, %x)
                %r = lp_norm(%n) {axis: 1, p: 2}
                %q = reshape(%r) {shape: dims(1; 1; N; 4)}
                %a = attention(%q, %q, %q) {scale: 0.5}
                %t = mul(%a, %q)
                %loss = reduce_sum(%t) {keepdims: false}
                %dx = gradient(%loss, %x)
            }
            """, [["x": [3, 4]]])
    }

    /// Passes before differentiation must not go round a value that a gradient is taken at.
    @Test func gradientsInTheMiddleOfAGraph() throws {
        let graph = try parse(
            """
            graph middle(%x: f64[2, 3]) -> (%dh, %dk) {
                %h = reshape(%x) {shape: dims(3; 2)}
                %k = transpose(%h) {perm: [1, 0]}
                %z = reshape(%h) {shape: dims(6)}
                %t = transpose(%k) {perm: [1, 0]}
                %a = reduce_sum(%z) {keepdims: false}
                %q = mul(%t, %t)
                %b = reduce_sum(%q) {keepdims: false}
                %y = add(%a, %b)
                %dh = gradient(%y, %h)
                %dk = gradient(%y, %k)
            }
            """)
        let x = try Tensor.random(seed: 1, type: .float64, shape: [2, 3])
        let result = try Interpreter.run(Pipelines.passes(to: .differentiated, CompileOptions()).run(graph), ["x": x])
        let values = try x.doubles()
        #expect(try #require(result["dh"]).doubles() == values.map { 1 + 2 * $0 })
        #expect(try #require(result["dk"]).doubles() == [0, 2, 4, 1, 3, 5].map { 2 * values[$0] })
    }

    @Test func allThatLacksAGradientIsReportedAtOnce() throws {
        let graph = try parse(
            """
            graph lacks(%x: f32[2, 3], %w: f32[3, 3]) -> (%dx) {
                %a = fused_matmul(%x, %w)
                %b: f16[2, 3] = cast(%a) {to: f16}
                %c: bf16[2, 3] = bit_cast(%b) {to: bf16}
                %d: f32[2, 3] = cast(%c) {to: f32}
                %e = fused_matmul(%d, %w)
                %y = reduce_sum(%e) {keepdims: false}
                %dx = gradient(%y, %x)
            }
            """)
        let error = #expect(throws: DLCError.self) { try [differentiate].run(graph) }
        let lines = error?.description.split(separator: "\n") ?? []
        #expect(lines.count == 1, "\(lines)")
        #expect(lines.first?.contains("fused_matmul") == true && lines.first?.contains("has no gradient: it arises only") == true)
        let both = try parse(
            """
            graph lacks(%x: f16[2, 3], %w: f16[3, 3]) -> (%dx) {
                %a = fused_matmul(%x, %w)
                %b: bf16[2, 3] = bit_cast(%x) {to: bf16}
                %c: f16[2, 3] = cast(%b) {to: f16}
                %e = add(%a, %c)
                %y = reduce_sum(%e) {keepdims: false}
                %dx = gradient(%y, %x)
            }
            """)
        let second = #expect(throws: DLCError.self) { try [differentiate].run(both) }
        #expect(
            second?.description.contains("fused_matmul") == true && second?.description.contains("bit_cast") == true,
            "\(String(describing: second))")
    }

    /// Values that PyTorch's autograd gives at the same points.
    private static let points: [(expression: String, x: [Double], gradient: [Double])] = [
        ("abs(%x)", [0.0, -0.0, -2], [0.0, 0, -1]),
        ("relu(%x)", [0, 1, -1], [0, 1, 0]),
        ("sqrt(%x)", [0, 4, 1], [Double.infinity, 0.25, 0.5]),
        ("clip(%x) {min: 0.0, max: 1.0}", [0, 1, 2], [1, 1, 0]),
        ("clip(%x) {min: 0.0, max: 6.0}", [0, 6, 2], [0, 0, 1]),
        ("leaky_relu(%x) {alpha: 0.25}", [0, 1, -1], [0.25, 1, 0.25]),
        ("hard_swish(%x)", [-3, 3, 0], [0, 1, 0.5]),
        ("reduce_l2(%x)", [0, 0, 0], [0, 0, 0]),
        ("reduce_max(%x)", [1, 1, 0], [0.5, 0.5, 0]),
        ("reduce_prod(%x)", [0, 2, 3], [6, 0, 0]),
        ("reduce_prod(%x)", [0, 0, 3], [0, 0, 0]),
        ("reduce_log_sum_exp(%x)", [-Double.infinity, 0, 0], [0, 0.5, 0.5]),
        ("reduce_log_sum_exp(%x)", [-Double.infinity, -Double.infinity, -Double.infinity], [0, 0, 0]),
        ("lp_norm(%x) {axis: 0, p: 2}", [0, 0, 0], [0, 0, 0]),
        ("pow(%x, %two)", [0, -3, 1], [0, -6, 2]),
        ("pow(%x, %x)", [0, 1, 2], [0, 1, 4 * (1 + 0.6931471805599453)]),
        ("max(%x, %two)", [2, 3, 1], [0.5, 1, 0]),
    ]

    @Test(arguments: points)
    func pointsWithoutADerivative(_ expression: String, _ x: [Double], _ expected: [Double]) throws {
        let graph = try [differentiate].run(
            parse(
                """
                graph at(%x: f64[3]) -> (%dx) {
                    %two = constant {value: f64[1] (2.0)}
                    %y = \(expression)
                    %dx = gradient(%y, %x)
                }
                """))
        let found = try #require(Interpreter.run(graph, ["x": Tensor(x, shape: [3])])["dx"]).doubles()
        for (a, b) in zip(found, expected) { #expect(a == b || abs(a - b) < 1e-12, "\(found) instead of \(expected)") }
    }
}
