// Vaswani et al., "Attention is all you need", 2017, for pairs of texts; Devlin, Chang, Lee and Toutanova, "BERT: pre-training of deep
// bidirectional transformers for language understanding", 2019, for words that are hidden. Both in small, with norms before.
// Data: dates as people write them and in ISO 8601 (Tools/data dates); verses with hidden words (Tools/data masked-verses).

/// Every place looks at every other one that is no filler.
block encoder(x, seen, layers, heads) {
    for i in 0..<layers {
        x = x + x.layerNorm(name: "norm1.\(i)").multiHeadAttention(mask: seen, heads: heads, name: "attention.\(i)").dropout(0.1)
        y = x.layerNorm(name: "norm2.\(i)").dense(4 * x.shape[2], name: "wide.\(i)").gelu().dense(x.shape[2], name: "narrow.\(i)")
        x = x + y.dropout(0.1)
    }
    return x.layerNorm(name: "norm")
}

/// The logits of the symbol after each one of the target.
model Transformer(source: i64[N, S], target: i64[N, T], known = 43, written = 43, width = 64, heads = 4, layers = 2) {
    seen = reshape(source != 0, [source.shape[0], 1, 1, source.shape[1]])
    memory = sinusoidalPositions(source.embedding(known, width, init: normal(0.1), name: "source"), 64).encoder(seen, layers, heads, name: "encoder")
    x = sinusoidalPositions(target.embedding(written, width, init: normal(0.1), name: "target"), 64)
    for i in 0..<layers { x = x.transformerDecoderLayer(memory, seen, heads: heads, feedForward: 4 * width, name: "decoder.\(i)") }
    return logits: x.dense(written, name: "output")
}

training LearnTransformer(
    source: i64[N, S], target: i64[N, T], label: i64[N, T], known = 43, written = 43, width = 64, heads = 4, layers = 2, rate = 2e-3, steps = 1000
) {
    logits = Transformer(source, target, known: known, written: written, width: width, heads: heads, layers: layers)
    loss = logits.transpose([0, 2, 1]).crossEntropy(label)
    minimize loss, by: adam(cosine(rate, steps: steps, warmup: 100)), clip: globalNorm(1)
    isRight = (logits.argmax(axis: 2) == label).cast(f32)
    predict probabilities: logits.softmax(axis: 2)
    return loss: loss, accuracy: isRight.mean(), whole: isRight.min(axes: 1).mean()
}

/// The logits of the word at each place, by those on both sides.
model Masked(words: i64[N, T], vocabulary = 2199, width = 96, heads = 4, layers = 2) {
    embed = embedding(vocabulary, width, init: normal(0.05), name: "words")
    seen = reshape(words != 0, [words.shape[0], 1, 1, words.shape[1]])
    x = embed(words).positionalEmbedding(64, name: "places").dropout(0.1).encoder(seen, layers, heads, name: "encoder")
    x = x.dense(width, name: "hidden").gelu().layerNorm(name: "norm")
    return logits: x @ embed.weight.transpose()
}

/// Only hidden words count. Every step hides others, 3 in 10 (Liu et al., "RoBERTa", 2019; Wettig et al., "Should you mask 15% in masked
/// language modeling?", 2023), of which a tenth are shown as another word and a tenth as they are. The evaluation, in which a number
/// that is drawn is 0.5, counts those that the data hide.
training LearnMasked(
    words: i64[N, T], label: i64[N, T], counted: f32[N, T], vocabulary = 2199, width = 96, heads = 4, layers = 2, rate = 2e-3, steps = 3000
) {
    draw = counted.randomUniform()
    other = 3 + ((vocabulary - 3) * counted.randomUniform()).cast(i64)
    isGiven = draw == 0.5
    shown = where(draw < 0.24, 1, where(draw < 0.27, other, label))
    shown = where(isGiven, words, where(label > 2, shown, label))
    weight = where(isGiven, counted, (draw < 0.3 && label > 2).cast(f32))
    network = Masked(vocabulary: vocabulary, width: width, heads: heads, layers: layers)
    logits = network(shown)
    losses = logits.transpose([0, 2, 1]).crossEntropy(label, reduction: "none")
    count = weight.sum().maximum(1)
    loss = (losses * weight).sum() / count
    minimize loss, by: adamW(cosine(rate, steps: steps, warmup: 100)), clip: globalNorm(1)
    predict probabilities: network(words).softmax(axis: 2)
    return loss: loss, accuracy: ((logits.argmax(axis: 2) == label).cast(f32) * weight).sum() / count
}
