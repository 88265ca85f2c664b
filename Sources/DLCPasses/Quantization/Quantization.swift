import DLCGraph
import DLCOps

/// Layers of a graph that compute on 8-bit integers, in the form that ONNX has for it: weights and inputs are dequantized from
/// integers in front of a layer (QDQ), and `integerLayers` makes one of the three.
///
///     conv(%x, %w, %bias)
///         →   conv(dequantize_linear(quantize_linear(%x, %s, %z), …), dequantize_linear(%w8, %t, 0), dequantize_linear(%b32, s · t, 0))
public struct Quantization: Sendable {
    /// A canonical graph.
    public let graph: Graph
    /// All layers of it that could be quantized and whose inputs have a range.
    public let layers: [QuantizableLayer]
    private let ranges: [Value: ActivationRange]
    private let weights: [WeightQuantization]

    /// - Parameters:
    ///   - ranges: what the inputs of layers hold; layers whose input has none stay as they are.
    ///   - perChannel: whether weights have a scale for every channel of the result.
    public init(_ graph: Graph, ranges: [Value: ActivationRange], perChannel: Bool) throws {
        self.graph = graph
        self.ranges = ranges
        layers = QuantizableLayer.all(in: graph).filter { ranges[$0.input] != nil }
        weights = try layers.map { try WeightQuantization($0.weights, along: perChannel ? $0.channelAxis : nil) }
    }

    /// The graph with some of `layers` quantized. Its stage is the first again: passes recognise the layers.
    /// - Parameter isQuantized: for each of `layers`.
    public func applied(where isQuantized: [Bool]) throws -> Graph {
        let chosen = layers.indices.filter { isQuantized[$0] }
        let places = Dictionary(uniqueKeysWithValues: chosen.map { (layers[$0].index, $0) })
        // A value is quantized where it is computed, so that all its readers take the integers and what computes it can give
        // them; what is given or asked for from outside is quantized for the layers alone.
        let outside = Set(graph.inputs.map(\.value) + graph.states.map(\.value) + graph.results)
        let inside = Set(chosen.map { layers[$0].input }).subtracting(outside).filter { value in
            !graph.shape(value).flatMap(\.symbols).contains { graph.isFromData($0) }
        }
        let indices = graph.nodes.indices.reduce(into: [Value: Int]()) { indices, index in
            for result in graph.nodes[index].results { indices[result] = index }
        }
        var rewriter = Rewriter(graph)
        try rewriter.sweep { rewriter, node in
            guard let first = node.results.first, let index = indices[first] else { return nil }
            var operands = node.operands
            if let place = places[index] {
                operands = try quantized(&rewriter, operands, place, inputIsQuantized: inside.contains(layers[place].input))
            }
            let ranges = node.results.map { inside.contains($0) ? self.ranges[$0] : nil }
            guard places[index] != nil || ranges.contains(where: { $0 != nil }) else { return nil }
            let results = try rewriter.add(node.op, operands, name: node.name)
            return try zip(results, ranges).map { result, range in try range.map { try rounded(&rewriter, result, $0) } ?? result }
        }
        rewriter.builder.setStage(.imported)
        return rewriter.builder.graph.withoutDeadNodes()
    }

    /// The graph with two outputs more for each of `layers`: `noise.I`, the sum of squares of what quantizing it alone changes in
    /// its result, and `signal.I`, the sum of squares of its result.
    public func rated() throws -> Graph {
        let places = Dictionary(uniqueKeysWithValues: layers.indices.map { (layers[$0].index, $0) })
        let indices = graph.nodes.indices.reduce(into: [Value: Int]()) { $0[graph.nodes[$1].results[0]] = $1 }
        var sums: [(noise: Value, signal: Value)] = []
        var rewriter = Rewriter(graph)
        try rewriter.sweep { rewriter, node in
            guard let place = node.results.first.flatMap({ indices[$0] }).flatMap({ places[$0] }) else { return nil }
            let result = try rewriter.add1(node.op, node.operands, name: node.name)
            let other = try rewriter.add1(node.op, quantized(&rewriter, node.operands, place, inputIsQuantized: false), name: node.name)
            let difference = try rewriter.add1(Binary(.sub), [result, other])
            let sum = Reduce(.sumSquare, keepDims: false)
            sums.append((try rewriter.add1(sum, [difference]), try rewriter.add1(sum, [result])))
            return nil
        }
        // Layers are met in their order.
        for (place, sum) in sums.enumerated() {
            try rewriter.builder.output("noise.\(place)", sum.noise)
            try rewriter.builder.output("signal.\(place)", sum.signal)
        }
        return rewriter.builder.graph.withoutDeadNodes()
    }

    /// The operands of a layer, from integers.
    private func quantized(_ rewriter: inout Rewriter, _ operands: [Value?], _ place: Int, inputIsQuantized: Bool) throws -> [Value?] {
        let (layer, weights) = (layers[place], weights[place])
        guard let range = ranges[layer.input], let input = operands[0] else { return operands }
        var operands = operands
        if !inputIsQuantized { operands[0] = try rounded(&rewriter, input, range) }
        let zeros = try Tensor(filling: 0, type: .int8, shape: weights.scale.shape)
        operands[1] = try rewriter.add1(
            DequantizeLinear(axis: weights.scale.rank == 0 ? 1 : layer.channelAxis),
            [
                rewriter.builder.constant(weights.integers, name: "\(layer.name).weights"), rewriter.constant(weights.scale),
                rewriter.constant(zeros),
            ])
        if let bias = try quantizedBias(layer, range, weights) {
            operands[2] = try rewriter.add1(
                DequantizeLinear(axis: bias.scale.rank == 0 ? 1 : 0), [rewriter.constant(bias.integers), rewriter.constant(bias.scale)])
        }
        return operands
    }

    /// The bias in steps of the sums' scale, as other runtimes want it; nil where there is none or one does not fit 32 bits.
    private func quantizedBias(_ layer: QuantizableLayer, _ range: ActivationRange, _ weights: WeightQuantization) throws -> (
        integers: Tensor, scale: Tensor
    )? {
        guard let bias = try layer.bias?.array(of: Float.self) else { return nil }
        let scales = try weights.scale.array(of: Float.self).map { $0 * range.scale }
        let quotients = bias.enumerated().map { (Double($1) / Double(scales[$0 % scales.count])).rounded(.toNearestOrEven) }
        guard scales.allSatisfy(\.isNormal), quotients.allSatisfy({ abs($0) < 0x1p30 }) else { return nil }
        return (
            try Tensor(quotients.map { Int32($0) }, shape: [bias.count]), try Tensor(scales, shape: weights.scale.shape)
        )
    }

    private func rounded(_ rewriter: inout Rewriter, _ value: Value, _ range: ActivationRange) throws -> Value {
        let scale = rewriter.constant(try Tensor([range.scale], shape: []))
        let zero = rewriter.constant(try Tensor([range.zeroPoint], shape: []))
        let integers = try rewriter.add1(QuantizeLinear(to: .uint8), [value, scale, zero])
        return try rewriter.add1(DequantizeLinear(), [integers, scale, zero])
    }
}
