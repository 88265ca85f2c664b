// YOLO v3-tiny. Redmon, Farhadi, 2018.

block unit(x, width, kernel = 3) {
    return x.conv(width, kernel: kernel, padding: (kernel - 1) ~/ 2, bias: false).batchNorm().leakyRelu(0.1)
}

model YOLOv3Tiny(image: f32[N, 3, 416, 416], classes = 80, threshold = 0.5, limit = .infinity) {
    x = image
    early = []
    for width in [16, 32, 64, 128, 256, 512] {
        x = unit(x, width)
        if width == 256 { early = [x] }
        if width < 512 {
            x = x.maxPool(2)
        } else if width == 512 {
            x = x.pad([0, 0, 0, 1, 0, 1], value: -1e9).maxPool(2, stride: 1)
        } else {
            check false, "width \(width) is too large"
        }
    }
    x = unit(unit(x, 1024), 256, kernel: 1)
    coarse = unit(x, 512).conv(3 * (classes + 5), kernel: 1)
    y = concat([unit(x, 128, kernel: 1).upsample(2), early[0]], axis: 1)
    fine = unit(y, 256).conv(3 * (classes + 5), kernel: 1)
    boxes, kept = nonMaximumSuppression(decodeBoxes(coarse, fine), threshold: threshold, limit: limit)
    return boxes: boxes, kept: kept
}
