// Sandler, Howard, Zhu, Zhmoginov and Chen, "MobileNetV2: inverted residuals and linear bottlenecks", 2018.
// Parameters have torchvision's names.

import "blocks/mobile.dlm"

/// Widens, convolves every channel by itself, and narrows without an activation.
block residual(x, width, expansion, stride) {
    wide = x.shape[1] * expansion
    y = x
    index = 0
    if expansion > 1 {
        y = y.unit(wide, name: "conv.0")
        index = 1
    }
    y = y.unit(wide, kernel: 3, stride: stride, groups: wide, name: "conv.\(index)")
    y = y.conv(width, kernel: 1, bias: false, init: kaimingNormal(fan: "out"), name: "conv.\(index + 1)").batchNorm(name: "conv.\(index + 2)")
    return stride == 1 && x.shape[1] == width ? x + y : y
}

/// Classifies images, normalised by ImageNet's means and deviations.
model MobileNetV2(image: f32[N, 3, 224, 224], classes = 1000) {
    x = image.unit(32, kernel: 3, stride: 2, name: "features.0")
    index = 1
    // Table 2: expansion, width, how many, stride of the first.
    for row in [[1, 16, 1, 1], [6, 24, 2, 2], [6, 32, 3, 2], [6, 64, 4, 2], [6, 96, 3, 1], [6, 160, 3, 2], [6, 320, 1, 1]] {
        for i in 0..<row[2] {
            x = x.residual(row[1], row[0], i == 0 ? row[3] : 1, name: "features.\(index)")
            index = index + 1
        }
    }
    x = x.unit(1280, name: "features.\(index)").globalAveragePool().flatten().dropout(0.2)
    return logits: x.dense(classes, init: normal(0.01), name: "classifier.1")
}
