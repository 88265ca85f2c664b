import DLC
import DLCOps
import Testing

/// Products and convolutions that multiply numbers rounded to bfloat16.
@Suite struct PairArithmeticTests {
    private static func compiled(_ graph: Graph, _ target: Target = .native) throws -> CompiledModel {
        var options = CompileOptions(target: target)
        (options.arithmetic, options.processor, options.passes.isStrict) = (.bfloat16, .typical, true)
        return try CompiledModel(Compiler.compile(graph, options))
    }

    /// Two products, the second over the first's transposed matrix, whose rows are of an open extent or not.
    private static func products(_ rows: Dim, _ weights: Tensor) throws -> Graph {
        var builder = GraphBuilder(name: "products")
        let x = try builder.input("x", TensorType(.float32, [rows, 97]))
        let w = builder.constant(weights)
        var gemm = Gemm()
        let y = try builder.add1(gemm, [x, w, builder.constant(Tensor([Float](repeating: 3, count: 130), shape: [130]))], name: "up")
        gemm.transB = true
        try builder.output("y", builder.add1(gemm, [builder.add1(Unary(.relu), [y]), w], name: "down"))
        return builder.graph
    }

    /// A pointwise convolution and a grouped one with padding and a stride, of an odd number of channels a group.
    private static func convolutions(_ extent: Dim, _ seed: UInt64?) throws -> Graph {
        func weights(_ shape: [Int]) throws -> Tensor { try seed.map { try .random(seed: $0, shape: shape) } ?? integers(shape) }
        var builder = GraphBuilder(name: "convolutions")
        let x = try builder.input("x", TensorType(.float32, [1, 64, extent, extent]))
        let point = Conv(strides: [1, 1], pads: [0, 0, 0, 0])
        let a = try builder.add1(point, [x, builder.constant(weights([66, 64, 1, 1]))], name: "point")
        let grouped = Conv(strides: [2, 2], pads: [1, 1, 1, 1], group: 2)
        try builder.output("y", builder.add1(grouped, [a, builder.constant(weights([40, 33, 3, 3]))], name: "grouped"))
        return builder.graph
    }

    /// −1, 0 and 1, whose sums of a few dozen bfloat16 holds.
    private static func integers(_ shape: [Int]) throws -> Tensor {
        let random = try Tensor.random(seed: UInt64(7 + shape[0]), shape: shape).doubles()
        return try Tensor(doubles: random.map { $0.rounded() }, type: .float32, shape: shape)
    }

    private static func answers(_ graph: Graph, _ x: Tensor, _ target: Target) throws -> (got: [Double], want: [Double]) {
        let session = try Session(compiled(graph, target), threads: 2)
        return (
            try #require(session.run(["x": x])["y"]).doubles(), try #require(Interpreter.run(graph, ["x": x])["y"]).doubles()
        )
    }

    @Test(arguments: [Dim(7), Dim(symbol: "N")]) func whatNeedsNoRoundingIsExact(_ extent: Dim) throws {
        for target in Target.allCases.filter(\.runsHere) {
            for rows in extent.constant.map({ [$0] }) ?? [0, 1, 5, 40] {
                // Sums of 97 small integers are at most 8 bits long where few of them count.
                let sparse = try Self.integers([97, 130]).doubles().enumerated().map { $0.offset % 9 == 0 ? $0.element : 0 }
                let graph = try Self.products(extent, Tensor(doubles: sparse, type: .float32, shape: [97, 130]))
                let (got, want) = try Self.answers(graph, Self.integers([rows, 97]), target)
                #expect(got == want, "\(target.name), \(rows) rows")
            }
            for size in extent.constant.map({ [$0] }) ?? [1, 8] {
                let graph = try Self.convolutions(extent, nil)
                let (got, want) = try Self.answers(graph, Self.integers([1, 64, size, size]), target)
                #expect(got == want, "\(target.name), \(size) × \(size)")
            }
        }
    }

    @Test func otherFactorsAreRounded() throws {
        let x = try Tensor.random(seed: 5, shape: [9, 97])
        for extent in [Dim(9), Dim(symbol: "N")] {
            let graph = try Self.products(extent, .random(seed: 1, shape: [97, 130]))
            let (got, want) = try Self.answers(graph, x, .native)
            let (noise, signal) = (zip(got, want).map { ($0 - $1) * ($0 - $1) }.reduce(0, +), want.map { $0 * $0 }.reduce(0, +))
            #expect(noise < 1e-4 * signal)
            #expect(noise > 1e-9 * signal || Target.native != .x86_64_v4)
        }
    }

    /// Chosen where the processor has the instruction, and only where asked for.
    @Test func plansSayWhereTheyRound() throws {
        let graph = try Self.products(Dim(64), .random(seed: 1, shape: [97, 130]))
        #expect(try Self.compiled(graph, .x86_64_v4).plan.steps.contains { $0.kernel.label == "product bf16 pairs" })
        #expect(try Self.compiled(graph, .x86_64_v3).plan.steps.allSatisfy { $0.kernel.label != "product bf16 pairs" })
        let plain = try Compiler.compile(graph, CompileOptions(target: .x86_64_v4)).plan
        #expect(plain.steps.allSatisfy { $0.kernel.label != "product bf16 pairs" })
        let networks = try Self.convolutions(Dim(28), 3)
        #expect(try Self.compiled(networks, .x86_64_v4).plan.steps.contains { $0.kernel.label == "conv bf16" })
    }

    @Test func numbersThatAreNoneStaySo() throws {
        var numbers = try Tensor.random(seed: 5, shape: [3, 97]).array(of: Float.self)
        (numbers[4], numbers[97 + 90]) = (.nan, .infinity)
        let graph = try Self.products(Dim(3), .random(seed: 1, shape: [97, 130]))
        let session = try Session(Self.compiled(graph), threads: 1)
        let got = try #require(session.run(["x": Tensor(numbers, shape: [3, 97])])["y"]).doubles()
        #expect(got[..<97].allSatisfy { $0.isNaN })
        #expect(got[97..<194].allSatisfy { !$0.isFinite })
        #expect(got[194...].allSatisfy { $0.isFinite })
    }
}
