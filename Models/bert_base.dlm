// Devlin, Chang, Lee and Toutanova, "BERT: pre-training of deep bidirectional transformers for language understanding", 2018.
// Parameters have the names and layouts of Hugging Face's `BertModel`. The file of `bert-base-uncased` needs
// --rename 'bert.*=*' --rename '*.gamma=*.weight' --rename '*.beta=*.bias'; its heads are left over.

/// Attention, then two dense layers, each added to what came and normalised.
block layer(x, mask, width, heads) {
    q = x.dense(width, name: "attention.self.query")
    k = x.dense(width, name: "attention.self.key")
    v = x.dense(width, name: "attention.self.value")
    mixed = dotProductAttention(q, k, v, mask, heads: heads).dense(width, name: "attention.output.dense")
    x = layerNorm(x + mixed, epsilon: 1e-12, name: "attention.output.LayerNorm")
    hidden = x.dense(4 * width, name: "intermediate.dense").gelu()
    return layerNorm(x + hidden.dense(width, name: "output.dense"), epsilon: 1e-12, name: "output.LayerNorm")
}

/// Gives a vector per token, and one of the first token for the whole text. `types` says which of two texts a token is
/// of; `mask` is 0 where a text is padded.
model BERT(
    tokens: i64[N, T], types: i64[N, T], mask: i64[N, T],
    layers = 12, width = 768, heads = 12, context = 512, vocabulary = 30522
) {
    x = tokens.embedding(vocabulary, width, name: "embeddings.word_embeddings")
    x = x + types.embedding(2, width, name: "embeddings.token_type_embeddings")
    x = x.positionalEmbedding(context, name: "embeddings.position_embeddings")
    x = x.layerNorm(epsilon: 1e-12, name: "embeddings.LayerNorm")
    seen = reshape(mask != 0, [N, 1, 1, T])
    for i in 0..<layers { x = x.layer(seen, width, heads, name: "encoder.layer.\(i)") }
    return hidden: x, pooled: x[:, 0].dense(width, name: "pooler.dense").tanh()
}
