model MLP(image: f32[N, 784], width = 512, drops = 0) {
    x = image.dense(width, name: "hidden1").relu()
    if drops > 0 { x = x.dropout(drops) }
    return logits: x.dense(width, name: "hidden2").relu().dense(10, name: "output")
}

training Learn(image: f32[N, 784], label: i64[N], width = 512, rate = 1e-3) {
    loss = MLP(image, width: width).crossEntropy(label)
    minimize loss, by: adam(rate)
    return loss: loss
}

/// The same with dropout and shifted brightness, for comparisons of runs with one another.
training Drawing(image: f32[N, 784], label: i64[N], width = 512, rate = 1e-3) {
    loss = MLP(image.gaussianNoise(0.1), width: width, drops: 0.5).crossEntropy(label)
    minimize loss, by: adam(rate)
    return loss: loss
}
