import DLC
import Foundation
import Testing

/// Kinds of graphs in which engines go wrong about shapes, several relatives of each: compiled, they are what the operators' definitions
/// say. Channels that weights decide, extents that inputs share and broadcasts are in `GraphConstraintTests` and `BroadcastTests`.
@Suite struct ShapeFaultTests {
    struct Case: CustomTestStringConvertible, Sendable {
        let kind: String
        let text: String
        /// Sets of shapes, of the inputs in order.
        var shapes: [[[Int]]]
        var testDescription: String { kind + text.split(separator: "\n").dropFirst().dropLast().suffix(2).joined(separator: ";") }
    }

    private static func graph(_ inputs: String, _ body: [String]) -> String {
        "graph g(\(inputs)) -> (%y) {\n" + body.map { "    \($0)\n" }.joined() + "}\n"
    }

    /// A factor of C is none where there is no C, and none of what is added later.
    private static let factors: [Case] = [
        ("gemm(%x, %w) {beta: 0.5}", "add(%g, %row)"), ("gemm(%x, %w) {alpha: 0.5, beta: 0}", "add(%g, %row)"),
        ("gemm(%x, %w, %row) {beta: 0.5}", "add(%g, %row)"), ("gemm(%x, %w) {beta: 0.5}", "mul(%g, %row)"),
        ("gemm(%x, %w, %one) {alpha: 2, beta: 0.25}", "sub(%row, %g)"), ("gemm(%x, %v, %row) {beta: -1, transB: true}", "add(%g, %g)"),
    ].map { product, sum in
        let constants = [
            "%w = constant {value: f32[3, 2] (1, 2, 3, 4, 5, 6)}", "%v = constant {value: f32[2, 3] (1, 2, 3, 4, 5, 6)}",
            "%row = constant {value: f32[2] (10, 20)}", "%one = constant {value: f32[1, 1] (100)}",
        ]
        let text = graph("%x: f32[N, 3]", constants + ["%g: f32[N, 2] = \(product)", "%y: f32[N, 2] = \(sum)"])
        return Case(kind: "factor of C", text: text, shapes: [[[1, 3]], [[4, 3]], [[0, 3]]])
    }

    /// What is scaled by a constant of more dimensions gets its dimensions.
    private static let ranks: [Case] = [
        ("%n: f32[A, B, 4], %m: f32[A, B, 1], %i: f32[A, B, 1] = layer_norm(%x, %s)", "mul"),
        ("%n: f32[A, B, 4], %m: f32[A, B, 1], %i: f32[A, B, 1] = layer_norm(%x, %s, %s)", "add"),
        ("%n: f32[A, B, 4] = rms_norm(%x, %s)", "mul"), ("%n: f32[A, B, 4] = softmax(%x)", "mul"), ("%n: f32[A, B, 4] = relu(%x)", "mul"),
        ("%n: f32[A, B, 4] = matmul(%x, %w)", "add"), ("%n: f32[A, B, 4] = matmul(%x, %w)", "mul"),
    ].map { node, op in
        let constants = [
            "%s = constant {value: f32[4] (1, 2, 3, 4)}", "%w = constant {value: f32[4, 4] (0.5...)}",
            "%high = constant {value: f32[1, 1, 1, 4] (1, -1, 2, 3)}",
        ]
        let text = graph("%x: f32[A, B, 4]", constants + [node, "%y: f32[1, A, B, 4] = \(op)(%n, %high)"])
        return Case(kind: "more dimensions", text: text, shapes: [[[2, 3, 4]], [[1, 1, 4]], [[2, 0, 4]]])
    }

    /// Integers are scaled as integers, in no kernel's epilogue.
    private static let integers: [Case] = ["i32", "i64", "i8", "u8", "i16"].flatMap { type in
        [("mul", "%p", "%three"), ("div", "%p", "%three"), ("mul", "%row", "%p"), ("add", "%p", "%row")].map { op, a, b in
            let body = [
                "%w = constant {value: \(type)[3, 2] (1, 2, 3, 4, 5, 6)}", "%three = constant {value: \(type)[] (3)}",
                "%row = constant {value: \(type)[2] (3, 5)}", "%p: \(type)[N, 2] = matmul(%x, %w)", "%y: \(type)[N, 2] = \(op)(\(a), \(b))",
            ]
            return Case(kind: "integer product", text: graph("%x: \(type)[N, 3]", body), shapes: [[[1, 3]], [[4, 3]], [[0, 3]]])
        }
    }

