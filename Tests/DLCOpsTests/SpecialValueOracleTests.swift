import DLCGraph
import DLCOps
import Testing

/// What the oracle makes of NaN, infinities and zeros, held to what ONNX Runtime computes on x86.
@Suite struct SpecialValueOracleTests {
    private static let x: [Double] = [.nan, .infinity, -.infinity, 0, -0.0, 1, -1, 1e30, -1e30]

    /// The graph's text and ONNX Runtime's results for `x`.
    static let functions: [(String, [Double])] = [
        ("relu(%x)", [.nan, .infinity, 0, 0, 0, 1, 0, 1e30, 0]),
        ("leaky_relu(%x)", [.nan, .infinity, -.infinity, 0, 0, 1, -0.01, 1e30, -1e28]),
        ("elu(%x)", [.nan, .infinity, -1, 0, 0, 1, -0.63212055, 1e30, -1]),
        ("celu(%x)", [.nan, .infinity, -1, 0, 0, 1, -0.63212055, 1e30, -1]),
        ("selu(%x)", [.nan, .infinity, -1.7580993, 0, 0, 1.050701, -1.1113307, 1.050701e30, -1.7580993]),
        ("thresholded_relu(%x)", [0, .infinity, 0, 0, 0, 0, 0, 1e30, 0]),
        ("hard_sigmoid(%x)", [.nan, 1, 0, 0.5, 0.5, 0.7, 0.3, 1, 0]),
        ("hard_swish(%x)", [.nan, .infinity, .nan, 0, 0, 0.6666667, -0.3333333, 1e30, 0]),
        ("sigmoid(%x)", [.nan, 1, 0, 0.5, 0.5, 0.7310586, 0.26894143, 1, 0]),
        ("tanh(%x)", [.nan, 1, -1, 0, 0, 0.7615942, -0.7615942, 1, -1]),
        ("softplus(%x)", [.nan, .infinity, 0, 0.6931472, 0.6931472, 1.3132617, 0.3132617, 1e30, 0]),
        ("softsign(%x)", [.nan, .nan, .nan, 0, 0, 0.5, -0.5, 1, -1]),
        ("mish(%x)", [.nan, .infinity, .nan, 0, 0, 0.8650985, -0.3034014, 1e30, 0]),
        ("gelu(%x)", [.nan, .infinity, .nan, 0, 0, 0.8413447, -0.1586553, 1e30, 0]),
        ("gelu(%x) {approximate: \"tanh\"}", [.nan, .infinity, .nan, 0, 0, 0.841192, -0.158808, 1e30, 0]),
        ("swish(%x)", [.nan, .infinity, .nan, 0, 0, 0.7310586, -0.2689414, 1e30, 0]),
        ("clip(%x) {min: -0.5, max: 2.0}", [.nan, 2, -0.5, 0, 0, 1, -0.5, 2, -0.5]),
        ("erf(%x)", [.nan, 1, -1, 0, 0, 0.8427008, -0.8427008, 1, -1]),
        ("exp(%x)", [.nan, .infinity, 0, 1, 1, 2.7182817, 0.3678794, .infinity, 0]),
        ("log(%x)", [.nan, .infinity, .nan, -.infinity, -.infinity, 0, .nan, 69.07755, .nan]),
        ("sqrt(%x)", [.nan, .infinity, .nan, 0, 0, 1, .nan, 1e15, .nan]),
        ("reciprocal(%x)", [.nan, 0, 0, .infinity, -.infinity, 1, -1, 1e-30, -1e-30]),
    ]

