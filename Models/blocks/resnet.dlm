// He, Zhang, Ren and Sun, "Deep residual learning for image recognition", 2015.
// Strides are where torchvision has them: in the 3 x 3 convolution of a bottleneck.

block shortcut(x, width, stride) {
    changes = stride != 1 || x.shape[1] != width
    return changes ? x.conv(width, kernel: 1, stride: stride, bias: false, name: "downsample.0").batchNorm(name: "downsample.1") : x
}

/// Two 3 x 3 convolutions.
block basic(x, width, stride = 1) {
    y = x.conv(width, kernel: 3, stride: stride, padding: 1, bias: false, name: "conv1").batchNorm(name: "bn1").relu()
    y = y.conv(width, kernel: 3, padding: 1, bias: false, name: "conv2").batchNorm(name: "bn2")
    return relu(y + x.shortcut(width, stride, name: ""))
}

/// A 3 x 3 convolution between 1 x 1 convolutions, the last with four times the width.
block bottleneck(x, width, stride = 1) {
    y = x.conv(width, kernel: 1, bias: false, name: "conv1").batchNorm(name: "bn1").relu()
    y = y.conv(width, kernel: 3, stride: stride, padding: 1, bias: false, name: "conv2").batchNorm(name: "bn2").relu()
    y = y.conv(4 * width, kernel: 1, bias: false, name: "conv3").batchNorm(name: "bn3")
    return relu(y + x.shortcut(4 * width, stride, name: ""))
}

/// From the image to the logits; `counts` says how many blocks each stage has.
block resnet(image, kind, counts, classes) {
    x = image.conv(64, kernel: 7, stride: 2, padding: 3, bias: false, name: "conv1").batchNorm(name: "bn1").relu()
    x = x.maxPool(3, stride: 2, padding: 1)
    for stage in 0..<4 {
        for i in 0..<counts[stage] {
            x = kind(x, 64 * 2 ** stage, stride: i == 0 && stage > 0 ? 2 : 1, name: "layer\(stage + 1).\(i)")
        }
    }
    return x.globalAveragePool().flatten().dense(classes, name: "fc")
}
