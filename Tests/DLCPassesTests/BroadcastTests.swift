import DLC
import Testing

/// Broadcasting over extents that turn out to be 1, 0 or equal: strides are settled when shapes bind.
@Suite struct BroadcastTests {
    struct Case: CustomTestStringConvertible, Sendable {
        let name: String
        let text: String
        /// Sets of shapes of `x` and `z`.
        let shapes: [([Int], [Int])]
        var testDescription: String { name }
    }

    static let vectors: [([Int], [Int])] = [([3], [3]), ([1], [3]), ([3], [1]), ([1], [1]), ([0], [1]), ([1], [0]), ([0], [0])]
    static let matrices = vectors.map { ([2] + $0.0, [2] + $0.1) } + [([1, 3], [2, 1]), ([2, 1], [1, 3]), ([0, 1], [1, 4])]

    static let cases: [Case] = [
        Case(name: "add", text: binary("add"), shapes: vectors),
        Case(name: "less", text: binary("less", "bool"), shapes: vectors),
        Case(
            name: "add a constant",
            text: """
                graph g(%x: f32[N], %z: f32[M]) -> (%y, %u) {
                    %c = constant {value: f32[5] (100, 101, 102, 103, 104)}
                    %y: f32[5] = add(%x, %c)
                    %u: f32[M] = relu(%z)
                }
                """,
            shapes: [([1], [2]), ([5], [1])]),
        Case(
            name: "a chain that becomes one region",
            text: """
                graph g(%x: f32[A, N], %z: f32[B, M]) -> (%y) {
                    %s: f32[broadcast(A, B), broadcast(M, N)] = add(%x, %z)
                    %t: f32[broadcast(A, B), broadcast(M, N)] = mul(%s, %x)
                    %y: f32[broadcast(A, B), broadcast(M, N)] = sub(%t, %z)
                }
                """,
            shapes: matrices),
        Case(
            name: "where",
            text: """
                graph g(%x: f32[A, N], %z: f32[B, M]) -> (%y) {
                    %c: bool[A, N] = less(%x, %0)
                    %y: f32[broadcast(A, B), broadcast(M, N)] = where(%c, %x, %z)
                }
                """.replacing("{\n", with: "{\n%0 = constant {value: f32[] (0)}\n", maxReplacements: 1),
            shapes: matrices),
        Case(
            name: "broadcast, then reduced",
            text: """
                graph g(%x: f32[A, N], %z: f32[B, M]) -> (%y) {
                    %s: f32[broadcast(A, B), broadcast(M, N)] = mul(%x, %z)
                    %y: f32[broadcast(A, B), 1] = reduce_sum(%s) {axes: [1], keepdims: true}
                }
                """,
            shapes: matrices),
        Case(
            name: "batches of a product",
            text: """
                graph g(%x: f32[A, N, 3], %z: f32[B, 3, M]) -> (%y) {
                    %y: f32[broadcast(A, B), N, M] = matmul(%x, %z)
                }
                """,
            shapes: [
                ([2, 4, 3], [2, 3, 5]), ([1, 4, 3], [2, 3, 5]), ([2, 4, 3], [1, 3, 5]), ([2, 1, 3], [2, 3, 1]), ([0, 4, 3], [1, 3, 5]),
            ]),
        Case(
            name: "expand to another input's shape",
            text: """
                graph g(%x: f32[N, 1], %z: f32[B, M]) -> (%y) {
                    %e: f32[B, M] = expand(%x) {shape: dims(B; M)}
                    %y: f32[B, M] = sub(%e, %z)
                }
                """,
            shapes: [([2, 1], [2, 3]), ([1, 1], [2, 3]), ([1, 1], [1, 1]), ([1, 1], [0, 3])]),
        Case(
            name: "expand, transposed and reshaped",
            text: """
                graph g(%x: f32[N, K], %z: f32[B, M]) -> (%y) {
                    %e: f32[B, M] = expand(%x) {shape: dims(B; M)}
                    %t: f32[M, B] = transpose(%e) {perm: [1, 0]}
                    %y: f32[M*B] = reshape(%t) {shape: dims(M*B)}
                }
                """.replacing("M*B", with: "B*M"),
            shapes: [([2, 3], [2, 3]), ([1, 3], [2, 3]), ([2, 1], [2, 3]), ([1, 1], [2, 3]), ([1, 1], [1, 1])]),
        Case(
            name: "concatenation of what was broadcast",
            text: """
                graph g(%x: f32[A, N], %z: f32[A, M]) -> (%y) {
                    %s: f32[A, broadcast(M, N)] = add(%x, %z)
                    %y: f32[A, broadcast(M, N) + N] = concat(%s, %x) {axis: 1}
                }
                """,
            shapes: [([2, 3], [2, 3]), ([2, 1], [2, 3]), ([2, 3], [2, 1]), ([1, 1], [1, 1])]),
        Case(
            name: "scale of a normalisation",
            text: """
                graph g(%x: f32[A, N], %z: f32[M]) -> (%y) {
                    %y: f32[A, N], %m: f32[A, 1], %i: f32[A, 1] = layer_norm(%x, %z)
                }
                """,
            shapes: [([2, 3], [3]), ([2, 3], [1]), ([2, 1], [1])]),
        Case(
            name: "scale of a normalisation, a row for each or one for all",
            text: """
                graph g(%x: f32[A, N], %z: f32[B, M]) -> (%y, %r) {
                    %y: f32[A, N], %m: f32[A, 1], %i: f32[A, 1] = layer_norm(%x, %z, %z)
                    %r: f32[A, N] = rms_norm(%x, %z)
                }
                """,
            shapes: [([2, 3], [2, 3]), ([2, 3], [1, 3]), ([2, 3], [2, 1]), ([2, 3], [1, 1]), ([2, 1], [1, 1]), ([0, 3], [1, 3])]),
        Case(
            name: "slope of a leaky unit",
            text: """
                graph g(%x: f32[A, N], %z: f32[B, M]) -> (%y) {
                    %y: f32[A, N] = prelu(%x, %z)
                }
                """,
            shapes: [([2, 3], [2, 3]), ([2, 3], [1, 3]), ([2, 3], [2, 1]), ([2, 3], [1, 1]), ([0, 3], [1, 3])]),
        Case(
            name: "gemm with a row or a column added",
            text: """
                graph g(%x: f32[A, 3], %z: f32[B, M]) -> (%y) {
                    %w = constant {value: f32[3, 4] (1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12)}
                    %y: f32[A, 4] = gemm(%x, %w, %z)
                }
                """,
            shapes: [([2, 3], [2, 4]), ([2, 3], [1, 4]), ([2, 3], [2, 1]), ([2, 3], [1, 1]), ([1, 3], [1, 4])]),
        Case(
            name: "mask of an attention",
            text: """
                graph g(%x: f32[A, 2, N, 4], %z: f32[B, H, Q, K]) -> (%y) {
                    %y: f32[A, 2, N, 4] = attention(%x, %x, %x, %z) {scale: 0.5}
                }
                """,
            shapes: [
                ([2, 2, 3, 4], [2, 2, 3, 3]), ([2, 2, 3, 4], [1, 1, 3, 3]), ([2, 2, 3, 4], [2, 1, 1, 3]), ([2, 2, 3, 4], [1, 2, 3, 1]),
                ([1, 2, 1, 4], [1, 1, 1, 1]),
            ]),
    ]

