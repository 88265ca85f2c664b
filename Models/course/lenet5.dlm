// LeCun, Bottou, Bengio and Haffner, "Gradient-based learning applied to document recognition", 1998, with max pooling and
// rectifiers, as is common today.
// Data: 5,000 of MNIST's digits, 1,000 of them held out (Tools/data mnist-5k).

/// What the two stages of convolutions and the first dense layers make of a picture.
block features(x) {
    x = x.pad([2, 2, 2, 2]).conv(6, kernel: 5, name: "c1").relu().maxPool(2)
    x = x.conv(16, kernel: 5, name: "c3").relu().maxPool(2).flatten()
    return x.dense(120, name: "c5").relu()
}

/// Reads handwritten digits.
model LeNet5(image: f32[N, 1, 28, 28], classes = 10) {
    if classes == 10 { metadata "labels": ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"] }
    return logits: image.features(name: "features").dropout(0.3).dense(84, name: "f6").relu().dense(classes, name: "output")
}

/// Learns from pictures that are moved and turned a little.
training LearnLeNet5(image: f32[N, 1, 28, 28], label: i64[N], classes = 10, rate = 3e-3, steps = 2500, smoothing = 0.0, augment = true) {
    logits = LeNet5(augment ? image.randomShift(2).randomRotation(12) : image, classes: classes)
    loss = logits.crossEntropy(label, smoothing: smoothing)
    minimize loss, by: adamW(oneCycle(rate, steps: steps), weightDecay: 0.02), decay: "*.weight", average: ema(0.995)
    predict probabilities: logits.softmax(axis: 1)
    return loss: loss, accuracy: (logits.argmax(axis: 1) == label).cast(f32).mean()
}

/// Transfer: features that were learned elsewhere (`--weights`) stay, the two last layers learn anew from few pictures.
training Transfer(image: f32[N, 1, 28, 28], label: i64[N], classes = 10, rate = 3e-3, frozen = true) {
    if frozen { freeze "features.*" }
    logits = LeNet5(image, classes: classes)
    loss = logits.crossEntropy(label)
    minimize loss, by: adam(rate)
    predict probabilities: logits.softmax(axis: 1)
    return loss: loss, accuracy: (logits.argmax(axis: 1) == label).cast(f32).mean()
}
