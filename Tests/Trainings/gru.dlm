// Cho et al., "Learning phrase representations using RNN encoder-decoder for statistical machine translation", 2014.

model Sentiment(symbols: i64[N, T], vocabulary = 40, width = 16, hidden = 32) {
    y, _ = symbols.embedding(vocabulary, width, name: "embedding").gru(hidden, outputs: "last", name: "gru")
    return logits: y.dense(2, name: "output")
}

training Learn(symbols: i64[N, T], label: i64[N], vocabulary = 40, width = 16, hidden = 32, rate = 1e-3) {
    loss = Sentiment(symbols, vocabulary: vocabulary, width: width, hidden: hidden).crossEntropy(label)
    minimize loss, by: adam(rate)
    return loss: loss
}
