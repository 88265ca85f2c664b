// Rosenblatt, "The perceptron: a probabilistic model for information storage and organization in the brain", 1958.

/// 1 where the weighted sum of the inputs reaches the threshold, which is minus the bias, else 0. By default there are as
/// many inputs as the Mark I had photocells.
model Perceptron(x: f32[N, inputs], inputs = 400, units = 1) {
    return fires: x.dense(units, name: "").step()
}
