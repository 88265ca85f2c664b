import DLC
import DLCOps
import DLCPasses
import Testing

@testable import DLCPasses

/// Layers of a network in floats that are put on 8-bit integers.
@Suite struct QuantizationTests {
    /// conv → batch norm → relu → conv (added to what went in) → mean → gemm, over `[N, 6, 8, 8]`.
    private static func network() throws -> Graph {
        var builder = GraphBuilder(name: "network")
        let x = try builder.input("x", TensorType(.float32, [Dim(symbol: "N"), 6, 8, 8]))
        func constant(_ seed: UInt64, _ shape: [Int]) throws -> Value { try builder.constant(Tensor.random(seed: seed, shape: shape)) }
        let conv = Conv(strides: [1, 1], pads: [1, 1, 1, 1])
        var y = try builder.add1(conv, [x, constant(1, [12, 6, 3, 3])], name: "first")
        let variance = try builder.constant(Tensor(filling: 2, type: .float32, shape: [12]))
        y = try builder.add1(BatchNormalization(), [y, constant(2, [12]), constant(3, [12]), constant(4, [12]), variance])
        y = try builder.add1(Unary(.relu), [y])
        let z = try builder.add1(conv, [y, constant(5, [12, 12, 3, 3]), constant(6, [12])], name: "second")
        let sum = try builder.add1(Binary(.add), [y, z])
        let mean = try builder.add1(Reduce(.mean, axes: [2, 3], keepDims: false), [sum])
        var gemm = Gemm()
        gemm.transB = true
        try builder.output("answer", builder.add1(gemm, [mean, constant(7, [5, 12]), constant(8, [5])], name: "last"))
        return try [foldChannelScaling, foldConstants].run(Compiler.graph(builder.graph, at: .canonical))
    }

    /// What the inputs of the layers hold for the tensor that the tests give.
    private static func ranges(of graph: Graph) throws -> [Value: ActivationRange] {
        let inputs = QuantizableLayer.all(in: graph).map(\.input)
        let part = try graph.part(computing: inputs.enumerated().map { ("\($0)", $1) })
        let values = try Interpreter.run(part, ["x": Tensor.random(seed: 9, shape: [3, 6, 8, 8])])
        return try inputs.enumerated().reduce(into: [:]) { ranges, input in
            let numbers = try #require(values["\(input.offset)"]).doubles()
            ranges[input.element] = ActivationRange(low: numbers.min() ?? 0, high: numbers.max() ?? 0)
        }
    }

    @Test func layersAreFoundWithBatchNormInTheirWeights() throws {
        let graph = try Self.network()
        let layers = QuantizableLayer.all(in: graph)
        #expect(layers.map(\.name) == ["first", "second", "last"])
        #expect(layers.map(\.channelAxis) == [0, 0, 0])
        #expect(!graph.nodes.contains { $0.op is BatchNormalization })
    }

    @Test(arguments: [true, false]) func quantizedLayersAnswerNearlyTheSame(_ perChannel: Bool) throws {
        let graph = try Self.network()
        let quantization = try Quantization(graph, ranges: Self.ranges(of: graph), perChannel: perChannel)
        let quantized = try quantization.applied(where: [true, true, true])
        // What an inner layer reads is quantized once, for all its readers.
        #expect(quantized.nodes.count { $0.op is QuantizeLinear } == 3)
        let x = try Tensor.random(seed: 9, shape: [3, 6, 8, 8])
        let exact = try #require(Interpreter.run(graph, ["x": x])["answer"]).doubles()
        let meant = try #require(Interpreter.run(quantized, ["x": x])["answer"]).doubles()
        let noise = zip(exact, meant).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
        #expect(noise > 0 && noise < 0.002 * exact.reduce(0) { $0 + $1 * $1 })
        for target in Target.allCases.filter(\.runsHere) {
            var options = CompileOptions(target: target)
            options.passes.isStrict = true
            let model = try CompiledModel(Compiler.compile(quantized, options))
            let kernels = model.plan.steps.map(\.kernelName)
            #expect(kernels.count { $0 == "integer_conv" } == 2 && kernels.count { $0 == "integer_product" } == 1)
            let got = try #require(Session(model).run(["x": x])["answer"]).doubles()
            // A step of an inner scale here and there.
            let size = exact.map(abs).max() ?? 0
            #expect(zip(got, meant).allSatisfy { abs($0 - $1) < 0.02 * size })
        }
    }

