// ResNet-50. He, Zhang, Ren, Sun: "Deep Residual Learning for Image Recognition", 2015.

/// Reduces, convolves and widens again, beside a shortcut.
block bottleneck(x, width, stride = 1) {
    y = x.conv(width, kernel: 1, bias: false, name: "conv1").batchNorm(name: "bn1").relu()
    y = y.conv(width, kernel: 3, stride: stride, padding: 1, bias: false, name: "conv2").batchNorm(name: "bn2").relu()
    y = y.conv(4 * width, kernel: 1, bias: false, name: "conv3").batchNorm(name: "bn3")
    if stride != 1 || x.shape[1] != 4 * width {
        x = x.conv(4 * width, kernel: 1, stride: stride, bias: false, name: "downsample.0").batchNorm(name: "downsample.1")
    }
    return relu(y + x)
}

model ResNet50(image: f32[N, 3, 224, 224], classes = 1000) {
    x = image.conv(64, kernel: 7, stride: 2, padding: 3, bias: false, name: "conv1")
        .batchNorm(name: "bn1").relu()
        .maxPool(3, stride: 2, padding: 1)
    depths = [3, 4, 6, 3]
    for stage in 0..<4 {
        for i in 0..<depths[stage] {
            x = bottleneck(x, 64 * 2 ** stage, stride: i == 0 && stage > 0 ? 2 : 1, name: "layer\(stage + 1).\(i)")
        }
    }
    return logits: x.globalAveragePool().flatten().dense(classes, name: "fc")
}
