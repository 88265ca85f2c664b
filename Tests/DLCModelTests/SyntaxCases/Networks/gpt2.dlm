// GPT-2 small. Radford et al.: "Language Models are Unsupervised Multitask Learners", 2019.

block layer(x, heads = 12) {
    y = x.layerNorm(epsilon: 1e-5, name: "ln_1")
    q, k, v = y.dense(3 * x.shape[-1], name: "attn.c_attn").split(3, axis: -1)
    x = x + attention(q, k, v, heads: heads, causal: true).dense(x.shape[-1], name: "attn.c_proj")
    y = x.layerNorm(epsilon: 1e-5, name: "ln_2").dense(4 * x.shape[-1], name: "mlp.c_fc").gelu(approximate: "tanh")
    return x + y.dense(x.shape[-1], name: "mlp.c_proj")
}

/// The next token's scores at every position.
model GPT2(
    /// Of the vocabulary.
    tokens: i64[N, T],
    layers = 12,
    width = 768,
    vocabulary = 50_257,
) {
    check T <= 1024, "GPT-2 sees at most 1024 tokens, not \(T)"
    embed = embedding(vocabulary, width, name: "wte")
    positions = parameter([1024, width], init: normal(0.02), name: "wpe.weight")
    x = embed(tokens) + positions[:T, :]
    for i in 0..<layers { x = layer(x, name: "h.\(i)") }
    x = x.layerNorm(epsilon: 1e-5, name: "ln_f")
    return logits: x @ embed.weight.transpose()
}
