// Vaswani et al., "Attention is all you need", 2017: the encoder, classifying texts of several lengths.

model Encoder(symbols: i64[N, T], mask: f32[N, T], vocabulary = 40, width = 32, heads = 4, layers = 2) {
    x = symbols.embedding(vocabulary, width, name: "embedding").positionalEmbedding(symbols.shape[1], name: "positions")
    seen = reshape(mask != 0, [symbols.shape[0], 1, 1, symbols.shape[1]])
    for i in 0..<layers { x = x.transformerEncoderLayer(heads, mask: seen, feedForward: 4 * width, name: "layers.\(i)") }
    weights = mask.unsqueeze(2)
    return logits: (sum(x * weights, axes: [1]) / sum(weights, axes: [1])).dense(2, name: "output")
}

training Learn(
    symbols: i64[N, T], mask: f32[N, T], label: i64[N], vocabulary = 40, width = 32, heads = 4, layers = 2, rate = 1e-3
) {
    loss = Encoder(symbols, mask, vocabulary: vocabulary, width: width, heads: heads, layers: layers).crossEntropy(label)
    minimize loss, by: adam(rate)
    return loss: loss
}