    @Test func whatIsNotChosenStays() throws {
        let graph = try Self.network()
        let quantization = try Quantization(graph, ranges: Self.ranges(of: graph), perChannel: true)
        let x = try Tensor.random(seed: 9, shape: [1, 6, 8, 8])
        let none = try quantization.applied(where: [false, false, false])
        #expect(try Interpreter.run(none, ["x": x])["answer"] == Interpreter.run(graph, ["x": x])["answer"])
        let one = try quantization.applied(where: [false, true, false])
        #expect(QuantizableLayer.all(in: try quantization.applied(where: [true, true, true])).isEmpty)
        #expect(one.nodes.count { $0.op is QuantizeLinear } == 1 && one.nodes.count { $0.op is DequantizeLinear } == 3)
    }

    @Test func eachLayerIsRatedAlone() throws {
        let graph = try Self.network()
        let quantization = try Quantization(graph, ranges: Self.ranges(of: graph), perChannel: true)
        let x = try Tensor.random(seed: 9, shape: [2, 6, 8, 8])
        let sums = try Session(CompiledModel(Compiler.compile(quantization.rated()))).run(["x": x])
        for place in 0..<3 {
            let noise = try #require(sums["noise.\(place)"]).doubles()[0], signal = try #require(sums["signal.\(place)"]).doubles()[0]
            #expect(noise > 0 && noise < 0.01 * signal)
        }
    }

    @Test func layersThatIntegersCannotComputeAreLeftOut() throws {
        var builder = GraphBuilder(name: "odd")
        let x = try builder.input("x", TensorType(.float32, [2, 3]))
        let wide = try builder.input("wide", TensorType(.float64, [2, 3]))
        var scaled = Gemm()
        scaled.alpha = 2
        let weights = try builder.constant(Tensor([1, 2, 3, .nan, 5, 6] as [Float], shape: [3, 2]))
        try builder.output("a", builder.add1(MatMul(), [x, weights]))
        try builder.output("b", builder.add1(scaled, [x, builder.constant(Tensor.random(seed: 1, shape: [3, 2]))]))
        try builder.output("c", builder.add1(MatMul(), [wide, builder.constant(Tensor.random(seed: 1, type: .float64, shape: [3, 2]))]))
        try builder.output("d", builder.add1(MatMul(), [x, builder.input("y", TensorType(.float32, [3, 2]))]))
        #expect(QuantizableLayer.all(in: builder.graph).isEmpty)
    }

    @Test func weightsAreRoundedToTheNearestStep() throws {
        let weights = try Tensor([0, 0, 0, 1, -2, 0.5, 1e-39, 0, 0] as [Float], shape: [3, 3])
        let rounded = try WeightQuantization(weights, along: 0)
        #expect(try rounded.scale.array(of: Float.self) == [1, 2 / 127, 1])
        #expect(try rounded.integers.array(of: Int8.self) == [0, 0, 0, 64, -127, 32, 0, 0, 0])
        #expect(try WeightQuantization(weights, along: nil).scale == Tensor([2 / 127] as [Float], shape: []))
    }

    @Test func rangesHoldZeroExactly() throws {
        let range = try #require(ActivationRange(low: 2, high: 5))
        #expect(range.zeroPoint == 0 && range.scale == Float(5.0 / 255))
        #expect(try #require(ActivationRange(low: -1, high: 3)).rounded(0) == 0)
        #expect(ActivationRange(low: 0, high: 0) == nil && ActivationRange(low: -.infinity, high: 1) == nil)
        #expect(ActivationRange(low: .nan, high: 1) == nil && ActivationRange(low: -1e-42, high: 0) == nil)
    }
}
