// Sturm, Santos, Ben-Tal and Korshunova, "Music transcription modelling and composition using deep learning", 2016: an LSTM writes
// folk tunes in ABC notation, a symbol after the other.
// Data: tunes of music21's corpus, whole ones (Tools/data folk-tunes). Symbol 0 begins, ends and fills.

/// The logits of the symbol after each one, and what the cells have in the end, for reading on.
block read(symbols, h, c, vocabulary, hidden) {
    x = symbols.embedding(vocabulary, 64, name: "symbols")
    y, h, c = x.lstm(hidden, initial: h, cell: c, layers: 2, name: "lstm")
    return y.dense(vocabulary, name: "output"), h, c
}

/// Reads on where the run before ended; a session keeps the state.
model FolkTunes(symbols: i64[1, T], vocabulary = 66, hidden = 192) {
    state h: f32[2, 1, hidden]
    state c: f32[2, 1, hidden]
    logits, last, cell = symbols.read(h, c, vocabulary, hidden, name: "")
    next h = last
    next c = cell
    return logits: logits
}

/// Writes a symbol a run: the likeliest after Gumbel's noise is added, which draws from the distribution (Gumbel, 1954).
model Write(noise: f32[1, vocabulary], vocabulary = 66, hidden = 192, temperature = 0.8) {
    state h: f32[2, 1, hidden]
    state c: f32[2, 1, hidden]
    state last: i64[1, 1]
    goesOn = (last != 0).cast(f32).unsqueeze(0)
    logits, after, cell = last.read(goesOn * h, goesOn * c, vocabulary, hidden, name: "")
    symbol = (logits[:, 0] / temperature + noise).argmax(axis: 1, keepDimensions: true)
    next h = after
    next c = cell
    next last = symbol
    return symbol: symbol
}

/// Every tune from its beginning; what fills behind its end does not count. `bits` is per symbol.
training LearnFolkTunes(
    symbols: i64[N, T], label: i64[N, T], counted: f32[N, T], vocabulary = 66, hidden = 192, rate = 3e-3, steps = 622
) {
    zeros = fill([2, symbols.shape[0], hidden], 0)
    logits, _, _ = symbols.read(zeros, zeros, vocabulary, hidden, name: "")
    losses = logits.transpose([0, 2, 1]).crossEntropy(label, reduction: "none")
    loss = (losses * counted).sum() / counted.sum()
    minimize loss, by: adam(cosine(rate, steps: steps, warmup: 50)), clip: globalNorm(1)
    predict probabilities: logits.softmax(axis: 2)
    return loss: loss, bits: loss / log(2.0)
}
