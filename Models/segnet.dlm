// Badrinarayanan, Kendall and Cipolla, "SegNet: a deep convolutional encoder-decoder architecture for image segmentation", 2015.
// Layers have the names of the published Caffe network, its biases before batch norm included.

block unit(x, width, layer) {
    return x.conv(width, kernel: 3, padding: 1, name: layer).batchNorm(name: layer + "_bn").relu()
}

/// Gives a logit per class and pixel. The decoder puts elements back where max pooling took them from.
model SegNet(image: f32[N, 3, height, width], classes = 11, height = 360, width = 480) {
    widths = [64, 128, 256, 512, 512]
    counts = [2, 2, 3, 3, 3]
    x = image
    pools = []
    for stage in 0..<5 {
        for i in 1...counts[stage] { x = x.unit(widths[stage], "conv\(stage + 1)_\(i)", name: "") }
        y, indices = x.maxPool(2, ceiling: true)
        pools = pools + [[indices, x]]
        x = y
    }
    for stage in [4, 3, 2, 1, 0] {
        x = x.maxUnpool(pools[stage][0], like: pools[stage][1])
        for i in (2...counts[stage])[::-1] { x = x.unit(widths[stage], "conv\(stage + 1)_\(i)_D", name: "") }
        if stage > 0 { x = x.unit(widths[stage - 1], "conv\(stage + 1)_1_D", name: "") }
    }
    return logits: x.conv(classes, kernel: 3, padding: 1, name: "conv1_1_D")
}
