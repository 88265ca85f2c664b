import DLC
import DLCOps
import Testing

/// Quantized layers compute on integers, and their weights stay one byte each in the plan.
@Suite struct IntegerLayersTests {
    private static func scalar(_ x: Float) throws -> Tensor { try Tensor([x], shape: []) }

    /// quantize(relu(conv(dequantize(x), dequantize(w), bias))), 12 → 24 channels, with scales of channels.
    private static func block(kernel: Int, groups: Int = 1) throws -> Graph {
        var builder = GraphBuilder(name: "block")
        let x = try builder.input("x", TensorType(.uint8, [1, 12, 9, 8]))
        let scale = try builder.constant(scalar(0.02)), zero = try builder.constant(Tensor([117] as [UInt8], shape: []))
        let scales = try Tensor((0..<24).map { 0.001 * Float($0 + 1) }, shape: [24])
        let w = try builder.constant(Tensor.random(seed: 1, type: .int8, shape: [24, 12 / groups, kernel, kernel]))
        let real = try builder.add1(DequantizeLinear(), [x, scale, zero])
        let weights = try builder.add1(
            DequantizeLinear(axis: 0), [w, builder.constant(scales), builder.constant(Tensor(filling: 0, type: .int8, shape: [24]))])
        let pad = Dim(kernel / 2)
        let conv = try builder.add1(
            Conv(strides: [1, 1], pads: [pad, pad, pad, pad], group: groups),
            [real, weights, builder.constant(Tensor.random(seed: 2, shape: [24]))])
        let y = try builder.add1(
            QuantizeLinear(to: .uint8), [builder.add1(Clip(min: 0, max: 6), [conv]), builder.constant(scalar(0.03)), zero])
        try builder.output("y", y)
        return builder.graph
    }

    private static func session(_ graph: Graph, _ target: Target, exact: Bool = false) throws -> (
        kernels: Set<String>, bytes: Int, session: Session
    ) {
        var options = CompileOptions(target: target)
        (options.exact, options.passes.isStrict) = (exact, true)
        let model = try CompiledModel(Compiler.compile(graph, options))
        return (Set(model.plan.steps.map(\.kernelName)), model.plan.constants.reduce(0) { $0 + $1.bytes }, try Session(model, threads: 2))
    }

    @Test(arguments: [(1, 1), (3, 1), (3, 12), (3, 4)]) func quantizedConvolutionsComputeOnIntegers(_ kernel: Int, _ groups: Int) throws {
        let graph = try Self.block(kernel: kernel, groups: groups)
        let x = try Tensor.random(seed: 3, type: .uint8, shape: [1, 12, 9, 8])
        let want = try #require(Interpreter.run(graph, ["x": x])["y"]).integers()
        for target in Target.allCases.filter(\.runsHere) {
            let (kernels, _, session) = try Self.session(graph, target)
            #expect(kernels.subtracting(["copy"]) == ["integer_conv"])
            let got = try #require(session.run(["x": x])["y"]).integers()
            #expect(zip(got, want).allSatisfy { abs($0 - $1) <= 1 })
            #expect(Set(want).count > 10)
        }
        #expect(try Self.session(graph, .native, exact: true).kernels.contains("conv"))
    }

    @Test(arguments: [false, true]) func quantizedProductsComputeOnIntegers(_ isTransposed: Bool) throws {
        var builder = GraphBuilder(name: "product")
        let x = try builder.input("x", TensorType(.int8, [5, 33]))
        let (s, z) = (try builder.constant(Self.scalar(0.02)), try builder.constant(Tensor([-7] as [Int8], shape: [])))
        let w = try builder.constant(Tensor.random(seed: 1, type: .uint8, shape: isTransposed ? [20, 33] : [33, 20]))
        let scales = try builder.constant(Tensor((0..<20).map { 0.01 * Float($0 + 1) }, shape: [20]))
        let zeros = try builder.constant(Tensor((0..<20).map { UInt8(110 + $0) }, shape: [20]))
        var op = Gemm()
        (op.transB, op.beta) = (isTransposed, 0.5)
        let weights = try builder.add1(DequantizeLinear(axis: isTransposed ? 0 : 1), [w, scales, zeros])
        try builder.output(
            "y",
            builder.add1(
                op, [builder.add1(DequantizeLinear(), [x, s, z]), weights, builder.constant(Tensor.random(seed: 2, shape: [20]))]))
        let input = try Tensor.random(seed: 3, type: .int8, shape: [5, 33])
        let want = try #require(Interpreter.run(builder.graph, ["x": input])["y"]).doubles()
        let (kernels, _, session) = try Self.session(builder.graph, .native)
        #expect(kernels == ["integer_product"])
        let got = try #require(session.run(["x": input])["y"]).doubles()
        #expect(zip(got, want).allSatisfy { abs($0 - $1) <= 1e-5 * 300 })
    }

    /// 96 × 256 weights.
    @Test(arguments: [ElementType.int8, .uint8]) func integerWeightsStayOneByteInThePlan(_ type: ElementType) throws {
        var builder = GraphBuilder(name: "product")
        let x = try builder.input("x", TensorType(.uint8, [Dim(symbol: "N"), 96]))
        let w = try builder.constant(Tensor.random(seed: 1, type: type, shape: [96, 256]))
        try builder.output("y", builder.add1(IntegerProduct(), [x, w, builder.constant(Tensor([128] as [UInt8], shape: []))]))
        let (kernels, bytes, session) = try Self.session(builder.graph, .native)
        #expect(kernels == ["integer_product"])
        #expect(bytes >= 96 * 256 && bytes < 96 * 256 + 256 * 4 + 512)
        for rows in [0, 1, 7, 100] {
            let a = try Tensor.random(seed: 5, type: .uint8, shape: [rows, 96])
            #expect(try session.run(["x": a])["y"] == Interpreter.run(builder.graph, ["x": a])["y"])
        }
    }
}
