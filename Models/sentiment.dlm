// Graves and Schmidhuber, "Framewise phoneme classification with bidirectional LSTM networks", 2005; trained on reviews
// as in Maas et al., "Learning word vectors for sentiment analysis", 2011.
// Weights and biases are those of torch.nn.LSTM.

/// Classifies texts of one length by what both directions have when they have read everything.
model Sentiment(words: i64[N, T], classes = 2, vocabulary = 20000, width = 128, hidden = 128) {
    y, _ = words.embedding(vocabulary, width).lstm(hidden, bidirectional: true, outputs: "last")
    return logits: y.dense(classes, name: "output")
}
