import DLCGraph
import DLCOps

/// A block of a transformer's encoder, or of its decoder, with PyTorch's names: self_attn, multihead_attn, linear1, linear2,
/// norm1 to norm3.
public struct TransformerLayer: Layer {
    public enum Activation: String, Sendable, CaseIterable, ArgumentConvertible { case relu, gelu }

    public let isDecoder: Bool
    public var heads = 0
    public var feedForward = 2048
    public var activation = Activation.relu
    public var normFirst = false
    public var epsilon = 1e-5

    public init(isDecoder: Bool) { self.isDecoder = isDecoder }

    public var definition: LayerDefinition { isDecoder ? Self.decoder : Self.encoder }

    private static func names(isDecoder: Bool) -> [String] {
        let attentions = isDecoder ? ["self_attn", "multihead_attn"] : ["self_attn"]
        let attention = ["in_proj_weight", "in_proj_bias", "out_proj.weight", "out_proj.bias"]
        let others = ["linear1", "linear2"] + (1...attentions.count + 1).map { "norm\($0)" }
        return attentions.flatMap { part in attention.map { "\(part).\($0)" } } + others.flatMap { ["\($0).weight", "\($0).bias"] }
    }

    static let encoder = LayerDefinition(
        Self(isDecoder: false), name: "transformerEncoderLayer",
        doc: "Attention of x `[N, T, C]` to itself and a network of one hidden layer, each with a residual and a layer norm.",
        source: "Vaswani et al., 2017, section 3.1", operands: ["x", "mask?"], parameters: names(isDecoder: false)
    ) {
        Argument("heads", \.heads, "heads of attention; they divide C", .required)
        Argument("feedForward", \.feedForward, "width of the hidden layer")
        Argument("activation", \.activation, "the function of the hidden layer")
        Argument("normFirst", \.normFirst, "whether a norm stands before attention and network instead of after")
        Argument("epsilon", \.epsilon, "added to variances in layer norms")
    }
    static let decoder = LayerDefinition(
        Self(isDecoder: true), name: "transformerDecoderLayer",
        doc: "Causal attention of x `[N, T, C]` to itself, attention to memory `[N, S, C]`, and a network of one hidden layer.",
        source: "Vaswani et al., 2017, section 3.1", operands: ["x", "memory", "mask?"], parameters: names(isDecoder: true)
    ) {
        Argument("heads", \.heads, "heads of attention; they divide C", .required)
        Argument("feedForward", \.feedForward, "width of the hidden layer")
        Argument("activation", \.activation, "the function of the hidden layer")
        Argument("normFirst", \.normFirst, "whether a norm stands before each part instead of after")
        Argument("epsilon", \.epsilon, "added to variances in layer norms")
    }

    public func apply(to operands: [TensorValue?], in context: LayerContext) throws -> [TensorValue] {
        let x = try operand(operands, 0)
        guard x.rank == 3 else { throw DLCError("x is \(x.type); expected [N, length, width]") }
        let width = try x.extent(2)
        let mask = optional(operands, isDecoder ? 2 : 1)
        var parts: [(TensorValue) throws -> TensorValue] = [
            { y in
                try MultiHeadAttentionLayer(heads: heads, causal: isDecoder)
                    .apply(to: [y, nil, isDecoder ? nil : mask], in: context.child("self_attn"))[0]
            }
        ]
        if isDecoder {
            let memory = try operand(operands, 1)
            parts.append { y in
                try MultiHeadAttentionLayer(heads: heads).apply(to: [y, memory, mask], in: context.child("multihead_attn"))[0]
            }
        }
        parts.append { y in
            let inner = try DenseLayer(units: feedForward).apply(to: [y], in: context.child("linear1"))[0]
            let active = try context.add(activation == .relu ? Unary(.relu) : Gelu(), inner)
            return try DenseLayer(units: width).apply(to: [active], in: context.child("linear2"))[0]
        }
        return [
            try parts.enumerated().reduce(x) { y, part in
                let norm: (TensorValue) throws -> TensorValue = {
                    try LayerNormLayer(epsilon: epsilon).apply(to: [$0], in: context.child("norm\(part.offset + 1)"))[0]
                }
                if normFirst { return try context.add(Binary(.add), y, part.element(norm(y))) }
                return try norm(context.add(Binary(.add), y, part.element(y)))
            }
        ]
    }
}

extension TensorValue {
    public func transformerEncoderLayer(
        _ heads: Int, mask: TensorValue? = nil, feedForward: Int = 2048, activation: TransformerLayer.Activation = .relu,
        normFirst: Bool = false, epsilon: Double = 1e-5, name: String? = nil
    ) throws -> TensorValue {
        var layer = TransformerLayer(isDecoder: false)
        (layer.heads, layer.feedForward, layer.activation, layer.normFirst, layer.epsilon) = (
            heads, feedForward, activation, normFirst, epsilon
        )
        return try applying(layer, mask, name: name)
    }

    public func transformerDecoderLayer(
        _ heads: Int, memory: TensorValue, mask: TensorValue? = nil, feedForward: Int = 2048,
        activation: TransformerLayer.Activation = .relu,
        normFirst: Bool = false, epsilon: Double = 1e-5, name: String? = nil
    ) throws -> TensorValue {
        var layer = TransformerLayer(isDecoder: true)
        (layer.heads, layer.feedForward, layer.activation, layer.normFirst, layer.epsilon) = (
            heads, feedForward, activation, normFirst, epsilon
        )
        return try applying(layer, memory, mask, name: name)
    }
}