    @Test(arguments: functions) func functionsOfOneElement(_ function: String, _ want: [Double]) throws {
        let graph = try GraphParser.parse(
            "graph g(%x: f32[9]) -> (%y) {\n    %y: f32[9] = \(function)\n}\n", definitions: AllOps.definitions)
        let x = try Tensor(doubles: Self.x, type: .float32, shape: [9])
        try expect(try #require(try Interpreter.run(graph, ["x": x])["y"]), want)
    }

    private func expect(_ got: Tensor, _ want: [Double]) throws {
        for (a, b) in zip(try got.doubles(), want) {
            let isEqual = a == b || (a.isNaN && b.isNaN) || abs(a - b) <= 1e-6 * max(abs(b), 1)
            #expect(isEqual, "\(a) instead of \(b)")
        }
    }

    /// Floats that no integer of the type is.
    static let casts: [(ElementType, [Int64])] = [
        (.int8, [-56, 56, 0, 127, -128, 127, -128, 0, 0, 44, 0, 0, 0, 0, 0]),
        (.uint8, [200, 56, 0, 127, 128, 127, 128, 0, 0, 44, 0, 0, 0, 0, 0]),
        (.int16, [200, -200, 0, 127, -128, 127, -128, 0, 0, 300, 0, 0, 0, 0, 0]),
        (.uint16, [200, 65336, 0, 127, 65408, 127, 65408, 0, 0, 300, 0, 0, 0, 0, 0]),
        (.int32, [200, -200, 0, 127, -128, 127, -128, 0, 0, 300, -1 << 31, -1 << 31, -1 << 31, -1 << 31, -1 << 31]),
        (.int64, [200, -200, 0, 127, -128, 127, -128, 0, 0, 300, 10_000_000_000, -10_000_000_000, .min, .min, .min]),
        (.uint64, [200, -200, 0, 127, -128, 127, -128, 0, 0, 300, 10_000_000_000, -10_000_000_000, .min, 0, .min]),
        (.bool, [1, 1, 0, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1]),
    ]

    @Test(arguments: casts) func castsOfFloatsThatAreTooLarge(_ type: ElementType, _ want: [Int64]) throws {
        let x: [Double] = [200, -200, 0, 127, -128, 127.9, -128.9, 0.9, -0.9, 300, 1e10, -1e10, .nan, .infinity, -.infinity]
        for source in [ElementType.float32, .float64] {
            let y = try Cast(to: type).evaluate([try Tensor(doubles: x, type: source, shape: [x.count])])
            #expect(try y[0].integers() == want)
        }
    }

    /// Comparisons decide, so that NaN is found only where it comes first.
    @Test func extremesAmongNumbersThatAreNone() throws {
        let x = try Tensor([1, .nan, 3, .nan, 1, 2, 3, 1, .nan] as [Float], shape: [3, 3])
        #expect(try ArgReduce(.max, axis: 1, keepDims: false).evaluate([x])[0].integers() == [2, 0, 0])
        #expect(try ArgReduce(.min, axis: 1, keepDims: false).evaluate([x])[0].integers() == [0, 0, 1])
    }

    /// NaN is above all numbers, as it is to NumPy and PyTorch when they sort.
    @Test func noNumberIsTheGreatest() throws {
        let x = try Tensor([1, .nan, 3, .nan, 2] as [Float], shape: [5])
        #expect(try TopK(k: 3).evaluate([x])[1].integers() == [1, 3, 2])
        #expect(try TopK(k: 5, largest: false).evaluate([x])[1].integers() == [0, 4, 2, 1, 3])
        #expect(try Softmax(.hardmax, axis: 0).evaluate([x])[0].doubles() == [0, 1, 0, 0, 0])
    }

    /// ONNX Runtime's Pad takes off before it puts on, and constants may be all that is left.
    @Test func negativePadsComeFirst() throws {
        let cases: [(PadMode, [Float], [Int], [Double])] = [
            (.constant, [1], [3, -2], [0, 0]), (.constant, [1, 2], [-3, 4], [0, 0, 0]), (.constant, [1], [1, -2], []),
            (.edge, [1, 2, 3, 4], [2, -2], [1, 1, 1, 2]), (.edge, [1, 2, 3, 4], [-2, 3], [3, 4, 4, 4, 4]),
            (.wrap, [1, 2, 3], [-1, 2], [2, 3, 2, 3]), (.wrap, [1, 2, 3, 4], [2, -1], [2, 3, 1, 2, 3]),
            (.reflect, [1, 2, 3, 4], [2, -1], [3, 2, 1, 2, 3]), (.reflect, [1, 2, 3], [-1, 1], [2, 3, 2]),
        ]
        for (mode, values, pads, want) in cases {
            let y = try Pad(pads: pads.map { Dim($0) }, mode: mode).evaluate([Tensor(values, shape: [values.count]), nil])[0]
            #expect(try y.doubles() == want, "\(mode) \(values) \(pads)")
        }
    }

    /// NumPy's `mod` and C's `fmod`.
    @Test func remaindersOfInfinities() throws {
        let inf = Double.infinity
        let a = try Tensor(doubles: [5, -5, 5, -5, inf, -inf, 6, -6, 6], type: .float32, shape: [9])
        let b = try Tensor(doubles: [inf, inf, -inf, -inf, 3, 3, 3, 3, -3], type: .float32, shape: [9])
        try expect(Binary(.mod).evaluate([a, b])[0], [5, inf, -inf, -5, .nan, .nan, 0, 0, 0])
        try expect(Binary(.mod, fmod: true).evaluate([a, b])[0], [5, -5, 5, -5, .nan, .nan, 0, 0, 0])
    }

    /// With a beta of 0, C is not read: it may hold NaN.
    @Test func gemmDoesNotReadWhatItDoesNotAdd() throws {
        var op = Gemm()
        op.beta = 0
        let one = try Tensor([2] as [Float], shape: [1, 1])
        #expect(try op.evaluate([one, one, try Tensor([.nan] as [Float], shape: [1, 1])])[0].doubles() == [4])
    }

    /// Far from 0 a box of extent 1 has none in f32, in which published implementations compute: it overlaps nothing.
    @Test func smallBoxesFarAwayOverlapNothing() throws {
        let op = NonMaxSuppression(limit: 2, overlap: 0.2, centred: true)
        for (place, want) in [(1e8, [0, 1]), (10, [0, -1])] as [(Double, [Double])] {
            let boxes = try Tensor(doubles: [place, 0, 1, 1, place, 0, 1, 1], type: .float32, shape: [1, 2, 4])
            let kept = try op.evaluate([boxes, Tensor([0.5, 0.25] as [Float], shape: [1, 1, 2])])[0]
            #expect(try kept.doubles() == want, "\(place)")
        }
    }

    /// Of an empty sequence nothing is read, and a length below 1 turns nothing round.
    @Test func reversedSequencesOfNothing() throws {
        let (empty, lengths) = (try Tensor([Float](), shape: [1, 0]), try Tensor([3] as [Int64], shape: [1]))
        #expect(try ReverseSequence(batchAxis: 0, timeAxis: 1).evaluate([empty, lengths])[0].shape == [1, 0])
        let x = try Tensor([1, 2] as [Float], shape: [1, 2])
        let turned = try ReverseSequence(batchAxis: 0, timeAxis: 1).evaluate([x, Tensor([-1] as [Int64], shape: [1])])
        #expect(try turned[0].doubles() == [1, 2])
        #expect(throws: DLCError.self) { try ReverseSequence(batchAxis: 0, timeAxis: 1).evaluate([x, lengths]) }
    }

    /// NaN is above all numbers and equal to itself, zeros of either sign are one; columns are compared from their first element on.
    @Test func distinctElementsAreFoundInOrder() throws {
        let x = try Tensor([.nan, 0.0, 2, -0.0, .nan, -.infinity, 2] as [Float], shape: [7])
        let sorted = try Unique().evaluate([x]), asTheyCome = try Unique(isSorted: false).evaluate([x])
        #expect(try sorted[1...].map { try $0.integers() } == [[5, 1, 2, 0], [3, 1, 2, 1, 3, 0, 2], [1, 2, 2, 2]])
        #expect(try asTheyCome[1...].map { try $0.integers() } == [[0, 1, 2, 5], [0, 1, 2, 1, 0, 3, 2], [2, 2, 2, 1]])
        try expect(sorted[0], [-.infinity, 0, 2, .nan])
        let columns = try Unique(axis: 1).evaluate([Tensor([2, 1, 2, 1, 5, 4, 5, 3] as [Int64], shape: [2, 4])])
        #expect(try columns.map { try $0.integers() } == [[1, 1, 2, 3, 4, 5], [3, 1, 0], [2, 1, 2, 0], [1, 1, 2]])
        let empty = try Unique(axis: 0).evaluate([Tensor([Int64](), shape: [3, 0])])
        #expect(try empty[0].shape == [1, 0] && empty[2].integers() == [0, 0, 0] && empty[3].integers() == [3])
    }

    @Test func manyDistinctElementsTakeNoLonger() throws {
        let results = try Unique().evaluate([Tensor((0..<200_000).map { Int64($0 * 7919 % 200_003) }, shape: [200_000])])
        #expect(results[0].count == 200_000 && results[3].count == 200_000)
    }
}
