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
}
