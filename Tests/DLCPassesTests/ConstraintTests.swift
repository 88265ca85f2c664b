import DLC
import Testing

/// What operators need of extents: refuted when a graph is built, kept through every pass, checked when shapes bind.
@Suite struct GraphConstraintTests {
    static func parse(_ text: String) throws -> Graph { try GraphParser.parse(text, definitions: AllOps.definitions) }

    static func input(_ shape: [Int], _ type: ElementType = .float32) throws -> Tensor {
        try Tensor.random(seed: UInt64(shape.reduce(7, +)), type: type, shape: shape)
    }

    /// A model with shapes that it must take, and what it must say to others.
    struct Case: CustomTestStringConvertible, Sendable {
        let name: String
        let text: String
        var right: [[String: [Int]]] = []
        var wrong: [(shapes: [String: [Int]], message: String)] = []
        var testDescription: String { name }
    }

    static let cases: [Case] = [
        Case(
            name: "rows of a concatenation with a constant",
            text: """
                graph g(%x: f32[N, 4]) -> (%y) {
                    %c = constant {value: f32[5, 2] (1...)}
                    %y: f32[5, 6] = concat(%x, %c) {axis: 1} "rows"
                }
                """,
            right: [["x": [5, 4]]],
            wrong: [(["x": [3, 4]], "concat rows: 3 (dimension 0 of input x) must equal 5"), (["x": [1, 4]], "must equal 5")]),
        Case(
            name: "rows of a concatenation of inputs",
            text: """
                graph g(%x: f32[N, 4], %z: f32[M, 2]) -> (%y) {
                    %y: f32[N, 6] = concat(%x, %z) {axis: 1} "rows"
                }
                """,
            right: [["x": [5, 4], "z": [5, 2]], ["x": [1, 4], "z": [1, 2]], ["x": [0, 4], "z": [0, 2]]],
            wrong: [(["x": [3, 4], "z": [5, 2]], "concat rows: 5 (dimension 0 of input z) must equal 3 (dimension 0 of input x)")]),
        Case(
            name: "a concatenation whose length another input has",
            text: """
                graph g(%x: f32[N, 4], %z: f32[M, 4], %m: f32[K, 4]) -> (%y) {
                    %c: f32[N + M, 4] = concat(%x, %z)
                    %y: f32[N + M, 8] = concat(%c, %m) {axis: 1} "wide"
                }
                """,
            right: [["x": [2, 4], "z": [3, 4], "m": [5, 4]], ["x": [0, 4], "z": [1, 4], "m": [1, 4]]],
            wrong: [(["x": [2, 4], "z": [3, 4], "m": [4, 4]], "concat wide: 4 (dimension 0 of input m) must equal 5")]),
        Case(
            name: "channels that weights decide",
            text: """
                graph g(%x: f32[n, c, h, w]) -> (%y) {
                    %k = constant {value: f32[8, 3, 3, 3] (0.5...)}
                    %y: f32[n, 8, h - 2, w - 2] = conv(%x, %k) {strides: [1, 1], dilations: [1, 1], pads: [0, 0, 0, 0]} "stem"
                }
                """,
            right: [["x": [1, 3, 5, 6]], ["x": [2, 3, 3, 3]]],
            wrong: [
                (["x": [1, 4, 5, 6]], "conv stem: 4 (dimension 1 of input x) must equal 3"),
                (["x": [1, 1, 5, 6]], "conv stem: 1 (dimension 1 of input x) must equal 3"),
                (["x": [1, 3, 2, 6]], "conv stem: 2 (dimension 2 of input x) must be at least 3"),
            ]),
        Case(
            name: "columns and rows of a product",
            text: """
                graph g(%x: f32[N, K], %z: f32[L, M]) -> (%y) {
                    %y: f32[N, M] = matmul(%x, %z) "p"
                }
                """,
            right: [["x": [2, 3], "z": [3, 4]], ["x": [1, 1], "z": [1, 1]], ["x": [2, 0], "z": [0, 4]]],
            wrong: [(["x": [2, 3], "z": [4, 4]], "matmul p: 4 (dimension 0 of input z) must equal 3 (dimension 1 of input x)")]),
        Case(
            name: "an input twice as long as another extent of it",
            text: """
                graph g(%x: f32[N, 2*N]) -> (%y) {
                    %y: f32[N, 2*N] = relu(%x)
                }
                """,
            right: [["x": [3, 6]], ["x": [0, 0]]],
            wrong: [(["x": [3, 1]], "1 (dimension 1 of input x) must equal 6 (2*N; N is 3, dimension 0 of input x)")]),
        Case(
            name: "an extent that only a sum names",
            text: """
                graph g(%x: f32[past + T], %z: f32[past]) -> (%y) {
                    %s: f32[past] = slice(%x) {starts: dims(T), sizes: dims(past), steps: [1]}
                    %y: f32[past] = add(%s, %z)
                }
                """,
            right: [["x": [5], "z": [3]], ["x": [3], "z": [3]]],
            wrong: [(["x": [2], "z": [3]], "2 (dimension 0 of input x) is not")]),
        Case(
            name: "a reshape to a matrix of known columns",
            text: """
                graph g(%x: f32[N, K]) -> (%y) {
                    %r: f32[floor(K*N, 12), 12] = reshape(%x) {shape: dims(floor(K*N, 12); 12)}
                    %y: f32[floor(K*N, 12), 12] = relu(%r)
                }
                """,
            right: [["x": [4, 6]], ["x": [12, 1]], ["x": [0, 5]]],
            wrong: [(["x": [5, 5]], "25 (K*N")]),
        Case(
            name: "an index into an open dimension",
            text: """
                graph g(%x: f32[N, 3]) -> (%y) {
                    %i = constant {value: i64[2] (0, -4)}
                    %y: f32[2, 3] = gather(%x, %i) "pick"
                }
                """,
            right: [["x": [4, 3]], ["x": [9, 3]]],
            wrong: [(["x": [3, 3]], "gather pick: 3 (dimension 0 of input x) must be at least 4")]),
    ]

