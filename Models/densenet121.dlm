// Huang, Liu, van der Maaten and Weinberger, "Densely connected convolutional networks", 2016.
// Parameters have torchvision's names; its published file has points before their numbers, which four renamings take out:
// --rename '*.norm.1.*=*.norm1.*', and the same for norm2, conv1 and conv2.

/// Batch norm, ReLU and a convolution; `number` tells several in one place apart.
block unit(x, width, kernel, number = "") {
    y = x.batchNorm(name: "norm\(number)").relu()
    return y.conv(width, kernel: kernel, padding: kernel ~/ 2, bias: false, init: kaimingNormal(), name: "conv\(number)")
}

/// What came, and `growth` more channels.
block layer(x, growth) {
    return concat(x, x.unit(4 * growth, kernel: 1, number: 1, name: "").unit(growth, kernel: 3, number: 2, name: ""))
}

/// Classifies images, normalised by ImageNet's means and deviations.
model DenseNet121(image: f32[N, 3, 224, 224], classes = 1000, counts = [6, 12, 24, 16], growth = 32) {
    x = image.conv(2 * growth, kernel: 7, stride: 2, padding: 3, bias: false, init: kaimingNormal(), name: "features.conv0")
    x = x.batchNorm(name: "features.norm0").relu().maxPool(3, stride: 2, padding: 1)
    for i in 0..<counts.count {
        if i > 0 { x = x.unit(x.shape[1] ~/ 2, kernel: 1, name: "features.transition\(i)").averagePool(2) }
        for j in 1...counts[i] { x = x.layer(growth, name: "features.denseblock\(i + 1).denselayer\(j)") }
    }
    return logits: x.batchNorm(name: "features.norm5").relu().globalAveragePool().flatten().dense(classes, name: "classifier")
}
