import DLC
import Testing

/// What passes and kernels make of NaN, infinities, signed zeros and large numbers is what the operators say: each
/// pattern, which one of the passes recognises or fuses, compiled for every target and compared with the oracle on the
/// graph as it was written.
@Suite struct SpecialValueTests {
    static let values: [Double] = [
        .nan, .infinity, -.infinity, 0, -0.0, 1, -1, 3, -3, 0.5, -0.5, 6, -6, 20, -20, 100, -100, 1e-30, -1e-30, 1e10, -1e10,
    ]

    struct Pattern: CustomTestStringConvertible, Sendable {
        let name: String
        let head: String
        let body: String
        var testDescription: String { name }

        init(_ name: String, _ body: String) { self.init(name, "%x: f32[21, 1]", body) }

        init(_ name: String, _ head: String, _ body: String) {
            self.name = name
            self.head = head
            self.body = body
        }

        func graph() throws -> Graph {
            try GraphParser.parse("graph g(\(head)) -> (%y) {\n\(body)\n}\n", definitions: AllOps.definitions)
        }
    }

    private static let product = "%w = constant {value: f32[1, 4] (1.0...)}\n%p: f32[21, 4] = matmul(%x, %w)\n"

    /// Activations after a product, whose kernel applies them.
    static let epilogues: [Pattern] = [
        "relu(%p)", "sigmoid(%p)", "tanh(%p)", "hard_swish(%p)", "swish(%p)", "gelu(%p)", "gelu(%p) {approximate: \"tanh\"}",
        "leaky_relu(%p) {alpha: 0.1}", "elu(%p)", "hard_sigmoid(%p)", "clip(%p) {min: -0.5, max: 2.0}", "prelu(%p, %s)",
    ].map { Pattern("product and \($0)", "\(product)%s = constant {value: f32[4] (0.5, 2.0, -1.0, 0.0)}\n%y: f32[21, 4] = \($0)") }

    /// The same and more as steps of their own.
    static let elementwise: [Pattern] = [
        "relu(%x)", "sigmoid(%x)", "tanh(%x)", "hard_swish(%x)", "swish(%x)", "gelu(%x)", "gelu(%x) {approximate: \"tanh\"}", "mish(%x)",
        "leaky_relu(%x)", "elu(%x)", "selu(%x)", "celu(%x)", "hard_sigmoid(%x)", "thresholded_relu(%x)", "softplus(%x)", "softsign(%x)",
        "clip(%x) {min: -0.5, max: 2.0}", "max(%x, %c)", "min(%x, %c)", "max(%c, %x)", "min(%c, %x)", "mod(%x, %c)", "mod(%c, %x)",
        "mod(%x, %c) {fmod: true}", "mod(%c, %x) {fmod: true}", "pow(%x, %c)", "reciprocal(%x)", "sign(%x)", "sqrt(%x)", "abs(%x)",
        "floor(%x)", "round(%x)", "exp(%x)", "erf(%x)", "div(%c, %x)", "where(%b, %x, %c)", "prelu(%x, %c)",
    ].flatMap { function in
        ["f32", "f64"].map { type in
            Pattern(
                "\(type) \(function)", "%x: \(type)[21, 1]",
                """
                %c = constant {value: \(type)[] (3.0)}
                %b: bool[21, 1] = less(%x, %c)
                %y: \(type)[21, 1] = \(function)
                """)
        }
    }

    /// Exporters' spellings.
    static let spelled: [Pattern] = [
        Pattern("x sigmoid(x)", "%s: f32[21, 1] = sigmoid(%x)\n%y: f32[21, 1] = mul(%x, %s)"),
        Pattern("x hard_sigmoid(x)", "%s: f32[21, 1] = hard_sigmoid(%x) {alpha: 0.1666666716337204}\n%y: f32[21, 1] = mul(%x, %s)"),
        Pattern(
            "x clip(x + 3) / 6",
            """
            %three = constant {value: f32[] (3.0)}
            %six = constant {value: f32[] (6.0)}
            %a: f32[21, 1] = add(%x, %three)
            %b: f32[21, 1] = clip(%a) {min: 0.0, max: 6.0}
            %c: f32[21, 1] = mul(%x, %b)
            %y: f32[21, 1] = div(%c, %six)
            """),
        Pattern("x tanh(softplus(x))", "%a: f32[21, 1] = softplus(%x)\n%b: f32[21, 1] = tanh(%a)\n%y: f32[21, 1] = mul(%x, %b)"),
        Pattern(
            "gelu",
            """
            %r = constant {value: f32[] (0.70710677)}
            %one = constant {value: f32[] (1.0)}
            %half = constant {value: f32[] (0.5)}
            %a: f32[21, 1] = mul(%x, %r)
            %b: f32[21, 1] = erf(%a)
            %c: f32[21, 1] = add(%b, %one)
            %d: f32[21, 1] = mul(%x, %c)
            %y: f32[21, 1] = mul(%d, %half)
            """),
    ]