    @Test(arguments: cases) func shapesAreCheckedBeforeAnythingRuns(_ item: Case) throws {
        let graph = try Self.parse(item.text)
        let session = try Session(CompiledModel(Compiler.compile(graph)), threads: 1)
        for shapes in item.right {
            let inputs = try shapes.mapValues { try Self.input($0) }
            let expected = try Interpreter.run(graph, inputs)
            let computed = try session.run(inputs)
            for (name, tensor) in expected { try expectClose(#require(computed[name]), tensor) }
        }
        for (shapes, message) in item.wrong {
            let inputs = try shapes.mapValues { try Self.input($0) }
            let compiled = #expect(throws: DLCError.self) { try session.run(inputs) }
            #expect(compiled?.description.contains(message) == true, "\(compiled?.description ?? "")")
            #expect(throws: DLCError.self) { try Interpreter.run(graph, inputs) }
        }
    }

    @Test(arguments: cases) func constraintsSurviveTextAndPasses(_ item: Case) throws {
        let graph = try Self.parse(item.text)
        for stage in [Stage.imported, .canonical, .laidOut, .lowered] {
            let later = try Compiler.graph(graph, at: stage)
            #expect(later.constraints.count + later.settled.count >= graph.constraints.count)
            let text = later.text()
            #expect(try Self.parse(text).text() == text)
        }
    }

    @Test func contradictionsAreErrorsWhenTheGraphIsBuilt() throws {
        let error = #expect(throws: DLCError.self) {
            try Self.parse(
                """
                graph g(%x: f32[N, 4]) -> (%y) {
                    %c = constant {value: f32[4, 5] (1...)}
                    %d: f32[2*N, 4] = concat(%x, %x)
                    %e: f32[2*N + 1, 4] = pad(%d) {pads: dims(0; 0; 1; 0)}
                    %y: f32[2*N, 8] = concat(%d, %e) {axis: 1} "both"
                }
                """)
        }
        let text = error?.description ?? ""
        #expect(text.contains("concat both") && text.contains("2*N (N is dimension 0 of input x) must equal 2*N + 1"), "\(text)")
    }

    @Test func extentsThatEqualitiesDetermineBecomeNumbersAndOneSymbol() throws {
        let graph = try Self.parse(Self.cases[3].text).unified()
        #expect(graph.type(graph.inputs[0].value).description == "f32[n, 3, h, w]")
        #expect(graph.settled.map(\.symbol) == ["c"] && graph.settled[0].value == 3)
        let rows = try Self.parse(Self.cases[1].text).unified()
        #expect(rows.type(rows.inputs[1].value).description == "f32[N, 2]")
        #expect(rows.constraints.isEmpty)
        let sum = try Self.parse(Self.cases[2].text).unified()
        #expect(sum.type(sum.inputs[2].value).shape == sum.type(sum.outputs[0].value).shape.prefix(1) + [4])
    }

    private func expectClose(_ got: Tensor, _ want: Tensor) throws {
        #expect(got.shape == want.shape)
        for (a, b) in zip(try got.doubles(), try want.doubles()) where abs(a - b) > 1e-4 * max(1, abs(b)) {
            Issue.record("\(a) instead of \(b)")
            return
        }
    }
}

extension Graph {
    fileprivate func unified() throws -> Graph { try [unifyExtents].run(self) }
}

/// Symbols that constraints say more about than an equality with another.
@Suite struct SettledSymbolTests {
    private func unified(_ text: String) throws -> Graph { try [unifyExtents].run(GraphConstraintTests.parse(text)) }

