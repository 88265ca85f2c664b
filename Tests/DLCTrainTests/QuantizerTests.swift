import DLC
import DLCData
import Testing

@testable import DLCTrain

@Suite struct QuantizerTests {
    /// A thousand numbers between −1 and 1 and one of 50.
    private static func histogram() throws -> Histogram {
        var numbers = try Tensor.random(seed: 1, shape: [1000]).array(of: Float.self).map { max(-1, min(1, $0)) }
        numbers[17] = 50
        let tensor = try Tensor(numbers + [.nan, .infinity], shape: [1002])
        var histogram = Histogram()
        try histogram.widen(tensor)
        histogram.begin()
        try histogram.count(tensor)
        return histogram
    }

    @Test func whatIsNoNumberIsCountedApart() throws {
        let histogram = try Self.histogram()
        #expect(histogram.oddCount == 2 && histogram.high == 50 && histogram.low >= -1)
        #expect(histogram.counts.reduce(0, +) == 1000)
    }

    @Test func outliersAreCutWhereTheMethodSaysSo() throws {
        let histogram = try Self.histogram()
        func high(_ method: RangeMethod) throws -> Double {
            let range = try #require(histogram.range(by: method))
            return (255 - Double(range.zeroPoint)) * Double(range.scale)
        }
        #expect(try abs(high(.extremes) - 50) < 0.5)
        #expect(try high(.percentile(0.99)) < 1.2)
        #expect(try high(.entropy) < 25)
        // One number of a thousand that lies fifty times as far costs more cut off than all others rounded.
        #expect(try high(.squaredError) > 40)
    }

    @Test func whatIsAlwaysZeroHasNoRange() throws {
        var histogram = Histogram()
        try histogram.widen(Tensor(filling: 0, type: .float32, shape: [4]))
        histogram.begin()
        try histogram.count(Tensor(filling: 0, type: .float32, shape: [4]))
        for method in [RangeMethod.extremes, .percentile(0.99), .entropy, .squaredError] { #expect(histogram.range(by: method) == nil) }
    }

    private static func line() throws -> Graph {
        var builder = GraphBuilder(name: "line")
        var x = try builder.input("x", TensorType(.float32, [Dim(symbol: "N"), 3]))
        for (index, sizes) in [[3, 16], [16, 16], [16, 1]].enumerated() {
            let weights = try builder.constant(Tensor.random(seed: UInt64(index), shape: sizes))
            x = try builder.add1(MatMul(), [x, weights], name: "dense\(index)")
            if index < 2 { x = try builder.add1(Unary(.tanh), [x]) }
        }
        try builder.output("y", x)
        return try Compiler.graph(builder.graph, at: .canonical)
    }

    @Test func aNetworkIsRatedAndQuantized() throws {
        var options = Quantizer.Options()
        (options.examples, options.batch) = (50, 16)
        let quantizer = try Quantizer(Self.line(), data: Plane(count: 80), options: options)
        #expect(quantizer.layers.map(\.name) == ["dense0", "dense1", "dense2"])
        #expect(quantizer.layers.allSatisfy { $0.signalToNoise > 25 && $0.signalToNoise < 70 && !$0.sawOddNumbers })
        let x = try #require(Plane(count: 80).batch(Array(0..<80))["x"])
        let exact = try #require(Interpreter.run(Self.line(), ["x": x])["y"]).doubles()
        let model = try CompiledModel(Compiler.compile(quantizer.graph(quantizing: [true, true, true])))
        let got = try #require(Session(model).run(["x": x])["y"]).doubles()
        let signal = exact.reduce(0) { $0 + $1 * $1 }
        #expect(zip(exact, got).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) } < 0.003 * signal)
        #expect(throws: DLCError.self) { try quantizer.graph(quantizing: [true]) }
    }

    @Test func theLayersThatLoseMostAreKeptInFloats() throws {
        let quantizer = try Quantizer(Self.line(), data: Plane(count: 16))
        let order = quantizer.layers.indices.sorted { quantizer.layers[$0].signalToNoise < quantizer.layers[$1].signalToNoise }
        #expect(quantizer.most(of: [true, true, true]) { _ in true } == [true, true, true])
        let two = quantizer.most(of: [true, true, true]) { $0.count { $0 } <= 2 }
        #expect(two.count { $0 } == 2 && !two[order[0]])
        #expect(quantizer.most(of: [true, true, true]) { _ in false } == [false, false, false])
        #expect(quantizer.most(of: [false, true, false]) { _ in true } == [false, true, false])
        #expect(quantizer.most(of: [false, false, false]) { _ in false } == [false, false, false])
    }

    @Test func aNetworkWithoutLayersIsRefused() throws {
        var builder = GraphBuilder(name: "plain")
        let x = try builder.input("x", TensorType(.float32, [Dim(symbol: "N"), 3]))
        try builder.output("y", builder.add1(Unary(.tanh), [x]))
        #expect(throws: DLCError.self) { try Quantizer(builder.graph, data: Plane(count: 4)) }
    }
}