    /// Nothing is reshaped to nothing, however it lies and whatever divides what.
    private static let empty: [Case] = [
        "%t: f32[0, N] = transpose(%x) {perm: [1, 0]}", "%t: f32[0, N] = reshape(%x) {shape: dims(0; N)}",
        "%t: f32[N, 0] = slice(%x) {starts: dims(0; 0), sizes: dims(N; 0), steps: [1, -1]}",
        "%t: f32[2*N, 0] = concat(%x, %x)", "%t: f32[N, 0] = pad(%x) {pads: dims(0; 0; 0; 0)}", "%t: f32[N, 0] = relu(%x)",
        "%t: f32[3, N, 0] = expand(%x) {shape: dims(3; N; 0)}",
    ].map { node in
        let body = [node, "%r: f32[0, 5] = reshape(%t) {shape: dims(0; 5)}", "%y: f32[0, 5] = neg(%r)"]
        return Case(kind: "empty", text: graph("%x: f32[N, 0]", body), shapes: [[[2, 0]], [[0, 0]], [[1, 0]]])
    }

    /// A mask whose batch, heads or rows another symbol names is added to scores, with a scale of any rank.
    private static let masks: [Case] = [
        ("f32[M, 1, 1, K]", "mul(%p, %half)", [2, 1, 1, 6]), ("f32[M, 1, 1, K]", "mul(%p, %half)", [1, 1, 1, 6]),
        ("f32[M, H, Q, K]", "div(%p, %half)", [1, 3, 1, 6]), ("f32[M, H, 5, K]", "mul(%p, %halves)", [2, 1, 5, 1]),
        ("f32[Q, K]", "mul(%p, %half)", [5, 6]), ("f32[K]", "div(%p, %halves)", [6]), ("f32[M, 3, 1, 1]", "mul(%p, %half)", [2, 3, 1, 1]),
    ].map { type, scaled, mask in
        let body = [
            "%half = constant {value: f32[] (0.5)}", "%halves = constant {value: f32[1, 1, 1, 1] (0.5)}",
            "%qh: f32[B, 3, 5, 4] = transpose(%q) {perm: [0, 2, 1, 3]}", "%kt: f32[B, 3, 4, 6] = transpose(%k) {perm: [0, 2, 3, 1]}",
            "%vh: f32[B, 3, 6, 4] = transpose(%k) {perm: [0, 2, 1, 3]}", "%p: f32[B, 3, 5, 6] = matmul(%qh, %kt)",
            "%s = \(scaled)", "%a = add(%s, %mask)", "%w = softmax(%a)", "%h = matmul(%w, %vh)", "%y = transpose(%h) {perm: [0, 2, 1, 3]}",
        ]
        let text = graph("%q: f32[B, 5, 3, 4], %k: f32[B, 6, 3, 4], %mask: \(type)", body)
        return Case(kind: "mask", text: text, shapes: [[[2, 5, 3, 4], [2, 6, 3, 4], mask]])
    }

    /// What data count is one extent wherever it stands, however often it is counted.
    private static let counted: [Case] = [
        ["%a = non_zero(%x)", "%b = non_zero(%x)", "%y = add(%a, %b)"],
        ["%c = greater(%x, %x)", "%a = non_zero(%c)", "%y = neg(%a)"],
        ["%a = non_zero(%x)", "%r = abs(%x)", "%b = non_zero(%r)", "%y = concat(%a, %b) {axis: 1}"],
        ["%a = non_zero(%x)", "%t = transpose(%a) {perm: [1, 0]}", "%b = non_zero(%x)", "%y = matmul(%b, %t)"],
        ["%c = equal(%x, %x)", "%a = compress(%x, %c) {axis: 0}", "%b = compress(%x, %c) {axis: 0}", "%y = add(%a, %b)"],
        ["%a, %i, %j, %n = unique(%x)", "%b, %k, %l, %m = unique(%x)", "%y = add(%a, %b)"],
    ].map { Case(kind: "counted", text: graph("%x: f32[N]", $0), shapes: [[[5]], [[1]], [[0]]]) }

