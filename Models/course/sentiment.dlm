// Recurrent networks over words: Elman, "Finding structure in time", 1990; Hochreiter and Schmidhuber, 1997; Cho et al., 2014.
// Data: sentences of film reviews and tweets that people rated as good or bad (Tools/data sentiment), padded in front.

/// Tells bad (0) from good (1). `cell` is rnn, gru, lstm, or bag for the average of the words alone.
model Sentiment(words: i64[N, T], vocabulary = 10489, width = 32, hidden = 32, cell = "lstm") {
    x = words.embedding(vocabulary, width, init: normal(0.1), name: "words").dropout(0.5)
    isWord = (words != 0).cast(f32).unsqueeze(2)
    x = x * isWord
    if cell == "bag" { x = x.sum(axes: 1) / isWord.sum(axes: 1).maximum(1) }
    if cell == "rnn" {
        y, _ = x.rnn(hidden, bidirectional: true, name: "cell")
        x = y.max(axes: 1)
    }
    if cell == "gru" {
        y, _ = x.gru(hidden, bidirectional: true, name: "cell")
        x = y.max(axes: 1)
    }
    if cell == "lstm" {
        y, _ = x.lstm(hidden, bidirectional: true, name: "cell")
        x = y.max(axes: 1)
    }
    return logits: x.dropout(0.5).dense(2, name: "output")
}

training LearnSentiment(words: i64[N, T], label: i64[N], vocabulary = 10489, width = 32, hidden = 32, cell = "lstm", rate = 3e-3) {
    logits = Sentiment(words, vocabulary: vocabulary, width: width, hidden: hidden, cell: cell)
    loss = logits.crossEntropy(label)
    minimize loss, by: adam(rate), clip: globalNorm(1), average: ema(0.99)
    predict probabilities: logits.softmax(axis: 1)
    return loss: loss, accuracy: (logits.argmax(axis: 1) == label).cast(f32).mean()
}