    @Test func anEmptyTensorIsReshapedHoweverItLies() throws {
        let graph = try GraphParser.parse(
            """
            graph g(%x: f32[0, 2]) -> (%y) {
                %t: f32[2, 0] = transpose(%x) {perm: [1, 0]}
                %r: f32[0, 5] = reshape(%t) {shape: dims(0; 5)}
                %y: f32[0, 5] = relu(%r)
            }
            """, definitions: AllOps.definitions)
        let session = try Session(CompiledModel(Compiler.compile(graph)), threads: 1)
        #expect(try session.run(["x": Tensor(type: .float32, shape: [0, 2]) { _ in }])["y"]?.shape == [0, 5])
    }

    private static func binary(_ op: String, _ type: String = "f32") -> String {
        """
        graph g(%x: f32[N], %z: f32[M]) -> (%y) {
            %y: \(type)[broadcast(M, N)] = \(op)(%x, %z)
        }
        """
    }

    @Test(arguments: cases) func isRightForEveryShape(_ item: Case) throws {
        let graph = try GraphParser.parse(item.text, definitions: AllOps.definitions)
        let session = try Session(CompiledModel(Compiler.compile(graph)), threads: 2)
        for (x, z) in item.shapes {
            let inputs = ["x": try Tensor.random(seed: 1, shape: x), "z": try Tensor.random(seed: 2, shape: z)]
            let expected = try Interpreter.run(graph, inputs)
            let computed = try session.run(inputs)
            for (name, want) in expected {
                let got = try #require(computed[name])
                #expect(got.shape == want.shape, "\(x) \(z)")
                for (a, b) in zip(try got.doubles(), try want.doubles()) where abs(a - b) > 1e-4 * max(1, abs(b)) {
                    Issue.record("\(x) \(z): \(a) instead of \(b)")
                    break
                }
            }
        }
    }
}
