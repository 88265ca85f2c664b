// LeCun, Bottou, Bengio and Haffner, "Gradient-based learning applied to document recognition", 1998.

model LeNet5(image: f32[N, 1, 32, 32]) {
    x = image.conv(6, kernel: 5, name: "c1").tanh().averagePool(2)
    x = x.conv(16, kernel: 5, name: "c3").tanh().averagePool(2).flatten()
    x = x.dense(120, name: "c5").tanh().dense(84, name: "f6").tanh()
    return logits: x.dense(10, name: "output")
}

training Learn(image: f32[N, 1, 32, 32], label: i64[N], rate = 1e-3) {
    loss = LeNet5(image).crossEntropy(label)
    minimize loss, by: adam(rate)
    return loss: loss
}
