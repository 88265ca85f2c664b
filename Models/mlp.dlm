// Rumelhart, Hinton and Williams, "Learning representations by back-propagating errors", 1986, with the ReLU units of
// Nair and Hinton, "Rectified linear units improve restricted Boltzmann machines", 2010, in place of sigmoid ones.

/// Classifies images of handwritten digits.
model MLP(image: f32[N, 1, 28, 28], widths = [256, 128], classes = 10) {
    x = image.flatten()
    for i in 0..<widths.count { x = x.dense(widths[i], init: kaimingNormal(), name: "hidden\(i + 1)").relu() }
    return logits: x.dense(classes, name: "output")
}

/// Gradient descent with momentum.
training TrainMLP(image: f32[N, 1, 28, 28], label: i64[N], widths = [256, 128], classes = 10, rate = 0.1) {
    logits = MLP(image, widths: widths, classes: classes)
    loss = logits.crossEntropy(label)
    minimize loss, by: sgd(rate, momentum: 0.9)
    predict probabilities: logits.softmax(axis: 1)
    return loss: loss, accuracy: (logits.argmax(axis: 1) == label).cast(f32).mean()
}
