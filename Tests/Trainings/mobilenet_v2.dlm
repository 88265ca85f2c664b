// Sandler, Howard, Zhu, Zhmoginov and Chen, "MobileNetV2: inverted residuals and linear bottlenecks", 2018.

block unit(x, width, kernel = 1, stride = 1, groups = 1) {
    y = x.conv(width, kernel: kernel, stride: stride, padding: kernel ~/ 2, groups: groups, bias: false, name: "conv")
    return y.batchNorm(name: "bn").relu6()
}

block residual(x, width, expansion, stride) {
    wide = x.shape[1] * expansion
    y = expansion > 1 ? x.unit(wide, name: "widen") : x
    y = y.unit(wide, kernel: 3, stride: stride, groups: wide, name: "deep")
    y = y.conv(width, kernel: 1, bias: false, name: "narrow").batchNorm(name: "bn")
    return stride == 1 && x.shape[1] == width ? x + y : y
}

/// `rows` are those of table 2: expansion, width, how many, stride of the first.
model MobileNetV2(image: f32[N, 3, size, size], size = 224, rows = [[1, 16, 1, 1]], first = 32, last = 1280, classes = 1000) {
    x = image.unit(first, kernel: 3, stride: 2, name: "first")
    index = 0
    for row in rows {
        for i in 0..<row[2] {
            x = x.residual(row[1], row[0], i == 0 ? row[3] : 1, name: "blocks.\(index)")
            index = index + 1
        }
    }
    return logits: x.unit(last, name: "last").mean(axes: [2, 3]).dense(classes, name: "output")
}

training Learn(
    image: f32[N, 3, size, size], label: i64[N], size = 224, first = 32, last = 1280, classes = 1000,
    rows = [[1, 16, 1, 1], [6, 24, 2, 2], [6, 32, 3, 2], [6, 64, 4, 2], [6, 96, 3, 1], [6, 160, 3, 2], [6, 320, 1, 1]], rate = 1e-3
) {
    logits = MobileNetV2(image, size: size, rows: rows, first: first, last: last, classes: classes)
    loss = logits.crossEntropy(label)
    minimize loss, by: adam(rate)
    return loss: loss
}
