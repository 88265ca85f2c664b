// Radford et al., "Language models are unsupervised multitask learners", 2019, in the size of nanoGPT's recipe for a CPU: 4 layers,
// 128 wide, 64 symbols of context, 2,000 steps of 12 windows. Low-rank tuning: Hu et al., "LoRA: low-rank adaptation of large
// language models", 2021.
// Data: twelve plays of Shakespeare's (Tools/data shakespeare).

/// A dense layer, with `rank` a fixed one and a learned product of two thin ones beside it.
block linear(x, units, rank, init) {
    y = x.dense(units, bias: false, init: init, name: "")
    if rank > 0 {
        down = parameter([x.shape[2], rank], init: normal(0.02), name: "down")
        up = parameter([rank, units], init: zeros, name: "up")
        y = y + 2 * (x @ down) @ up
    }
    return y
}

block layer(x, width, heads, layers, rank) {
    last = normal(0.02 / sqrt(2 * layers))
    q, k, v = x.layerNorm(name: "norm1").linear(3 * width, rank, normal(0.02), name: "attention").split(3, axis: -1)
    x = x + dotProductAttention(q, k, v, heads: heads, causal: true).linear(width, rank, last, name: "mixed")
    y = x.layerNorm(name: "norm2").linear(4 * width, rank, normal(0.02), name: "wide").gelu()
    return x + y.linear(width, rank, last, name: "narrow")
}

/// The logits of the symbol after each one; one matrix embeds symbols and gives logits.
model GPT(tokens: i64[N, T], vocabulary = 80, width = 128, heads = 4, layers = 4, context = 64, rank = 0) {
    embed = embedding(vocabulary, width, init: normal(0.02), name: "symbols")
    x = embed(tokens).positionalEmbedding(context, name: "places")
    for i in 0..<layers { x = x.layer(width, heads, layers, rank, name: "layers.\(i)") }
    return logits: x.layerNorm(name: "norm") @ embed.weight.transpose()
}

training LearnGPT(
    tokens: i64[N, T], label: i64[N, T], vocabulary = 80, width = 128, heads = 4, layers = 4, context = 64, rate = 1e-3, steps = 2000
) {
    logits = GPT(tokens, vocabulary: vocabulary, width: width, heads: heads, layers: layers, context: context)
    loss = logits.transpose([0, 2, 1]).crossEntropy(label)
    minimize loss, by: adamW(cosine(rate, steps: steps, end: rate / 10, warmup: 100), beta2: 0.99, weightDecay: 0.1),
        decay: ["symbols.weight", "places.weight", "*.attention.weight", "*.mixed.weight", "*.wide.weight", "*.narrow.weight"], clip: globalNorm(1)
    predict probabilities: logits[:, -1].softmax(axis: 1)
    return loss: loss
}

/// LoRA: only the thin matrices beside the layers move.
training TuneGPT(
    tokens: i64[N, T], label: i64[N, T], vocabulary = 80, width = 128, heads = 4, layers = 4, context = 64, rank = 8, rate = 2e-3
) {
    logits = GPT(tokens, vocabulary: vocabulary, width: width, heads: heads, layers: layers, context: context, rank: rank)
    loss = logits.transpose([0, 2, 1]).crossEntropy(label)
    minimize loss, by: adam(warmup(rate, steps: 20)), over: ["*.down", "*.up"]
    predict probabilities: logits[:, -1].softmax(axis: 1)
    return loss: loss
}
