import DLC
import Testing

/// Depthwise convolutions and the 1×1 convolutions around them as one step.
@Suite struct SeparableTests {
    /// A block as MobileNet v2 has: [1, 16, side, side], 96 channels between, and back to 16 with the input added.
    private static func block(side: Int, stride: Int = 1, readsBetween: Bool = false, squeezes: Bool = false) throws -> Graph {
        var builder = GraphBuilder(name: "block")
        var seed: UInt64 = 0
        func weights(_ shape: [Int]) throws -> Tensor {
            seed += 1
            return try Tensor.random(seed: seed, shape: shape)
        }
        func relu6(_ x: Value) throws -> Value { try builder.add1(Clip(min: 0, max: 6), [x]) }
        let x = try builder.input("x", TensorType(.float32, [1, 16, Dim(side), Dim(side)]))
        let t = try relu6(builder.add1(Conv(strides: [1, 1], pads: [0, 0, 0, 0]), [x, builder.constant(weights([96, 16, 1, 1]))]))
        let depthwise = Conv(strides: [stride, stride], pads: [1, 1, 1, 1], group: 96)
        var u = try relu6(builder.add1(depthwise, [t, builder.constant(weights([96, 1, 3, 3]))]))
        if readsBetween { try builder.output("t", t) }
        if squeezes { u = try builder.add1(Binary(.mul), [u, builder.add1(Reduce(.mean, axes: [2, 3], keepDims: true), [u])]) }
        let y = try builder.add1(Conv(strides: [1, 1], pads: [0, 0, 0, 0]), [u, builder.constant(weights([16, 96, 1, 1]))])
        try builder.output("y", stride == 1 ? builder.add1(Binary(.add), [y, x]) : y)
        return builder.graph
    }

    private func kernels(_ graph: Graph) throws -> [String] {
        try CompiledModel(Compiler.compile(graph)).plan.steps.map(\.kernelName).filter { $0 != "copy" }
    }

    @Test func largeBlocksAreOneStep() throws {
        #expect(try kernels(Self.block(side: 64)) == ["separable"])
        #expect(try kernels(Self.block(side: 64, stride: 2)) == ["separable"])
    }

    @Test func smallBlocksStayInCacheByThemselves() throws {
        #expect(try kernels(Self.block(side: 28)) == ["conv", "conv", "conv"])
    }

    @Test func whatOthersReadIsComputed() throws {
        #expect(try kernels(Self.block(side: 64, readsBetween: true)) == ["conv", "separable"])
        #expect(try kernels(Self.block(side: 64, stride: 2, squeezes: true)).first == "separable")
    }

    @Test(arguments: [1, 2], [false, true]) func computesWhatTheOracleDoes(_ stride: Int, _ squeezes: Bool) throws {
        let graph = try Self.block(side: 60, stride: stride, squeezes: squeezes)
        let x = try Tensor.random(seed: 99, shape: [1, 16, 60, 60])
        let want = try #require(try Interpreter.run(graph, ["x": x])["y"]).doubles()
        let largest = want.map(abs).max() ?? 0
        for target in Target.allCases.filter(\.runsHere) {
            let model = try CompiledModel(Compiler.compile(graph, CompileOptions(target: target)))
            let one = try #require(try Session(model, threads: 1).run(["x": x])["y"])
            #expect(try Session(model, threads: 2).run(["x": x])["y"] == one)
            #expect(try zip(one.doubles(), want).allSatisfy { abs($0 - $1) <= 2e-5 * largest })
        }
    }
}
