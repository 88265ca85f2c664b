import DLCGraph
import DLCONNX
import Testing

/// `Squeeze` without axes drops extents of 1, and some are 1 only in some calls.
@Suite struct OpenSqueezeTests {
    private func shape(_ graph: Graph, _ inputs: [String: [Int]]) throws -> [Int]? {
        try Interpreter.run(graph, inputs.mapValues { try Tensor.random(seed: 1, shape: $0) })["y"]?.shape
    }

    @Test func anOpenExtentIsKeptAndMayNotBe1() throws {
        let graph = try importONNX(text: model("g (float[n, 1, 4] x) => (float[a, b] y) { y = Squeeze(x) }"))
        #expect(graph.type(graph.outputs[0].value).description == "f32[n, 4]")
        #expect(try shape(graph, ["x": [3, 1, 4]]) == [3, 4])
        #expect(throws: DLCError.self) { try shape(graph, ["x": [1, 1, 4]]) }
        var settings = InputSettings()
        settings.dims = ["n": 1]
        let one = try importONNX(text: model("g (float[n, 1, 4] x) => (float[a, b] y) { y = Squeeze(x) }"), settings)
        #expect(try shape(one, ["x": [1, 1, 4]]) == [4])
    }

    @Test func whatIsRequiredBeforeDecides() throws {
        // A state of one row, as recurrent networks are exported with, makes the batch 1.
        let graph = try importONNX(
            text: model("g (float[n, 4] x, float[1, 4] h) => (float[a] y) { c = Concat<axis = 1>(x, h) y = Squeeze(c) }"))
        #expect(try shape(graph, ["x": [1, 4], "h": [1, 4]]) == [8])
    }

    @Test func theDeclaredRankDecides() throws {
        let graph = try importONNX(text: model("g (float[n, 1] x) => (float y) { s = Squeeze(x) y = Sigmoid(s) }"))
        #expect(try shape(graph, ["x": [1, 1]]) == [])
        #expect(throws: DLCError.self) { try shape(graph, ["x": [2, 1]]) }
        // One that no choice gives is a remark.
        let other = try importONNX(text: model("g (float[n, 1] x) => (float[a, b, c] y) { y = Squeeze(x) }"))
        #expect(try shape(other, ["x": [2, 1]]) == [2])
    }

    @Test func readersDecide() throws {
        let graph = try importONNX(
            text: model("g (float[n, 4, 4] x, float[2, 4] z) => (float[a, b] y) { s = Squeeze(x) y = Concat<axis = 0>(s, z) }"))
        #expect(try shape(graph, ["x": [1, 4, 4], "z": [2, 4]]) == [6, 4])
    }
}

/// Extents that exporters write as sums and fills of open length.
@Suite struct OpenPartsTests {
    /// `x.repeat_interleave(n, 0)` as PyTorch writes it: parts of one row, each as often as data say.
    @Test func partsOfOneAreKnown() throws {
        let graph = try importONNX(
            text: model(
                "g (float[b, 5] x, int64[b] n) => (float[m, 5] y) "
                    + "<int64[1] five = {5}, int64[1] one = {1}, bool true = {1}, int64 zero = {0}> "
                    + "{ l = Shape(n) c = Size(n) o = ConstantOfShape<value = int64[1] {1}>(l) "
                    + "xs = SplitToSequence<axis = 0>(x, o) ns = SplitToSequence<axis = 0>(n, o) e = SequenceEmpty<dtype = 1>() "
                    + "r = Loop(c, true, e) <body = body (int64 i, bool k, seq(float[p, q]) s) => (bool k2, seq(float[p, q]) s2) "
                    + "{ row = SequenceAt(xs, i) m1 = SequenceAt(ns, i) shape = Concat<axis = 0>(m1, five) "
                    + "z = Expand(row, shape) s2 = SequenceInsert(s, z) k2 = Identity(k) }> "
                    + "y = ConcatFromSequence<axis = 0>(r) }"))
        let x = try Tensor([0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 2, 2, 2, 2, 2] as [Float], shape: [3, 5])
        let n = try Tensor(integers: [2, 0, 1], type: .int64, shape: [3])
        let y = try Interpreter.run(graph, ["x": x, "n": n])["y"]
        #expect(try y?.doubles() == [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 2, 2, 2, 2])
    }

    /// Windows added into an image of open extents; NumPy's sums by hand.
    @Test(arguments: [1, 2]) func windowsAddIntoOpenImages(stride: Int) throws {
        let text = "g (float[1, 4, L] x, float[h, w] like) => (float[a, b, c, d] y) <int64[2] k = {2, 2}> "
            + "{ s = Shape(like) y = Col2Im<pads = [0, 1, 0, 0], strides = [\(stride), \(stride)]>(x, s, k) }"
        let graph = try importONNX(text: model(text, opset: 18))
        let (h, w) = (4, 5)
        let (rows, columns) = ((h - 2) / stride + 1, (w + 1 - 2) / stride + 1)
        let x = try Tensor.random(seed: 3, shape: [1, 4, rows * columns])
        let values = try x.doubles()
        var expected = [Double](repeating: 0, count: h * w)
        for tap in 0..<4 {
            for place in 0..<rows * columns {
                let (row, column) = (place / columns * stride + tap / 2, place % columns * stride + tap % 2 - 1)
                if row < h, column >= 0, column < w { expected[row * w + column] += values[tap * rows * columns + place] }
            }
        }
        let y = try Interpreter.run(graph, ["x": x, "like": Tensor.random(seed: 4, shape: [h, w])])["y"]
        #expect(y?.shape == [1, 1, h, w])
        for (a, b) in zip(try y?.doubles() ?? [], expected) { #expect(abs(a - b) < 1e-5) }
    }
}
