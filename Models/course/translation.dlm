// Sutskever, Vinyals and Le, "Sequence to sequence learning with neural networks", 2014; with attention, Luong, Pham and Manning,
// "Effective approaches to attention-based neural machine translation", 2015.
// Data: dates as people write them and in ISO 8601 (Tools/data dates); verses in English and Japanese (Tools/data verses).

/// Writes the translation word by word, each time the likeliest; `looks` [N, T, S] is where attention was.
model Translate(
    source: i64[N, S], length = 10, known = 43, written = 43, width = 64, hidden = 128, attention = true, first = 1
) {
    memory, h = source.encode(known, width, hidden, name: "encoder")
    embed = embedding(written, width, name: "words")
    decode = gru(hidden, name: "decoder")
    combine = dense(hidden, name: "combine")
    output = dense(written, name: "output")
    word = fill([source.shape[0], 1], first, type: i64)
    words = []
    looks = []
    for i in 0..<length {
        y, h = decode(embed(word), h)
        if attention {
            y, look = y.attend(memory, source)
            y = combine(y).tanh()
            looks = looks + [look]
        }
        word = output(y).argmax(axis: 2)
        words = words + [word]
    }
    words = concat(words, axis: 1)
    if attention { return words: words, looks: concat(looks, axis: 1) }
    return words: words
}

/// States at every word, both directions, and what the decoder begins from.
block encode(source, known, width, hidden) {
    y, last = source.embedding(known, width, name: "words").gru(hidden / 2, bidirectional: true, name: "gru")
    return y, last.transpose([1, 0, 2]).flatten().dense(hidden, name: "bridge").tanh().unsqueeze(0)
}

/// Each state of the decoder beside what it looks at, by products with the encoder's states; fillers, 0, are not looked at.
block attend(y, memory, source) {
    far = -1e9 * (source == 0).cast(f32).unsqueeze(1)
    look = softmax(y @ memory.transpose([0, 2, 1]) / sqrt(y.shape[2]) + far)
    return concat(y, look @ memory, axis: 2), look
}

/// The decoder is given the right words before each one (teacher forcing).
training LearnTranslation(
    source: i64[N, S], target: i64[N, T], label: i64[N, T], known = 43, written = 43, width = 64, hidden = 128, attention = true, rate = 3e-3
) {
    memory, h = source.encode(known, width, hidden, name: "encoder")
    y, _ = target.embedding(written, width, name: "words").gru(hidden, initial: h, name: "decoder")
    if attention {
        y, _ = y.attend(memory, source)
        y = y.dense(hidden, name: "combine").tanh()
    }
    logits = y.dense(written, name: "output")
    loss = logits.transpose([0, 2, 1]).crossEntropy(label)
    minimize loss, by: adam(rate), clip: globalNorm(1)
    isRight = (logits.argmax(axis: 2) == label).cast(f32)
    predict probabilities: logits.softmax(axis: 2)
    return loss: loss, accuracy: isRight.mean(), whole: isRight.min(axes: 1).mean()
}

/// The same where translations are of different lengths: what fills behind their ends does not count.
training LearnVerses(
    source: i64[N, S], target: i64[N, T], label: i64[N, T], counted: f32[N, T],
    known = 3000, written = 1800, width = 96, hidden = 192, attention = true, rate = 2e-3, steps = 3000
) {
    memory, h = source.encode(known, width, hidden, name: "encoder")
    y, _ = target.embedding(written, width, name: "words").dropout(0.2).gru(hidden, initial: h, name: "decoder")
    if attention {
        y, _ = y.attend(memory, source)
        y = y.dense(hidden, name: "combine").tanh()
    }
    logits = y.dropout(0.2).dense(written, name: "output")
    losses = logits.transpose([0, 2, 1]).crossEntropy(label, reduction: "none")
    loss = (losses * counted).sum() / counted.sum()
    minimize loss, by: adam(cosine(rate, steps: steps)), clip: globalNorm(1)
    predict probabilities: logits.softmax(axis: 2)
    return loss: loss, accuracy: ((logits.argmax(axis: 2) == label).cast(f32) * counted).sum() / counted.sum()
}
