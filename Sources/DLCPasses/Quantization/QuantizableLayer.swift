import DLCGraph
import DLCOps

/// A layer that can compute on 8-bit integers: a convolution or a product in f32 with constant weights.
public struct QuantizableLayer: Sendable {
    /// Its place in the graph's nodes.
    public let index: Int
    /// The node's name, or its operator with its number where it has none.
    public let name: String
    /// What it multiplies with its weights.
    public let input: Value
    public let weights: Tensor
    /// The dimension of the weights along which the results' channels lie.
    public let channelAxis: Int
    /// A constant bias, one number for each channel.
    let bias: Tensor?

    /// The layers of a canonical graph, in its order. Left out are those whose sums may not fit 32 bits, those whose weights are not
    /// all finite, and those that read what is quantized already.
    public static func all(in graph: Graph) -> [QuantizableLayer] {
        var counts: [String: Int] = [:]
        return graph.nodes.indices.compactMap { index in
            counts[graph.nodes[index].op.name, default: 0] += 1
            return QuantizableLayer(index, counts[graph.nodes[index].op.name] ?? 0, in: graph)
        }
    }

    private init?(_ index: Int, _ number: Int, in graph: Graph) {
        let node = graph.nodes[index]
        guard let axis = Self.channelAxis(node.op), let input = node.operands[0], let weights = node.operands[1].flatMap(graph.constant),
            graph.type(input).element == .float32, weights.type == .float32, weights.rank >= 2, node.op is Conv || weights.rank == 2,
            weights.count > 0, !(graph.producer(of: input)?.op is DequantizeLinear),
            QuantizedWeights.haveSums(Shape(weights.shape.map { Dim($0) }), node.op),
            (try? weights.withElements(of: Float.self) { $0.allSatisfy(\.isFinite) }) == true
        else { return nil }
        (self.index, self.input, self.weights, channelAxis) = (index, input, weights, axis)
        name = node.name.isEmpty ? "\(node.op.name) \(number)" : node.name
        bias = (node.operands.count > 2 ? node.operands[2] : nil).flatMap(graph.constant).flatMap { bias in
            bias.type == .float32 && bias.shape == [weights.shape[axis]] ? bias : nil
        }
    }

    private static func channelAxis(_ op: any Operator) -> Int? {
        switch op {
        case let conv as Conv: conv.channelsLast ? nil : 0
        case is MatMul: 1
        case let gemm as Gemm: gemm.transA || gemm.alpha != 1 ? nil : gemm.transB ? 0 : 1
        default: nil
        }
    }
}
