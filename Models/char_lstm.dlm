// Hochreiter and Schmidhuber, "Long short-term memory", 1997;
// Graves, "Generating sequences with recurrent neural networks", 2013.
// Weights and biases are those of torch.nn.LSTM.

/// Gives the logits of the symbol after each one read. A run reads on where the one before ended: any number of symbols
/// of a text at once, or the one just drawn.
model CharLSTM(symbols: i64[batch, T], batch = 1, vocabulary = 83, width = 256, hidden = 1024) {
    state h: f32[1, batch, hidden]
    state c: f32[1, batch, hidden]
    y, last, cell = symbols.embedding(vocabulary, width).lstm(hidden, initial: h, cell: c)
    next h = last
    next c = cell
    return logits: y.dense(vocabulary, name: "output")
}
