// Long, Shelhamer and Darrell, "Fully convolutional networks for semantic segmentation", 2015: FCN-8s.
// Padding, crops and the names of parameters are those of the published Caffe network.

block unit(x, width, kernel = 3, padding = 1) {
    return x.conv(width, kernel: kernel, padding: padding, name: "").relu()
}

/// Makes x larger: at first by interpolation, then as learned.
block enlarge(x, factor) {
    return x.convTranspose(x.shape[1], kernel: 2 * factor, stride: factor, bias: false, init: bilinear, name: "")
}

/// The part of x that lies under `like`, from `offset` on.
block under(x, like, offset) {
    return x[:, :, offset:offset + like.shape[2], offset:offset + like.shape[3]]
}

/// Gives a logit per class and pixel.
model FCN8s(image: f32[N, 3, height, width], classes = 21, height = 500, width = 500) {
    widths = [64, 128, 256, 512, 512]
    counts = [2, 2, 3, 3, 3]
    x = image
    pools = []
    for stage in 0..<5 {
        for i in 0..<counts[stage] {
            x = x.unit(widths[stage], padding: stage == 0 && i == 0 ? 100 : 1, name: "conv\(stage + 1)_\(i + 1)")
        }
        x = x.maxPool(2, ceiling: true)
        pools = pools + [x]
    }
    x = x.unit(4096, kernel: 7, padding: 0, name: "fc6").dropout(0.5).unit(4096, kernel: 1, padding: 0, name: "fc7").dropout(0.5)
    x = x.conv(classes, name: "score_fr").enlarge(2, name: "upscore2")
    x = (x + pools[3].conv(classes, name: "score_pool4").under(x, 5)).enlarge(2, name: "upscore_pool4")
    x = (x + pools[2].conv(classes, name: "score_pool3").under(x, 9)).enlarge(8, name: "upscore8")
    return logits: x.under(image, 31)
}