    private static let normalisation = """
        %eps = constant {value: f32[] (1.0e-5)}
        %g = constant {value: f32[3] (1.0, 0.5, 2.0)}
        %m: f32[7, 1] = reduce_mean(%x) {axes: [1]}
        %d: f32[7, 3] = sub(%x, %m)
        %s: f32[7, 3] = mul(%d, %d)
        %v: f32[7, 1] = reduce_mean(%s) {axes: [1]}
        %w: f32[7, 1] = add(%v, %eps)
        %r: f32[7, 1] = sqrt(%w)
        %n: f32[7, 3] = div(%d, %r)
        %y: f32[7, 3] = mul(%n, %g)
        """

    /// What sees rows, windows and channels.
    static let wider: [Pattern] = [
        Pattern("layer norm", "%x: f32[7, 3]", normalisation),
        Pattern(
            "layer norm of one column", "%x: f32[21, 1]",
            normalisation.replacing("[7, 3]", with: "[21, 1]").replacing("[7, 1]", with: "[21, 1]")
                .replacing("f32[3] (1.0, 0.5, 2.0)", with: "f32[1] (2.0)")),
        Pattern("softmax", "%x: f32[7, 3]", "%y: f32[7, 3] = softmax(%x)"),
        Pattern("log softmax", "%x: f32[7, 3]", "%y: f32[7, 3] = log_softmax(%x)"),
        Pattern("softmax of columns", "%x: f32[7, 3]", "%y: f32[7, 3] = softmax(%x) {axis: 0}"),
        Pattern("maximum", "%x: f32[7, 3]", "%y: f32[7] = reduce_max(%x) {axes: [1], keepdims: false}"),
        Pattern("minimum", "%x: f32[7, 3]", "%y: f32[7] = reduce_min(%x) {axes: [1], keepdims: false}"),
        Pattern("average", "%x: f32[7, 3]", "%y: f32[7] = reduce_mean(%x) {axes: [1], keepdims: false}"),
        Pattern("largest index", "%x: f32[7, 3]", "%y: i64[7, 1] = arg_max(%x) {axis: 1}"),
        Pattern("least index", "%x: f32[7, 3]", "%y: i64[7, 1] = arg_min(%x) {axis: 1}"),
        Pattern(
            "max pooling", "%x: f32[1, 1, 21, 1]",
            "%y: f32[1, 1, 10, 1], %i: i64[1, 1, 10, 1] = max_pool(%x) {kernel: [3, 1], strides: [2, 1], dilations: [1, 1], pads: dims(0; 0; 0; 0)}"
        ),
        Pattern(
            "max pooling of lines", "%x: f32[1, 1, 1, 21]",
            "%y: f32[1, 1, 1, 19], %i: i64[1, 1, 1, 19] = max_pool(%x) {kernel: [1, 3], strides: [1, 1], dilations: [1, 1], pads: dims(0; 0; 0; 0)}"
        ),
        Pattern(
            "batch norm after a convolution", "%x: f32[21, 1, 1, 1]",
            """
            %w = constant {value: f32[2, 1, 1, 1] (1.0, -2.0)}
            %s = constant {value: f32[2] (1.0, 0.5)}
            %b = constant {value: f32[2] (0.0, 3.0)}
            %v = constant {value: f32[2] (4.0, 1.0)}
            %c: f32[21, 2, 1, 1] = conv(%x, %w) {strides: [1, 1], dilations: [1, 1], pads: dims(0; 0; 0; 0)}
            %n: f32[21, 2, 1, 1] = batch_norm(%c, %s, %b, %b, %v)
            %y: f32[21, 2, 1, 1] = relu(%n)
            """),
        Pattern(
            "batch norm without variance", "%x: f32[21, 1]",
            """
            %s = constant {value: f32[1] (2.0)}
            %z = constant {value: f32[1] (0.0)}
            %y: f32[21, 1] = batch_norm(%x, %s, %s, %s, %z) {epsilon: 0.0}
            """),
        Pattern(
            "max pooling of nothing but padding", "%x: f32[1, 21, 1, 1]",
            """
            %v: f32[1, 21, 1, 2], %y: i64[1, 21, 1, 2] = max_pool(%x)
                {kernel: [3, 3], strides: [2, 2], dilations: [1, 1], pads: dims(1; 1; 1; 3)}
            """.replacing("\n    ", with: " ")),
        Pattern(
            "gradient of attention to one key", "%x: f64[21, 1]",
            """
            %q: f64[1, 21, 1, 1] = reshape(%x) {shape: dims(1; 21; 1; 1)}
            %k = constant {value: f64[1, 21, 1, 1] (1.0...)}
            %a: f64[1, 21, 1, 1], %b: f64[1, 21, 1, 1], %y: f64[1, 21, 1, 1] = attention_gradient(%q, %k, %k, _, %k, %k)
            """),
        Pattern(
            "weights dequantized to what is no number", "%x: f32[7, 3]",
            zeros + """
                %t = constant {value: f32[4] (0.0, nan, inf, 3e38)}
                %d: f32[7, 3] = dequantize_linear(%u, %one)
                %e: f32[3, 4] = dequantize_linear(%w, %t) {axis: 1}
                %y: f32[7, 4] = matmul(%d, %e)
                """),
        Pattern(
            "sums of nothing dequantized", "%x: f32[7, 3]",
            zeros + """
                %t: f32[7] = reduce_max(%x) {axes: [1], keepdims: false}
                %n: u8[7, 0] = slice(%u) {starts: dims(0; 0), sizes: dims(7; 0), steps: [1, 1]}
                %v = constant {value: i8[0, 7] ()}
                %d: f32[7, 0] = dequantize_linear(%n, %one)
                %e: f32[0, 7] = dequantize_linear(%v, %t) {axis: 1}
                %y: f32[7, 7] = matmul(%d, %e)
                """),
        Pattern("product times infinity", product + "%i = constant {value: f32[] (inf)}\n%y: f32[21, 4] = mul(%p, %i)"),
    ]

