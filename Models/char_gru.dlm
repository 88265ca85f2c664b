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
