// Radford, Wu, Child, Luan, Amodei and Sutskever, "Language models are unsupervised multitask learners", 2019.
// Parameters have the names and layouts of Hugging Face's checkpoint `gpt2`.

/// A dense layer whose weight lies as [inputs, units].
block linear(x, units) {
    return x.dense(units, transposed: true, init: normal(0.02), name: "")
}

/// Attention, then two dense layers, each on a normalised input and added to what came.
block layer(x, width, heads) {
    parts = x.layerNorm(name: "ln_1").linear(3 * width, name: "attn.c_attn").split(3, axis: -1)
    mixed = dotProductAttention(parts[0], parts[1], parts[2], heads: heads, causal: true)
    x = x + mixed.linear(width, name: "attn.c_proj")
    hidden = x.layerNorm(name: "ln_2").linear(4 * width, name: "mlp.c_fc").gelu(approximate: "tanh")
    return x + hidden.linear(width, name: "mlp.c_proj")
}

/// Gives the logits of every next token; the embedding serves as output layer too.
model GPT2(tokens: i64[N, T], layers = 12, width = 768, heads = 12, context = 1024, vocabulary = 50257) {
    embed = embedding(vocabulary, width, init: normal(0.02), name: "wte")
    x = embed(tokens).positionalEmbedding(context, name: "wpe")
    for i in 0..<layers { x = x.layer(width, heads, name: "h.\(i)") }
    return logits: x.layerNorm(name: "ln_f") @ embed.weight.transpose()
}

/// Learns the next token of every place. Weights of products decay, biases, norms and embeddings do not.
training TrainGPT2(
    tokens: i64[N, T], label: i64[N, T], layers = 12, width = 768, heads = 12, context = 1024, vocabulary = 50257, rate = 6e-4, steps = 600_000
) {
    logits = GPT2(tokens, layers: layers, width: width, heads: heads, context: context, vocabulary: vocabulary)
    loss = logits.transpose([0, 2, 1]).crossEntropy(label)
    minimize loss, by: adamW(cosine(rate, steps: steps, end: rate / 10, warmup: 2000), beta2: 0.95, weightDecay: 0.1),
        decay: ["*.c_attn.weight", "*.c_proj.weight", "*.c_fc.weight"], clip: globalNorm(1)
    predict probabilities: logits[:, -1].softmax(axis: 1)
    return loss: loss
}