    /// Pads that are no zeros beside an image's rows and columns are none of a convolution's, nor of a pool's.
    private static let pads: [Case] = [
        ("%p = pad(%x) {pads: dims(0; 0; 1; 2; 0; 0; 0; 1)}", 2), ("%p = pad(%x) {pads: dims(0; 1; 0; 0; 0; 0; 1; 1)}", 3),
        ("%p = pad(%x) {pads: dims(1; 0; 0; 0; 0; 0; 1; 1)}", 2), ("%p = pad(%x, %one) {pads: dims(0; 0; 1; 1; 0; 0; 1; 1)}", 2),
        ("%p = pad(%x) {pads: dims(0; 0; 1; 1; 0; 0; 1; 1), mode: \"edge\"}", 2),
        ("%p = pad(%x) {pads: dims(0; 0; 1; 1; 0; 0; 1; 1), mode: \"reflect\"}", 2),
        ("%p = pad(%x) {pads: dims(0; 0; -1; 0; 0; 0; 0; -1)}", 2), ("%p = pad(%x) {pads: dims(0; 0; 3; 3; 0; 0; -3; -3)}", 2),
    ].flatMap { pad, channels in
        [
            "%y = conv(%p, %w) {strides: [1, 1], dilations: [1, 1], pads: dims(0; 0; 0; 0)}",
            "%y, %i = max_pool(%p) {kernel: [2, 2], strides: [1, 1], dilations: [1, 1], pads: dims(0; 0; 0; 0)}",
        ].map { layer in
            let body = [
                "%w = constant {value: f32[1, \(channels), 3, 3] (1...)}", "%one = constant {value: f32[] (1)}", pad, layer,
            ]
            return Case(kind: "pads", text: graph("%x: f32[N, 2, 5, 6]", body), shapes: [[[2, 2, 5, 6]], [[1, 2, 5, 6]]])
        }
    }

    /// More dimensions than usual, in an order in which none can be merged.
    private static let deep: [Case] = {
        let order = (0..<9).map { $0 * 2 % 9 }
        return [
            "%y = exp(%t)", "%y = reduce_sum(%t) {axes: [0, 2, 4, 6, 8]}", "%y = reduce_max(%t) {axes: [1, 3, 5, 7], keepdims: false}",
            "%y = reduce_mean(%x) {axes: [0, 2, 4, 6, 8]}", "%y = reduce_sum(%x) {axes: [1, 4, 7], keepdims: false}",
            "%y = tile(%t) {repeats: dims(\(order.map { $0 % 2 == 0 ? "1" : "2" }.joined(separator: "; ")))}",
            "%y = pad(%t) {pads: dims(\((0..<18).map { "\($0 % 2)" }.joined(separator: "; ")))}",
            "%y = slice(%t) {starts: dims(0; 0; 1; 0; 0; 0; 0; 0; 0), sizes: dims(N; 1; 1; 1; 2; 2; 1; 2; 1), "
                + "steps: \(order.map { _ in 1 })}",
            "%y = softmax(%t) {axis: 4}", "%y = cum_sum(%t) {axis: 5}", "%y = concat(%t, %t) {axis: 3}", "%y = gather(%t, %i) {axis: 2}",
            "%y, %m, %v = layer_norm(%t, %one) {axis: 3}", "%y = arg_max(%t) {axis: 4}",
        ].map { node in
            let body = [
                "%i = constant {value: i64[2] (1, 0)}", "%one = constant {value: f32[1] (2)}", "%t = transpose(%x) {perm: \(order)}", node,
            ]
            let text = graph("%x: f32[N, 2, 2, 2, 2, 2, 2, 2, 2]", body)
            return Case(kind: "deep", text: text, shapes: [2, 1, 3].map { [[$0, 2, 2, 2, 2, 2, 2, 2, 2]] })
        }
    }()

    static let cases: [Case] = deep + factors + ranks + integers + empty + masks + counted + pads

    @Test(arguments: cases) func isWhatItsDefinitionSays(_ item: Case) throws {
        let graph = try GraphParser.parse(item.text, definitions: AllOps.definitions)
        let session = try Session(CompiledModel(Compiler.compile(graph)), threads: 1)
        for shapes in item.shapes {
            var inputs: [String: Tensor] = [:]
            for (index, (input, shape)) in zip(graph.inputs, shapes).enumerated() {
                inputs[input.name] = try Tensor.random(seed: UInt64(index + 1), type: graph.type(input.value).element, shape: shape)
            }
            let expected = try Interpreter.run(graph, inputs)
            let computed = try session.run(inputs)
            for (name, want) in expected {
                let got = try #require(computed[name])
                #expect(got.shape == want.shape && got.type == want.type)
                for (a, b) in zip(try got.doubles(), try want.doubles()) where abs(a - b) > 1e-5 * max(1, abs(b)) {
                    Issue.record("\(shapes): \(a) instead of \(b)")
                    break
                }
            }
        }
    }

