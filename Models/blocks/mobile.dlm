// What MobileNetV2 and EfficientNet share.

/// A convolution without bias, batch norm and an activation.
block unit(x, width, kernel = 1, stride = 1, groups = 1, activation = relu6) {
    y = x.conv(width, kernel: kernel, stride: stride, padding: kernel ~/ 2, groups: groups, bias: false, init: kaimingNormal(fan: "out"), name: "0")
    return activation(y.batchNorm(name: "1"))
}
