// Elman, "Finding structure in time", 1990;
// Sutskever, Martens and Hinton, "Generating text with recurrent neural networks", 2011.
// Weights and biases are those of torch.nn.RNN.

/// Gives the logits of the symbol after each one read. A run reads on where the one before ended: any number of symbols
/// of a text at once, or the one just drawn.
model CharRNN(symbols: i64[batch, T], batch = 1, vocabulary = 83, width = 256, hidden = 1024) {
    state h: f32[1, batch, hidden]
    y, last = symbols.embedding(vocabulary, width).rnn(hidden, initial: h)
    next h = last
    return logits: y.dense(vocabulary, name: "output")
}
