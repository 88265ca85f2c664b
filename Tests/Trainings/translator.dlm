// Bahdanau, Cho and Bengio, "Neural machine translation by jointly learning to align and translate", 2014. The decoder is
// given the words before the one that it is to say.

model Translator(source: i64[N, S], target: i64[N, T], vocabulary = 30, width = 16, hidden = 24) {
    states, _ = source.embedding(vocabulary, width, name: "source").gru(hidden, bidirectional: true, name: "encoder")
    h = states[:, 0, hidden:].dense(hidden, name: "initial").tanh()
    words = target.embedding(vocabulary, width, name: "target")
    attend = additiveAttention(hidden, name: "attention")
    decode = gru(hidden, outputs: "last", name: "decoder")
    output = dense(vocabulary, name: "output")
    logits = []
    for i in 0..<target.shape[1] {
        context, _ = attend(h, states)
        y, last = decode(concat(words[:, i], context).unsqueeze(1), h.unsqueeze(0))
        h = y
        logits = logits + [output(y)]
    }
    return logits: stack(logits, axis: 2)
}

training Learn(
    source: i64[N, S], target: i64[N, T], following: i64[N, T], vocabulary = 30, width = 16, hidden = 24, rate = 1e-3
) {
    loss = Translator(source, target, vocabulary: vocabulary, width: width, hidden: hidden).crossEntropy(following)
    minimize loss, by: adam(rate)
    return loss: loss
}
