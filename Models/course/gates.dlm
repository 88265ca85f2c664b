// Rosenblatt, "The perceptron", 1958, and what one layer cannot tell apart: Minsky and Papert, "Perceptrons", 1969.
// Data: the four rows of a truth table (Tools/data and or xor). AND and OR are learned without a mistake; XOR is not, before
// there is a hidden layer (Rumelhart, Hinton and Williams, 1986).

/// Fires where a weighted sum reaches a threshold.
model Perceptron(x: f32[N, 2]) {
    sum = x.dense(1, name: "sum")
    return fires: sum.step(), sum: sum
}

/// One hidden layer in between.
model TwoLayers(x: f32[N, 2], hidden = 4) {
    sum = x.dense(hidden, name: "hidden").tanh().dense(1, name: "sum")
    return fires: sum.step(), sum: sum
}

/// Rosenblatt's rule: a step along every row on the wrong side, none along the others.
training LearnGate(x: f32[N, 2], target: f32[N, 1], rate = 0.1) {
    fires, sum = Perceptron(x)
    loss = sum.hinge(2 * target - 1, margin: 0)
    minimize loss, by: sgd(rate)
    predict fires: fires
    return loss: loss, accuracy: (fires == target).cast(f32).mean()
}

/// Backpropagation.
training LearnXOR(x: f32[N, 2], target: f32[N, 1], hidden = 4, rate = 0.05) {
    fires, sum = TwoLayers(x, hidden: hidden)
    loss = sum.binaryCrossEntropy(target)
    minimize loss, by: adam(rate)
    predict fires: fires
    return loss: loss, accuracy: (fires == target).cast(f32).mean()
}
