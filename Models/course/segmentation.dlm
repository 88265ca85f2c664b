// Ronneberger, Fischer and Brox, "U-Net", 2015; Long, Shelhamer and Darrell, "Fully convolutional networks for semantic
// segmentation", 2015; Badrinarayanan, Kendall and Cipolla, "SegNet", 2015. All three in small.
// Data: scenes of discs, squares and triangles by a rule (Tools/data scenes).

block unit(x, width) {
    return x.conv(width, kernel: 3, padding: 1, bias: false).batchNorm().relu()
}

/// Skips carry what pooling loses.
block unet(x, classes, width) {
    skips = []
    for level in 0..<3 {
        x = x.unit(width * 2 ** level).unit(width * 2 ** level)
        skips = skips + [x]
        x = x.maxPool(2)
    }
    x = x.unit(width * 8)
    for skip in skips[::-1] {
        x = x.convTranspose(skip.shape[1], kernel: 2, stride: 2)
        x = concat(skip, x, axis: 1).unit(skip.shape[1])
    }
    return x.conv(classes, name: "output")
}

/// Scores of three resolutions are enlarged and added.
block fcn(x, classes, width) {
    x = x.unit(width).maxPool(2)
    a = x.unit(2 * width).maxPool(2)
    b = a.unit(4 * width).maxPool(2)
    c = b.unit(8 * width).conv(classes, name: "score8")
    x = c.convTranspose(classes, kernel: 4, stride: 2, padding: 1, init: bilinear) + a.conv(classes, name: "score4")
    return x.convTranspose(classes, kernel: 8, stride: 4, padding: 2, init: bilinear)
}

/// The decoder puts elements back where max pooling took them from.
block segnet(x, classes, width) {
    pools = []
    for level in 0..<3 {
        x = x.unit(width * 2 ** level)
        y, indices = x.maxPool(2)
        pools = pools + [[indices, x]]
        x = y
    }
    for level in [2, 1, 0] {
        x = x.maxUnpool(pools[level][0], like: pools[level][1])
        x = x.unit(level > 0 ? width * 2 ** (level - 1) : width)
    }
    return x.conv(classes, name: "output")
}

/// Gives the logits of every pixel's class; `network` is unet, fcn or segnet.
model Segment(image: f32[N, 3, 48, 48], network = "unet", width = 12, classes = 4) {
    check network == "unet" || network == "fcn" || network == "segnet", "network is unet, fcn or segnet"
    x = 2 * image - 1
    if network == "unet" { x = x.unet(classes, width) } else if network == "fcn" { x = x.fcn(classes, width) } else { x = x.segnet(classes, width) }
    return logits: x
}

training LearnSegment(
    image: f32[N, 3, 48, 48], mask: i64[N, 48, 48], network = "unet", width = 12, classes = 4, rate = 4e-3, steps = 1200
) {
    logits = Segment(image, network: network, width: width, classes: classes)
    loss = logits.crossEntropy(mask)
    minimize loss, by: adam(oneCycle(rate, steps: steps))
    found = logits.argmax(axis: 1)
    predict found: logits.argmax(axis: 1)
    return loss: loss, accuracy: (found == mask).cast(f32).mean(), found: found
}
