import DLC
import DLCOps
import DLCPasses
import Testing

/// Products and convolutions of numbers that are sums of two in bfloat16, as they are chosen for processors with AMX. Those without
/// compute the same more slowly.
@Suite struct SplitProductTests {
    private static func compiled(
        _ graph: Graph, _ arithmetic: Arithmetic = .bfloat16Twice, assumesAMX: Bool = true
    ) throws -> CompiledModel {
        var options = CompileOptions()
        (options.assumesAMX, options.arithmetic, options.passes.isStrict) = (assumesAMX, arithmetic, true)
        return try CompiledModel(Compiler.compile(graph, options))
    }

    /// A product whose rows are of an extent that is open or not.
    private static func product(_ rows: Dim, inputs: Int = 768, outputs: Int = 130) throws -> Graph {
        var builder = GraphBuilder(name: "product")
        let x = try builder.input("x", TensorType(.float32, [rows, Dim(inputs)]))
        let w = try builder.constant(.random(seed: 1, shape: [inputs, outputs]))
        try builder.output("y", builder.add1(Gemm(), [x, w], name: "product"))
        return builder.graph
    }

    /// A strided convolution of two groups with padding.
    private static func convolution(_ size: Int) throws -> Graph {
        var builder = GraphBuilder(name: "convolution")
        let x = try builder.input("x", TensorType(.float32, [1, 150, Dim(size), Dim(size)]))
        let conv = Conv(strides: [2, 2], pads: [1, 1, 1, 1], group: 2)
        try builder.output("y", builder.add1(conv, [x, builder.constant(.random(seed: 2, shape: [140, 75, 3, 3]))], name: "conv"))
        return builder.graph
    }

    private static func labels(_ model: CompiledModel) -> [String] { model.plan.steps.map(\.kernel.label) }

    @Test func errorsAreThoseOfSeventeenBits() throws {
        for rows in [Dim(197), Dim(symbol: "N")] {
            let graph = try Self.product(rows), model = try Self.compiled(graph)
            #expect(Self.labels(model).contains("product split pairs"))
            let session = try Session(model, threads: 2)
            for count in rows.constant.map({ [$0] }) ?? [0, 1, 17, 200] {
                let x = try Tensor.random(seed: 5, shape: [count, 768])
                let got = try #require(session.run(["x": x])["y"]).doubles()
                let want = try #require(Interpreter.run(graph, ["x": x])["y"]).doubles()
                let largest = want.map(abs).max() ?? 0, worst = zip(got, want).map { abs($0 - $1) }.max() ?? 0
                #expect(worst <= 2e-5 * largest, "\(count) rows: \(worst) of \(largest)")
            }
        }
        let graph = try Self.convolution(28), model = try Self.compiled(graph), x = try Tensor.random(seed: 6, shape: [1, 150, 28, 28])
        #expect(Self.labels(model).contains("conv split"))
        let got = try #require(Session(model, threads: 2).run(["x": x])["y"]).doubles()
        let want = try #require(Interpreter.run(graph, ["x": x])["y"]).doubles()
        let largest = want.map(abs).max() ?? 0
        #expect(zip(got, want).allSatisfy { abs($0 - $1) <= 2e-5 * largest })
    }

    /// Nor where the processor has no AMX.
    @Test func nothingIsSplitUnasked() throws {
        let graph = try Self.product(Dim(197))
        #expect(try !Self.labels(Self.compiled(graph, .float32)).contains("product split pairs"))
        #expect(try !Self.labels(Self.compiled(graph, .bfloat16)).contains("product split pairs"))
        #expect(try !Self.labels(Self.compiled(graph, assumesAMX: false)).contains("product split pairs"))
    }

    /// An infinity stays one, with its sign, where both parts of a number would give it both.
    @Test func numbersThatAreNotFiniteStaySo() throws {
        var numbers = try Tensor.random(seed: 5, shape: [64, 768]).array(of: Float.self)
        (numbers[4], numbers[768 + 90], numbers[2 * 768 + 767]) = (.nan, .infinity, -.infinity)
        numbers[3 * 768] = 0x1.fffffep126
        let x = try Tensor(numbers, shape: [64, 768]), graph = try Self.product(Dim(64))
        let got = try #require(Session(Self.compiled(graph), threads: 1).run(["x": x])["y"]).doubles()
        let want = try #require(Interpreter.run(graph, ["x": x])["y"]).doubles()
        for (index, (got, want)) in zip(got, want).enumerated() {
            let isRight = want.isNaN ? got.isNaN : want.isInfinite ? got == want : abs(got - want) <= 2e-5 * max(100, abs(want))
            #expect(isRight, "row \(index / 130): \(got) for \(want)")
        }
    }
}
