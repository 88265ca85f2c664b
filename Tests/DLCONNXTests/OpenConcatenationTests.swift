import DLC
import DLCONNX
import Testing

/// Parts of a concatenation whose open extents are spelled in different ways are computed in place.
@Suite struct OpenConcatenationTests {
    @Test(arguments: [[2, 3, 4, 6], [1, 3, 2, 2], [3, 3, 8, 2]]) func aSkipConnectionMeetsWhatIsUpsampled(extents: [Int]) throws {
        let weights = "float[2, 3, 3, 3] v = {\(Self.numbers(54))}, float[2, 3, 2, 2] w = {\(Self.numbers(24))}"
        let nodes = """
            c = Conv <pads = [1, 1, 1, 1]> (x, v)
            p = MaxPool <kernel_shape = [2, 2], strides = [2, 2]> (c)
            u = ConvTranspose <strides = [2, 2]> (p, w)
            y = Concat <axis = 1> (c, u)
            """
        let graph = try importONNX(text: model("g (float[N, 3, H, W] x) => (float[A, B, C, D] y) <\(weights)> { \(nodes) }"))
        let x = try Tensor.random(seed: 3, shape: extents)
        let want = try #require(Interpreter.run(graph, ["x": x])["y"])
        let got = try #require(Session(CompiledModel(Compiler.compile(graph))).run(["x": x])["y"])
        #expect(got.shape == want.shape)
        for (a, b) in zip(try got.doubles(), try want.doubles()) { #expect(abs(a - b) < 1e-4) }
    }

    private static func numbers(_ count: Int) -> String {
        (0..<count).map { "\(Double(($0 * 7) % 11 - 5) / 8)" }.joined(separator: ", ")
    }
}
