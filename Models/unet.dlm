// Ronneberger, Fischer and Brox, "U-Net: convolutional networks for biomedical image segmentation", 2015.
// With padded convolutions and batch norm, as is common today, so that the result has the image's extents.

block double(x, width) {
    x = x.conv(width, kernel: 3, padding: 1, bias: false, name: "conv1").batchNorm(name: "bn1").relu()
    return x.conv(width, kernel: 3, padding: 1, bias: false, name: "conv2").batchNorm(name: "bn2").relu()
}

/// Gives a logit per class and pixel; the image's extents are multiples of 2 ** depth.
model UNet(image: f32[N, 3, 256, 256], classes = 1, width = 64, depth = 4) {
    x = image
    skips = []
    for level in 0..<depth {
        x = x.double(width * 2 ** level, name: "down\(level + 1)")
        skips = skips + [x]
        x = x.maxPool(2)
    }
    x = x.double(width * 2 ** depth, name: "bottom")
    for skip in skips[::-1] {
        x = x.convTranspose(skip.shape[1], kernel: 2, stride: 2)
        x = concat(skip, x, axis: 1).double(skip.shape[1])
    }
    return logits: x.conv(classes, kernel: 1, name: "output")
}

/// Learns masks of 0 and 1. The loss counts pixels and, as 1 - Dice, how much of the masks overlaps (Milletari et al., 2016).
training TrainUNet(image: f32[N, 3, 256, 256], mask: f32[N, 1, 256, 256], width = 64, depth = 4, rate = 1e-4) {
    logits = UNet(image, classes: 1, width: width, depth: depth)
    chosen = logits.sigmoid()
    overlap = (2 * (chosen * mask).sum() + 1) / (chosen.sum() + mask.sum() + 1)
    loss = logits.binaryCrossEntropy(mask) + 1 - overlap
    minimize loss, by: adam(rate), average: ema(0.999)
    predict probability: chosen
    return loss: loss, overlap: overlap
}
