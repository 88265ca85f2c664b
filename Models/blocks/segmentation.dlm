// Parts that torchvision's segmentation networks share.

/// Two convolutions, to a logit per class and place (Long, Shelhamer and Darrell, 2015).
block fcnHead(x, classes) {
    x = x.conv(x.shape[1] ~/ 4, kernel: 3, padding: 1, bias: false, name: "0").batchNorm(name: "1").relu().dropout(0.1)
    return x.conv(classes, kernel: 1, name: "4")
}
