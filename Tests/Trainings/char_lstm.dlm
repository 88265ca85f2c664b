// Hochreiter and Schmidhuber, "Long short-term memory", 1997; Williams and Peng, "An efficient gradient-based algorithm for
// on-line training of recurrent network trajectories", 1990: truncated backpropagation through time.

model CharLSTM(symbols: i64[N, T], h: f32[1, N, hidden], c: f32[1, N, hidden], vocabulary = 83, width = 256, hidden = 1024) {
    y, last, cell = symbols.embedding(vocabulary, width, name: "embedding").lstm(hidden, initial: h, cell: c, name: "lstm")
    return logits: y.dense(vocabulary, name: "output"), h: last, c: cell
}

/// Reads on where the run before ended.
training Learn(symbols: i64[N, T], following: i64[N, T], vocabulary = 83, width = 256, hidden = 1024, rate = 1e-3) {
    state h: f32[1, N, hidden]
    state c: f32[1, N, hidden]
    logits, last, cell = CharLSTM(symbols, h, c, vocabulary: vocabulary, width: width, hidden: hidden)
    next h = last
    next c = cell
    loss = logits.transpose([0, 2, 1]).crossEntropy(following)
    minimize loss, by: adam(rate), clip: globalNorm(1)
    return loss: loss
}
