// Huang, Liu, van der Maaten and Weinberger, "Densely connected convolutional networks", 2016.
// Parameters have torchvision's names (those of its state dict: its file on the web spells norm1 as norm.1 and so on).

/// Batch norm, ReLU and a convolution that is numbered as the norm is.
block unit(x, width, kernel, number = "") {
    y = x.batchNorm(name: "norm\(number)").relu()
    return y.conv(width, kernel: kernel, padding: kernel ~/ 2, bias: false, init: kaimingNormal(), name: "conv\(number)")
}

/// `count` layers, each of which sees the results of all before it.
block dense_block(x, count, growth) {
    for i in 1...count {
        x = concat(x, x.unit(4 * growth, 1, 1, name: "denselayer\(i)").unit(growth, 3, 2, name: "denselayer\(i)"))
    }
    return x
}

/// Classifies images, normalised by ImageNet's means and deviations.
model DenseNet121(image: f32[N, 3, 224, 224], classes = 1000, counts = [6, 12, 24, 16], growth = 32) {
    x = image.conv(2 * growth, kernel: 7, stride: 2, padding: 3, bias: false, init: kaimingNormal(), name: "features.conv0")
    x = x.batchNorm(name: "features.norm0").relu().maxPool(3, stride: 2, padding: 1)
    for i in 0..<counts.count {
        if i > 0 { x = x.unit(x.shape[1] ~/ 2, 1, name: "features.transition\(i)").averagePool(2) }
        x = x.dense_block(counts[i], growth, name: "features.denseblock\(i + 1)")
    }
    return logits: x.batchNorm(name: "features.norm5").relu().globalAveragePool().flatten().dense(classes, name: "classifier")
}
