// The case study of Stanford's CS231n, "Putting it together: minimal neural network": three arms that no line parts.
// Data: points by a rule (Tools/data spiral).

/// Gives the logits of the arms; without a hidden layer where `hidden` is 0.
model Spiral(x: f32[N, 2], hidden = 100, classes = 3) {
    if hidden > 0 { x = x.dense(hidden, name: "hidden").relu() }
    return logits: x.dense(classes, name: "output")
}

/// All points in every step.
training LearnSpiral(x: f32[N, 2], label: i64[N], hidden = 100, classes = 3, rate = 1e-2, steps = 1500) {
    logits = Spiral(x, hidden: hidden, classes: classes)
    loss = logits.crossEntropy(label)
    minimize loss + 1e-4 * squaredNorm("*.weight"), by: adam(cosine(rate, steps: steps))
    predict probabilities: logits.softmax(axis: 1)
    return loss: loss, accuracy: (logits.argmax(axis: 1) == label).cast(f32).mean()
}