    /// What an image that is halved and doubled must be, at one, two and three levels.
    @Test(arguments: [1, 2, 3]) func anImageThatIsHalvedAndDoubledIsAMultiple(levels: Int) throws {
        var lines: [String] = []
        var value = "%x"
        var down = Dim(symbol: "H")
        for level in 0..<levels {
            let half = try down.quotient(2)
            let results = "%p\(level): f32[1, 1, \(half)], %i\(level): i64[1, 1, \(half)]"
            lines.append("\(results) = max_pool(\(value)) {kernel: [2], strides: [2], dilations: [1], pads: dims(0; 0)}")
            (value, down) = ("%p\(level)", half)
        }
        let full = try down.times(Dim(1 << levels))
        lines.append("%t: f32[1, 1, \(full)] = tile(\(value)) {repeats: dims(1; 1; \(1 << levels))}")
        lines.append("%y: f32[1, 2, H] = concat(%x, %t) {axis: 1} \"skip\"")
        let text = "graph g(%x: f32[1, 1, H]) -> (%y) {\n\(lines.joined(separator: "\n"))\n}"
        let graph = try unified(text)
        #expect(graph.type(graph.inputs[0].value).shape[2].description.hasPrefix("\(1 << levels)*"), "\(graph.text())")
        let session = try Session(CompiledModel(Compiler.compile(graph)), threads: 1)
        let right = try Tensor.random(seed: 1, shape: [1, 1, 3 << levels])
        #expect(try session.run(["x": right])["y"]?.shape == [1, 2, 3 << levels])
        let error = #expect(throws: DLCError.self) { try session.run(["x": Tensor.random(seed: 1, shape: [1, 1, (3 << levels) + 1])]) }
        #expect(
            error?.description.hasPrefix("concat skip: \((3 << levels) + 1) (dimension 2 of input x) is not") == true,
            "\(error?.description ?? "")")
    }

    @Test func aTableOfPositionsBoundsTheLength() throws {
        let graph = try unified(
            """
            graph g(%x: f32[S, 4]) -> (%y) {
                %t = constant {value: f32[64, 4] (1...)}
                %p: f32[min(64, S), 4] = slice(%t) {starts: [0, 0], sizes: dims(min(64, S); 4), steps: [1, 1]}
                %y: f32[broadcast(S, min(64, S)), 4] = add(%x, %p) "positions"
            }
            """)
        #expect(graph.type(graph.outputs[0].value).description == "f32[S, 4]")
        let session = try Session(CompiledModel(Compiler.compile(graph)), threads: 1)
        for length in [0, 1, 63, 64] {
            #expect(try session.run(["x": Tensor.random(seed: 1, shape: [length, 4])])["y"]?.shape == [length, 4])
        }
        let error = #expect(throws: DLCError.self) { try session.run(["x": Tensor.random(seed: 1, shape: [65, 4])]) }
        #expect(error?.description.contains("64 must be at least 65 (dimension 0 of input x)") == true, "\(error?.description ?? "")")
    }

    /// A branch that needs another extent than the rest is an error where it is taken, not before.
    @Test func aBranchMayNeedWhatDoesNotHold() throws {
        let graph = try unified(
            """
            graph g(%x: f32[2, N], %c: bool[]) -> (%y, %z) {
                %w = constant {value: f32[3, 2] (1...)}
                %y: f32[2, 2] = matmul(%x, %w)
                %z: f32[2, 2] = if(%c, %x, %x) {then: graph then(%x: f32[2, N]) -> (y = %1) {
                %w = constant {value: f32[4, 2] (1...)}
                %1: f32[2, 2] = matmul(%x, %w)
            }, else: graph otherwise(%x: f32[2, N]) -> (y = %1) {
                %w = constant {value: f32[3, 2] (1...)}
                %1: f32[2, 2] = matmul(%x, %w)
            }}
            }
            """)
        let session = try Session(CompiledModel(Compiler.compile(graph)), threads: 1), x = try Tensor.random(seed: 1, shape: [2, 3])
        let result = try session.run(["x": x, "c": Tensor([false], shape: [])])
        #expect(result["z"] == result["y"] && result["z"]?.shape == [2, 2])
        let error = #expect(throws: DLCError.self) { try session.run(["x": x, "c": Tensor([true], shape: [])]) }
        #expect(error?.description.contains("4") == true, "\(error?.description ?? "")")
    }
}
