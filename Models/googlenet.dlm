// Szegedy et al., "Going deeper with convolutions", 2014. Parameters have torchvision's names; as there, batch norm
// replaces response normalisation and branch 3 is 3 x 3 where the paper has 5 x 5. Auxiliary classifiers are left out
// (--rename 'aux*=').

import "blocks/inception.dlm"

/// Four branches side by side; `reduced` are the widths in front of the larger kernels of branches 2 and 3.
block inception(x, widths, reduced) {
    first = x.unit(widths[0], name: "branch1")
    second = x.unit(reduced[0], name: "branch2.0").unit(widths[1], kernel: 3, name: "branch2.1")
    third = x.unit(reduced[1], name: "branch3.0").unit(widths[2], kernel: 3, name: "branch3.1")
    return concat(first, second, third, x.maxPool(3, stride: 1, padding: 1).unit(widths[3], name: "branch4.1"))
}

/// Classifies images that are scaled to -1 ... 1.
model GoogLeNet(image: f32[N, 3, 224, 224], classes = 1000) {
    x = image.unit(64, kernel: 7, stride: 2, padding: 3, name: "conv1").maxPool(3, stride: 2, ceiling: true)
    x = x.unit(64, name: "conv2").unit(192, kernel: 3, name: "conv3").maxPool(3, stride: 2, ceiling: true)
    x = x.inception([64, 128, 32, 32], [96, 16], name: "inception3a")
    x = x.inception([128, 192, 96, 64], [128, 32], name: "inception3b").maxPool(3, stride: 2, ceiling: true)
    x = x.inception([192, 208, 48, 64], [96, 16], name: "inception4a")
    x = x.inception([160, 224, 64, 64], [112, 24], name: "inception4b")
    x = x.inception([128, 256, 64, 64], [128, 24], name: "inception4c")
    x = x.inception([112, 288, 64, 64], [144, 32], name: "inception4d")
    x = x.inception([256, 320, 128, 128], [160, 32], name: "inception4e").maxPool(2, ceiling: true)
    x = x.inception([256, 320, 128, 128], [160, 32], name: "inception5a")
    x = x.inception([384, 384, 128, 128], [192, 48], name: "inception5b")
    return logits: x.globalAveragePool().flatten().dropout(0.2).dense(classes, name: "fc")
}
