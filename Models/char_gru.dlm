// Cho et al., "Learning phrase representations using RNN encoder-decoder for statistical machine translation", 2014.
// Weights and biases are those of torch.nn.GRU.

/// Gives the logits of the symbol after each one read. A run reads on where the one before ended: any number of symbols
/// of a text at once, or the one just drawn.
model CharGRU(symbols: i64[batch, T], batch = 1, vocabulary = 83, width = 256, hidden = 1024) {
    state h: f32[1, batch, hidden]
    y, last = symbols.embedding(vocabulary, width).gru(hidden, initial: h)
    next h = last
    return logits: y.dense(vocabulary, name: "output")
}

/// Learns to tell the symbol after each one from a text that is read in stretches, `batch` places of it at once. No gradient
/// goes back beyond the stretch: truncated backpropagation through time (Williams and Peng, 1990).
training TrainCharGRU(
    symbols: i64[batch, T], label: i64[batch, T], batch = 32, vocabulary = 83, width = 256, hidden = 1024, rate = 1e-3
) {
    logits = CharGRU(symbols, batch: batch, vocabulary: vocabulary, width: width, hidden: hidden)
    loss = logits.transpose([0, 2, 1]).crossEntropy(label)
    minimize loss, by: adam(rate), clip: globalNorm(1)
    predict probabilities: logits.softmax(axis: 2)
    return loss: loss
}
