// Tan and Le, "EfficientNet: rethinking model scaling for convolutional neural networks", 2019.
// Parameters have torchvision's names.

import "blocks/mobile.dlm"

/// Channels scaled by what a small network makes of their averages (Hu et al., 2017).
block squeeze(x, width) {
    y = x.globalAveragePool().conv(width, kernel: 1, name: "fc1").silu()
    return x * y.conv(x.shape[1], kernel: 1, name: "fc2").sigmoid()
}

/// Widens, convolves every channel by itself, scales the channels, and narrows without an activation.
block residual(x, width, expansion, kernel, stride) {
    wide = x.shape[1] * expansion
    y = x
    index = 0
    if expansion > 1 {
        y = y.unit(wide, activation: silu, name: "block.0")
        index = 1
    }
    y = y.unit(wide, kernel: kernel, stride: stride, groups: wide, activation: silu, name: "block.\(index)")
    y = y.squeeze(x.shape[1] ~/ 4, name: "block.\(index + 1)").unit(width, activation: identity, name: "block.\(index + 2)")
    return stride == 1 && x.shape[1] == width ? x + y : y
}

/// Classifies images, normalised by ImageNet's means and deviations.
model EfficientNetB0(image: f32[N, 3, 224, 224], classes = 1000) {
    x = image.unit(32, kernel: 3, stride: 2, activation: silu, name: "features.0")
    // Table 1: expansion, kernel, stride of the first, width, how many.
    rows = [[1, 3, 1, 16, 1], [6, 3, 2, 24, 2], [6, 5, 2, 40, 2], [6, 3, 2, 80, 3], [6, 5, 1, 112, 3], [6, 5, 2, 192, 4], [6, 3, 1, 320, 1]]
    for stage in 0..<7 {
        expansion, kernel, stride, width, count = rows[stage]
        for i in 0..<count {
            x = x.residual(width, expansion, kernel, i == 0 ? stride : 1, name: "features.\(stage + 1).\(i)")
        }
    }
    x = x.unit(1280, activation: silu, name: "features.8").globalAveragePool().flatten().dropout(0.2)
    return logits: x.dense(classes, init: uniform(1 / sqrt(classes)), name: "classifier.1")
}
