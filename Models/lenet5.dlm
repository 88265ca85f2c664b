// LeCun, Bottou, Bengio and Haffner, "Gradient-based learning applied to document recognition", 1998.
// In the form that is common today: tanh units, plain averages, softmax outside.

/// Recognises handwritten digits.
model LeNet5(image: f32[N, 1, 32, 32], classes = 10) {
    x = image.conv(6, kernel: 5, name: "c1").tanh().averagePool(2)
    x = x.conv(16, kernel: 5, name: "c3").tanh().averagePool(2).flatten()
    x = x.dense(120, name: "c5").tanh().dense(84, name: "f6").tanh()
    if classes == 10 { metadata "labels": ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"] }
    return logits: x.dense(classes, name: "output")
}

/// Learns from images of digits, padded to 32 × 32 pixels, that are moved and turned a little.
training TrainLeNet5(image: f32[N, 1, 32, 32], label: i64[N], classes = 10, rate = 1e-3, steps = 5000) {
    logits = LeNet5(image.randomShift(2).randomRotation(10), classes: classes)
    loss = logits.crossEntropy(label, smoothing: 0.1)
    minimize loss + 1e-4 * squaredNorm("*.weight"), by: adam(cosine(rate, steps: steps, warmup: 100))
    predict probabilities: logits.softmax(axis: 1)
    return loss: loss, accuracy: (logits.argmax(axis: 1) == label).cast(f32).mean()
}
