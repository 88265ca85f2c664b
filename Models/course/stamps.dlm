// He, Zhang, Ren and Sun, "Deep residual learning for image recognition", 2016; mixed pictures after Yun et al., "CutMix:
// regularization strategy to train strong classifiers with localizable features", 2019.
// Data: Tux Paint's stamps in seven kinds, 502 to learn from and 168 held out (Tools/data tuxpaint).

block residual(x, width, stride = 1) {
    y = x.conv(width, kernel: 3, stride: stride, padding: 1, bias: false).batchNorm().relu()
    y = y.conv(width, kernel: 3, padding: 1, bias: false).batchNorm()
    isSame = stride == 1 && x.shape[1] == width
    return relu(y + (isSame ? x : x.conv(width, kernel: 1, stride: stride, bias: false)))
}

/// Tells what kind of thing a picture shows.
model Stamps(image: f32[N, 3, 48, 48], width = 16, classes = 7) {
    x = image.conv(width, kernel: 3, stride: 2, padding: 1, bias: false, name: "stem").batchNorm(name: "norm").relu()
    for i in 0..<3 { x = x.residual(width * 2 ** i, stride: i > 0 ? 2 : 1, name: "stage\(i + 1)") }
    if classes == 7 { metadata "labels": ["animals", "food", "plants", "seasonal", "symbols", "town", "vehicles"] }
    return logits: x.globalAveragePool().flatten().dropout(0.2).dense(classes, name: "output")
}

/// 1 in a box of each picture that is drawn anew, 0 outside; no box in an evaluation, which draws the middles.
block boxes(image) {
    shape = [image.shape[0], 1, 1, 1]
    half = 24 * fill(shape, 0).randomUniform(low: -1, high: 1).abs().sqrt()
    down = 48 * fill(shape, 0).randomUniform()
    across = 48 * fill(shape, 0).randomUniform()
    places = tensor(0..<48, type: f32)
    isRow = (places.reshape([1, 1, 48, 1]) - down).abs() < half
    isColumn = (places.reshape([1, 1, 1, 48]) - across).abs() < half
    return (isRow && isColumn).cast(f32)
}

/// With shifts and mirrors, with smoothed labels, or with boxes of other pictures.
training LearnStamps(
    image: f32[N, 3, 48, 48], label: i64[N], width = 16, classes = 7, rate = 3e-3, steps = 600, augment = true, smoothing = 0.0, mix = false
) {
    x = 2 * image - 1
    if augment { x = x.randomFlip().randomShift(4) }
    part = 0
    if mix {
        box = x.boxes()
        x = x * (1 - box) + x[::-1] * box
        part = box.mean(axes: [1, 2, 3])
    }
    logits = Stamps(x, width: width, classes: classes)
    loss = logits.crossEntropy(label, smoothing: smoothing)
    cost = loss
    if mix {
        own = logits.crossEntropy(label, smoothing: smoothing, reduction: "none")
        others = logits.crossEntropy(label[::-1], smoothing: smoothing, reduction: "none")
        cost = ((1 - part) * own + part * others).mean()
    }
    minimize cost, by: adamW(oneCycle(rate, steps: steps), weightDecay: 0.05), decay: "*.weight"
    predict probabilities: logits.softmax(axis: 1)
    return loss: loss, accuracy: (logits.argmax(axis: 1) == label).cast(f32).mean(), logits: logits
}