    private static let zeros = """
        %one = constant {value: f32[] (1.0)}
        %w = constant {value: i8[3, 4] (3...)}
        %c: bool[7, 3] = less(%x, %x)
        %u: u8[7, 3] = cast(%c) {to: u8}

        """

    private static let keys = """
        %q = constant {value: f32[1, 1, 7, 2] (0.5...)}
        %k = constant {value: f32[1, 1, 2, 3] (1.0, 2.0, 3.0, -1.0, 0.5, 0.25)}
        %v = constant {value: f32[1, 1, 3, 2] (1.0, 2.0, 3.0, 4.0, 5.0, 6.0)}
        %s = constant {value: f32[] (0.5)}
        %z: f32[1, 1, 7, 2] = add(%o, %q)
        %p: f32[1, 1, 7, 3] = matmul(%z, %k)
        %ps: f32[1, 1, 7, 3] = mul(%p, %s)
        %pm: f32[1, 1, 7, 3] = add(%ps, %x)
        %w: f32[1, 1, 7, 3] = softmax(%pm)
        %y: f32[1, 1, 7, 2] = matmul(%w, %v)
        """

    @Test(arguments: epilogues + elementwise + spelled + wider) func areAsTheOperatorsSay(_ pattern: Pattern) throws {
        let graph = try pattern.graph()
        let type = graph.type(graph.inputs[0].value)
        let x = try Tensor(doubles: Self.values, type: type.element, shape: type.shape.constants ?? [])
        try compare(graph, ["x": x])
    }

    /// Rows of scores with −∞ in some or all places, NaN and ∞ in others.
    @Test func maskedRowsOfAttentionAreAsSoftmaxSays() throws {
        let pattern = Pattern("attention", "%x: f32[7, 3], %o: f32[1, 1, 7, 2]", Self.keys)
        let low = -Double.infinity
        let mask: [Double] = [0, 0, 0, low, low, low, low, 0, low, 0, .nan, 0, .infinity, 0, 0, low, .nan, low, low, low, 1]
        let inputs = [
            "x": try Tensor(doubles: mask, type: .float32, shape: [7, 3]),
            "o": try Tensor(filling: 0, type: .float32, shape: [1, 1, 7, 2]),
        ]
        let graph = try pattern.graph()
        let lowered = try Compiler.graph(graph, at: .lowered, Self.options(.native))
        #expect(lowered.nodes.contains { $0.op is Attention })
        try compare(graph, inputs)
    }

    /// Halves, and what differs from them by the order of a sum alone, go to the even integer.
    @Test(arguments: ["u8", "i8"], [[6, 9], [7, 4], [10, 15]]) func resizedIntegersAreRoundedHoweverTheyAreSummed(
        _ type: String, _ sizes: [Int]
    ) throws {
        let text = "%y: \(type)[\(sizes[0]), \(sizes[1])] = resize(%x) {sizes: dims(\(sizes[0]); \(sizes[1])), mode: \"linear\"}"
        let graph = try Pattern("resize", "%x: \(type)[4, 6]", text).graph()
        for seed in 0..<40 {
            let values = (0..<24).map { Double((seed * 31 + $0 * $0 * 7 + $0) % 9) }
            try compare(graph, ["x": Tensor(doubles: values, type: graph.type(graph.inputs[0].value).element, shape: [4, 6])])
        }
    }

    private static func options(_ target: Target) -> CompileOptions {
        var options = CompileOptions(target: target)
        options.passes.isStrict = true
        return options
    }

    private func compare(_ graph: Graph, _ inputs: [String: Tensor]) throws {
        let want = try #require(try Interpreter.run(graph, inputs)["y"])
        for target in Target.allCases where target.runsHere {
            let image = try Compiler.compile(graph, Self.options(target))
            let got = try #require(try Session(CompiledModel(image), threads: 1).run(inputs)["y"])
            #expect(got.type == want.type && got.shape == want.shape)
            for (index, (a, b)) in zip(try got.doubles(), try want.doubles()).enumerated() {
                let isEqual = a == b || (a.isNaN && b.isNaN) || abs(a - b) <= 2e-5 * max(abs(b), 1)
                #expect(isEqual, "\(target.name), element \(index): \(a) instead of \(b)")
            }
        }
    }
}
