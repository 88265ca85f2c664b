// Radford, Wu, Child, Luan, Amodei and Sutskever, "Language models are unsupervised multitask learners", 2019.

block layer(x, width, heads) {
    x = x + x.layerNorm(name: "ln1").multiHeadAttention(heads, causal: true, name: "attention")
    return x + x.layerNorm(name: "ln2").dense(4 * width, name: "fc1").gelu().dense(width, name: "fc2")
}

model GPT(tokens: i64[N, T], vocabulary = 256, width = 256, heads = 4, layers = 4) {
    x = tokens.embedding(vocabulary, width, name: "tokens").positionalEmbedding(tokens.shape[1], name: "positions")
    for i in 0..<layers { x = x.layer(width, heads, name: "layers.\(i)") }
    return logits: x.layerNorm(name: "norm").dense(vocabulary, bias: false, name: "output")
}

training Learn(tokens: i64[N, T], following: i64[N, T], vocabulary = 256, width = 256, heads = 4, layers = 4, rate = 1e-3) {
    logits = GPT(tokens, vocabulary: vocabulary, width: width, heads: heads, layers: layers)
    loss = logits.transpose([0, 2, 1]).crossEntropy(following)
    minimize loss, by: adam(rate)
    return loss: loss
}
