// Ronneberger, Fischer and Brox, "U-Net: convolutional networks for biomedical image segmentation", 2015.

block double(x, width) {
    x = x.conv(width, kernel: 3, padding: 1, bias: false, name: "conv1").batchNorm(name: "bn1").relu()
    return x.conv(width, kernel: 3, padding: 1, bias: false, name: "conv2").batchNorm(name: "bn2").relu()
}

model UNet(image: f32[N, 3, size, size], size = 128, width = 64, depth = 4) {
    x = image
    skips = []
    for level in 0..<depth {
        x = x.double(width * 2 ** level, name: "down.\(level)")
        skips = skips + [x]
        x = x.maxPool(2)
    }
    x = x.double(width * 2 ** depth, name: "bottom")
    for i in 0..<depth {
        skip = skips[depth - 1 - i]
        x = x.convTranspose(skip.shape[1], kernel: 2, stride: 2, name: "grow.\(i)")
        x = concat(skip, x, axis: 1).double(skip.shape[1], name: "up.\(i)")
    }
    return logits: x.conv(1, kernel: 1, name: "output")
}

training Learn(image: f32[N, 3, size, size], mask: f32[N, 1, size, size], size = 128, width = 64, depth = 4, rate = 1e-3) {
    loss = UNet(image, size: size, width: width, depth: depth).binaryCrossEntropy(mask)
    minimize loss, by: adam(rate)
    return loss: loss
}
