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
    /// Parts of one row each, as PyTorch writes `x.repeat_interleave(n, 0)`.
    @Test func partsOfOneAreKnown() throws {
        let graph = try importONNX(
            text: model(
                "g (float[b, 5] x, int64 i) => (float[p, q] y) { s = Shape<end = 1>(x) o = ConstantOfShape<value = int64[1] {1}>(s) "
                    + "parts = SplitToSequence<axis = 0>(x, o) y = SequenceAt(parts, i) }"))
        #expect(graph.type(graph.outputs[0].value).description == "f32[1, 5]")
        let x = try Tensor.random(seed: 1, shape: [3, 5])
        let y = try Interpreter.run(graph, ["x": x, "i": Tensor(integers: [2], type: .int64, shape: [])])["y"]
        #expect(try y?.doubles() == Array(x.doubles()[10...]))
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
