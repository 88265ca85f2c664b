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
