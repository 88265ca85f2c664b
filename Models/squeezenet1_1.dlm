// Iandola et al., "SqueezeNet: AlexNet-level accuracy with 50x fewer parameters and < 0.5 MB model size", 2016, in the
// authors' later form 1.1, which pools earlier. Parameters have torchvision's names.

/// Narrows to `width`, then 1 x 1 and 3 x 3 convolutions side by side.
block fire(x, width, each) {
    y = x.conv(width, kernel: 1, init: kaimingUniform(), name: "squeeze").relu()
    small = y.conv(each, kernel: 1, init: kaimingUniform(), name: "expand1x1").relu()
    return concat(small, y.conv(each, kernel: 3, padding: 1, init: kaimingUniform(), name: "expand3x3").relu())
}

/// Classifies images, normalised by ImageNet's means and deviations.
model SqueezeNet11(image: f32[N, 3, 224, 224], classes = 1000) {
    x = image.conv(64, kernel: 3, stride: 2, init: kaimingUniform(), name: "features.0").relu().maxPool(3, stride: 2, ceiling: true)
    x = x.fire(16, 64, name: "features.3").fire(16, 64, name: "features.4").maxPool(3, stride: 2, ceiling: true)
    x = x.fire(32, 128, name: "features.6").fire(32, 128, name: "features.7").maxPool(3, stride: 2, ceiling: true)
    x = x.fire(48, 192, name: "features.9").fire(48, 192, name: "features.10")
    x = x.fire(64, 256, name: "features.11").fire(64, 256, name: "features.12").dropout(0.5)
    return logits: x.conv(classes, kernel: 1, init: normal(0.01), name: "classifier.1").relu().globalAveragePool().flatten()
}
