import DLC
import Testing

/// Extents that data decide, at the ends of numbers' range; NumPy's results for the same slices.
@Suite struct DataExtentTests {
    @Test func slicesOfTwoAxesToTheEnd() throws {
        let text = "g (float[N, 3] x, int64[2] a, int64[2] b) => (float[K, L] y) { s = Slice(x, a, b) y = Neg(s) }"
        let session = try Session(CompiledModel(Compiler.compile(importONNX(text: model(text)))), threads: 1)
        let x = try Tensor((0..<12).map { Float($0) }, shape: [4, 3])
        func sliced(_ a: [Int64], _ b: [Int64]) throws -> Tensor? {
            try session.run(["x": x, "a": Tensor(a, shape: [2]), "b": Tensor(b, shape: [2])])["y"]
        }
        #expect(try sliced([2, 1], [.max, .max]) == Tensor([-7, -8, -10, -11] as [Float], shape: [2, 2]))
        #expect(try sliced([-1, .min], [.max, -1]) == Tensor([-9, -10] as [Float], shape: [1, 2]))
        #expect(try sliced([.max, 0], [.max, .max]) == Tensor([Float](), shape: [0, 3]))
    }

    /// Lists whose length the graph does not say: it is that of the axes, or of one, and of the operand's dimensions for pads and repeats.
    @Test func listsOfOpenLength() throws {
        func run(_ text: String, _ lists: [String: [Int64]]) throws -> Tensor? {
            let session = try Session(CompiledModel(Compiler.compile(importONNX(text: model(text)))), threads: 1)
            var inputs = try lists.mapValues { try Tensor($0, shape: [$0.count]) }
            inputs["x"] = try Tensor((0..<6).map { Float($0) }, shape: [3, 2])
            return try session.run(inputs)["y"]
        }
        let head = "g (float[N, 2] x, int64[p] a, int64[q] b) => (float[K, L] y)"
        let one = head + " { y = Slice(x, a, b) }"
        #expect(try run(one, ["a": [1], "b": [3]]) == Tensor([2, 3, 4, 5] as [Float], shape: [2, 2]))
        #expect(throws: DLCError.self) { try run(one, ["a": [1, 0], "b": [3, 1]]) }
        let both = head + " <int64[2] axes = {1, 0}> { y = Slice(x, a, b, axes) }"
        #expect(try run(both, ["a": [1, 1], "b": [2, 3]]) == Tensor([3, 5] as [Float], shape: [2, 1]))
        #expect(throws: DLCError.self) { try run(both, ["a": [1], "b": [2]]) }
        let known = "g (float[N, 2] x, int64[p] a, int64[2] b) => (float[K, L] y) { y = Slice(x, a, b) }"
        #expect(try run(known, ["a": [2, 0], "b": [3, 1]]) == Tensor([4] as [Float], shape: [1, 1]))
        let pads = "g (float[N, 2] x, int64[p] a) => (float[K, L] y) { y = Pad(x, a) }"
        #expect(try run(pads, ["a": [0, 0, -2, 1]]) == Tensor([0, 1, 0] as [Float], shape: [1, 3]))
        let tiles = "g (float[N, 2] x, int64[p] a) => (float[K, L] y) { y = Tile(x, a) }"
        #expect(try run(tiles, ["a": [1, 2]])?.shape == [3, 4])
    }

    /// Of three boxes the second covers three quarters of the first, the third nothing of either.
    @Test func thresholdsOfSuppressionAreData() throws {
        let text = "g (float[1, 3, 4] boxes, float[1, 1, 3] scores, float[1] overlap, float least) => (int64[n, 3] rows) "
            + "<int64[1] most = {9}> { rows = NonMaxSuppression(boxes, scores, most, overlap, least) }"
        let session = try Session(CompiledModel(Compiler.compile(importONNX(text: model(text)))), threads: 1)
        let boxes = try Tensor([0, 0, 4, 4, 0, 0, 3, 4, 5, 5, 6, 6] as [Float], shape: [1, 3, 4])
        let scores = try Tensor([0.5, 0.9, 0.7] as [Float], shape: [1, 1, 3])
        func kept(_ overlap: Float, _ least: Float) throws -> [Int64]? {
            let inputs = try ["boxes": boxes, "scores": scores, "overlap": Tensor([overlap], shape: [1]), "least": Tensor([least], shape: [])]
            return try session.run(inputs)["rows"]?.array(of: Int64.self)
        }
        #expect(try kept(0.5, 0) == [0, 0, 1, 0, 0, 2])
        #expect(try kept(0.8, 0) == [0, 0, 1, 0, 0, 2, 0, 0, 0])
        #expect(try kept(0.8, 0.6) == [0, 0, 1, 0, 0, 2])
        #expect(try kept(0.8, .infinity) == [])
        for outside in [-0.1, 1.5, Float.nan] {
            let error = #expect(throws: DLCError.self) { try kept(outside, 0) }
            #expect(error?.message.contains("the overlap of boxes lies outside of 0 to 1") == true)
        }
    }

    /// A condition and a count must be one, whatever their tensors' lengths.
    @Test func conditionsOfOpenLength() throws {
        let text = "g (float[N] x, int64[p] n, bool[q] c) => (float[M] y) { "
            + "l = Loop(n, c, x) <body = b (int64 i, bool go, float[K] v) => (bool go_on, float[K] w) "
            + "{ go_on = Identity(go) w = Add(v, v) }> y = If(c) <then_branch = t () => (float[A] r) { r = Neg(l) }, "
            + "else_branch = e () => (float[B] s) { s = Concat<axis = 0>(l, l) }> }"
        let session = try Session(CompiledModel(Compiler.compile(importONNX(text: model(text)))), threads: 1)
        func run(_ count: [Int64], _ condition: [Bool]) throws -> Tensor? {
            let inputs = try ["n": Tensor(count, shape: [count.count]), "c": Tensor(condition, shape: [condition.count])]
            return try session.run(inputs.merging(["x": Tensor([1, 2] as [Float], shape: [2])]) { $1 })["y"]
        }
        #expect(try run([3], [true]) == Tensor([-8, -16] as [Float], shape: [2]))
        #expect(try run([3], [false]) == Tensor([1, 2, 1, 2] as [Float], shape: [4]))
        #expect(throws: DLCError.self) { try run([3, 3], [true]) }
        #expect(throws: DLCError.self) { try run([3], [true, false]) }
    }
}
