// He, Zhang, Ren and Sun, "Deep residual learning for image recognition", 2015.
// Strides are where torchvision has them: in the 3 x 3 convolution of a bottleneck.

block shortcut(x, width, stride, epsilon) {
    changes = stride != 1 || x.shape[1] != width
    if !changes { return x }
    return x.conv(width, kernel: 1, stride: stride, bias: false, name: "downsample.0").batchNorm(epsilon: epsilon, name: "downsample.1")
}

/// Two 3 x 3 convolutions.
block basic(x, width, stride = 1, dilation = 1, epsilon = 1e-5) {
    y = x.conv(width, kernel: 3, stride: stride, padding: dilation, dilation: dilation, bias: false, name: "conv1")
    y = y.batchNorm(epsilon: epsilon, name: "bn1").relu()
    y = y.conv(width, kernel: 3, padding: 1, bias: false, name: "conv2").batchNorm(epsilon: epsilon, name: "bn2")
    return relu(y + x.shortcut(width, stride, epsilon, name: ""))
}

/// A 3 x 3 convolution between 1 x 1 convolutions, the last with four times the width.
block bottleneck(x, width, stride = 1, dilation = 1, epsilon = 1e-5) {
    y = x.conv(width, kernel: 1, bias: false, name: "conv1").batchNorm(epsilon: epsilon, name: "bn1").relu()
    y = y.conv(width, kernel: 3, stride: stride, padding: dilation, dilation: dilation, bias: false, name: "conv2")
    y = y.batchNorm(epsilon: epsilon, name: "bn2").relu()
    y = y.conv(4 * width, kernel: 1, bias: false, name: "conv3").batchNorm(epsilon: epsilon, name: "bn3")
    return relu(y + x.shortcut(4 * width, stride, epsilon, name: ""))
}

/// The results of the four stages; `counts` says how many blocks each has.
/// Strides beyond `outputStride` in all become dilations (Chen et al., 2017), as segmentation wants.
block stages(image, kind, counts, outputStride = 32, epsilon = 1e-5) {
    x = image.conv(64, kernel: 7, stride: 2, padding: 3, bias: false, name: "conv1")
    x = x.batchNorm(epsilon: epsilon, name: "bn1").relu().maxPool(3, stride: 2, padding: 1)
    maps = []
    dilation = 1
    for stage in 0..<4 {
        for i in 0..<counts[stage] {
            reduces = i == 0 && stage > 0
            dilates = reduces && 4 * 2 ** stage > outputStride
            stride = reduces && !dilates ? 2 : 1
            x = kind(x, 64 * 2 ** stage, stride: stride, dilation: dilation, epsilon: epsilon, name: "layer\(stage + 1).\(i)")
            if dilates { dilation = 2 * dilation }
        }
        maps = maps + [x]
    }
    return maps
}

/// From the image to the logits.
block resnet(image, kind, counts, classes) {
    x = image.stages(kind, counts, name: "")[3]
    return x.globalAveragePool().flatten().dense(classes, name: "fc")
}
