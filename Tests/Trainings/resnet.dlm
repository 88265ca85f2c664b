// He, Zhang, Ren and Sun, "Deep residual learning for image recognition", 2015: for small images (section 4.2) and ResNet-18.

block basic(x, channels, stride = 1) {
    y = x.conv(channels, kernel: 3, stride: stride, padding: 1, bias: false, name: "conv1").batchNorm(name: "bn1").relu()
    y = y.conv(channels, kernel: 3, padding: 1, bias: false, name: "conv2").batchNorm(name: "bn2")
    if stride != 1 || x.shape[1] != channels {
        x = x.conv(channels, kernel: 1, stride: stride, bias: false, name: "downsample.0").batchNorm(name: "downsample.1")
    }
    return relu(x + y)
}

/// `counts[i]` blocks with `width * 2 ** i` channels; `large` is for images of 224 x 224.
model ResNet(image: f32[N, 3, size, size], size = 32, counts = [3, 3, 3], width = 16, classes = 10, large = false) {
    x = image
    if large {
        x = x.conv(width, kernel: 7, stride: 2, padding: 3, bias: false, name: "conv").batchNorm(name: "bn").relu()
        x = x.maxPool(3, stride: 2, padding: 1)
    } else {
        x = x.conv(width, kernel: 3, padding: 1, bias: false, name: "conv").batchNorm(name: "bn").relu()
    }
    for i in 0..<counts.count {
        for j in 0..<counts[i] {
            x = x.basic(width * 2 ** i, stride: i > 0 && j == 0 ? 2 : 1, name: "stages.\(i).\(j)")
        }
    }
    return logits: x.mean(axes: [2, 3]).dense(classes, name: "output")
}

training Learn(
    image: f32[N, 3, size, size], label: i64[N],
    size = 32, counts = [3, 3, 3], width = 16, classes = 10, large = false, rate = 1e-3
) {
    logits = ResNet(image, size: size, counts: counts, width: width, classes: classes, large: large)
    loss = logits.crossEntropy(label)
    minimize loss, by: adam(rate)
    return loss: loss
}
