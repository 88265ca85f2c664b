// Rosenblatt, "The perceptron: a probabilistic model for information storage and organization in the brain", 1958.

model Perceptron(x: f32[N, inputs], inputs = 400) {
    return score: x.dense(1, name: "unit")
}

/// The perceptron's criterion: what is on the wrong side counts by its distance. Targets are -1 and 1.
training Learn(x: f32[N, inputs], target: f32[N, 1], inputs = 400, rate = 0.1) {
    loss = Perceptron(x, inputs: inputs).hinge(target, margin: 0)
    minimize loss, by: sgd(rate)
    return loss: loss
}
