// Encoder-decoder with additive attention. Bahdanau, Cho, Bengio, 2014.

/// Scores of the source's positions for one state of the decoder, and what they select.
block attend(query, keys, width) {
    hidden = tanh(
        query.dense(width, bias: false, name: "query").unsqueeze(1)
        + keys.dense(width, bias: false, name: "keys") // [N, S, width]
    )
    weights = hidden.dense(1, bias: false, name: "score").softmax(axis: 1)
    return context: (weights * keys).sum(axis: 1), weights: weights
}

model Translator(
    source: i64[N, S], // tokens
    target: i64[N, 20],
    vocabulary = 8000,
    width = 512
) {
    encoded, last = source.embedding(vocabulary, width, name: "source").gru(width, bidirectional: true, outputs: "all")
    embed = embedding(vocabulary, width, name: "target")
    cell = gruCell(width)
    output = dense(vocabulary, name: "output")
    h = last
    scores = []
    for t in 0..<20 {
        context, _ = attend(h, encoded, width, name: "attention")
        h = cell(concat([embed(target[:, t]), context], axis: -1), h)
        scores = scores + [output(h)]
    }
    return stack(scores, axis: 1)
}
