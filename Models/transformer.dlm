// Vaswani, Shazeer, Parmar, Uszkoreit, Jones, Gomez, Kaiser and Polosukhin, "Attention is all you need", 2017.
// Parameters but the embedding's have the names of PyTorch's torch.nn.Transformer, with its norm behind each stack.

/// Gives the logits of the word after each one of the target. One matrix embeds both languages and gives the logits
/// (section 3.4); `mask` is 0 where a source is padded.
model Transformer(
    source: i64[N, S], target: i64[N, T], mask: i64[N, S],
    layers = 6, width = 512, heads = 8, feedForward = 2048, context = 1024, vocabulary = 37000
) {
    embed = embedding(vocabulary, width, init: normal(width ** -0.5), name: "embedding")
    seen = reshape(mask != 0, [N, 1, 1, S])
    memory = sinusoidalPositions(embed(source) * sqrt(width), context)
    for i in 0..<layers {
        memory = memory.transformerEncoderLayer(heads, mask: seen, feedForward: feedForward, name: "encoder.layers.\(i)")
    }
    memory = memory.layerNorm(name: "encoder.norm")
    x = sinusoidalPositions(embed(target) * sqrt(width), context)
    for i in 0..<layers {
        x = x.transformerDecoderLayer(memory, seen, heads: heads, feedForward: feedForward, name: "decoder.layers.\(i)")
    }
    return logits: x.layerNorm(name: "decoder.norm") @ embed.weight.transpose()
}

/// Learns from translations: `target` is what is known of them, `label` the word after each one.
training TrainTransformer(
    source: i64[N, S], target: i64[N, T], mask: i64[N, S], label: i64[N, T],
    layers = 6, width = 512, heads = 8, feedForward = 2048, context = 1024, vocabulary = 37000, warmup = 4000
) {
    logits = Transformer(
        source, target, mask, layers: layers, width: width, heads: heads, feedForward: feedForward, context: context, vocabulary: vocabulary)
    loss = logits.transpose([0, 2, 1]).crossEntropy(label, smoothing: 0.1)
    minimize loss, by: adam(inverseRoot((width * warmup) ** -0.5, warmup: warmup), beta2: 0.98, epsilon: 1e-9)
    predict probabilities: logits[:, -1].softmax(axis: 1)
    return loss: loss
}
