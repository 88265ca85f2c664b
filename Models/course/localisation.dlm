// Sermanet et al., "OverFeat: integrated recognition, localization and detection using convolutional networks", 2014: one backbone
// with a head for the class and one for the box.
// Data: one shape on a picture, by a rule (Tools/data one-shape).

block unit(x, width) {
    return x.conv(width, kernel: 3, padding: 1, bias: false).batchNorm().relu()
}

/// The logits of the class, and the box (left, top, right, bottom) in parts of the picture's extents.
model Locate(image: f32[N, 3, 48, 48], width = 16, classes = 3) {
    x = 2 * image - 1
    for i in 0..<4 { x = x.unit(width * min(2 ** i, 4)).maxPool(2) }
    x = x.flatten().dense(128, name: "hidden").relu()
    return logits: x.dense(classes, name: "class"), box: x.dense(4, name: "box").sigmoid()
}

training LearnLocate(image: f32[N, 3, 48, 48], label: i64[N], box: f32[N, 4], width = 16, classes = 3, rate = 3e-3, steps = 800) {
    logits, found = Locate(image, width: width, classes: classes)
    loss = logits.crossEntropy(label) + 10 * found.huber(box, delta: 0.1)
    minimize loss, by: adam(oneCycle(rate, steps: steps))
    least = found[:, :2].maximum(box[:, :2])
    most = found[:, 2:].minimum(box[:, 2:])
    shared = (most - least).relu().product(axes: 1)
    each = (found[:, 2:] - found[:, :2]).relu().product(axes: 1) + (box[:, 2:] - box[:, :2]).product(axes: 1)
    predict probabilities: logits.softmax(axis: 1), place: found
    return loss: loss, accuracy: (logits.argmax(axis: 1) == label).cast(f32).mean(), overlap: (shared / (each - shared)).mean()
}