    /// Constants that movement makes large stay small in a plan.
    @Test(arguments: [
        "expand(%c) {shape: dims(4096; 4096)}", "tile(%c) {repeats: dims(4096; 4096)}", "resize(%c) {sizes: dims(4096; 4096)}",
        "pad(%c) {pads: dims(0; 0; 4095; 4095), mode: \"edge\"}", "pad(%c) {pads: dims(0; 0; 4095; 4095)}",
        "fill() {shape: dims(4096; 4096), value: f32[] (2)}",
    ]) func constantsStaySmall(_ node: String) throws {
        let body = ["%c = constant {value: f32[1, 1] (2)}", "%e: f32[4096, 4096] = \(node)", "%y: f32[4096, 4096] = add(%x, %e)"]
        let text = Self.graph("%x: f32[1, 4096]", body)
        #expect(try Compiler.compile(GraphParser.parse(text, definitions: AllOps.definitions)).constantBytes < 64 << 10)
    }

    /// Extents that nothing can hold are errors, also where one of them is 0.
    @Test(arguments: [
        "reduce_sum(%x) {axes: [1], keepdims: false}", "reduce_max(%x) {axes: [1]}", "matmul(%x, %w)",
        "concat(%x, %one) {axis: 1}", "pad(%x) {pads: dims(0; 0; 0; 1)}", "arg_max(%s) {axis: 1}",
    ]) func extentsBeyondAllMemoryAreErrors(_ node: String) throws {
        let text = Self.graph(
            "%x: f32[N, 0]",
            [
                "%w = constant {value: f32[0, 4] ()}", "%c = constant {value: f32[1, 1] (1)}",
                "%one: f32[N, 1] = expand(%c) {shape: dims(N; 1)}", "%s: f32[N, 1] = concat(%x, %one) {axis: 1}",
                "%v = \(node)", "%y = neg(%v)",
            ])
        let graph = try GraphParser.parse(text, definitions: AllOps.definitions)
        let session = try Session(CompiledModel(Compiler.compile(graph)), threads: 1)
        for rows in [1 << 60, 1 << 62, Int.max] {
            #expect(throws: DLCError.self) { try session.run(["x": Tensor(type: .float32, shape: [rows, 0]) { _ in }]) }
        }
    }

    /// An index outside of its dimension is an error, of slices without elements as of others.
    @Test(arguments: [
        "gather(%x, %i)", "gather_nd(%x, %j)", "scatter_nd(%x, %j, %u)", "gather_gradient(%i, %u) {shape: dims(N; M)}",
    ]) func indicesOfSlicesWithoutElementsAreChecked(_ node: String) throws {
        let text = Self.graph(
            "%x: f32[N, M], %i: i64[K], %u: f32[K, M]", ["%j: i64[K, 1] = reshape(%i) {shape: dims(K; 1)}", "%v = \(node)", "%y = neg(%v)"])
        let graph = try GraphParser.parse(text, definitions: AllOps.definitions)
        let session = try Session(CompiledModel(Compiler.compile(graph)), threads: 1)
        for (rows, columns) in [(0, 3), (3, 0), (3, 2), (0, 0)] {
            for index in [-4, -3, 0, 2, 3] as [Int64] {
                let inputs = [
                    "x": try Tensor.random(seed: 1, shape: [rows, columns]), "i": try Tensor([index], shape: [1]),
                    "u": try Tensor.random(seed: 2, shape: [1, columns]),
                ]
                if (-Int64(rows)..<Int64(rows)).contains(index) {
                    #expect(try session.run(inputs)["y"]?.shape == Interpreter.run(graph, inputs)["y"]?.shape)
                } else {
                    #expect(throws: DLCError.self) { try session.run(inputs) }
                    #expect(throws: DLCError.self) { try Interpreter.run(graph, inputs) }
                }
            }
        }
    }

    /// Slices without elements may be as many as a model claims.
    @Test(.timeLimit(.minutes(1))) func slicesWithoutElementsTakeNoTime() throws {
        let many = 1 << 40
        let (x, dy) = (try Tensor([] as [Float], shape: [many, 2, 0]), try Tensor([] as [Float], shape: [many, 1, 0]))
        let (one, outside) = (try Tensor([1] as [Int64], shape: [1]), try Tensor([2] as [Int64], shape: [1]))
        #expect(try Gather(axis: 1).evaluate([x, one]).map(\.shape) == [[many, 1, 0]])
        #expect(throws: DLCError.self) { try Gather(axis: 1).evaluate([x, outside]) }
        let gradient = GatherGradient(axis: 1, shape: [Dim(many), 2, 0])
        #expect(try gradient.evaluate([one, dy]).map(\.shape) == [[many, 2, 0]])
        #expect(throws: DLCError.self) { try gradient.evaluate([outside, dy]) }
    }
}
