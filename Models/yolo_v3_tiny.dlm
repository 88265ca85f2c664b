// Redmon and Farhadi, "YOLOv3: an incremental improvement", 2018: the small network.
// Layers are numbered as in Darknet's yolov3-tiny.cfg, so that its weights, which lie in this order, can be mapped.

block unit(x, width, kernel = 3) {
    x = x.conv(width, kernel: kernel, padding: kernel ~/ 2, bias: false, name: "conv").batchNorm(name: "bn")
    return x.leakyRelu(0.1)
}

/// Boxes (left, top, right, bottom) in pixels and scores per class, from what one scale says of its anchors' extents.
block decode(x, anchors, stride, classes) {
    count, rows, columns = [anchors.count, x.shape[2], x.shape[3]]
    parts = x.reshape([-1, count, 5 + classes, rows, columns]).transpose([0, 1, 3, 4, 2])
    across = tensor(0..<columns, type: f32).reshape([1, columns, 1]).expand([rows, columns, 1])
    down = tensor(0..<rows, type: f32).reshape([rows, 1, 1]).expand([rows, columns, 1])
    centers = (sigmoid(parts[:, :, :, :, 0:2]) + concat(across, down, axis: -1)) * stride
    half = exp(parts[:, :, :, :, 2:4]) * tensor(anchors, type: f32).reshape([count, 1, 1, 2]) / 2
    boxes = concat(centers - half, centers + half, axis: -1)
    scores = sigmoid(parts[:, :, :, :, 4:5]) * sigmoid(parts[:, :, :, :, 5:])
    return boxes.reshape([-1, count * rows * columns, 4]), scores.reshape([-1, count * rows * columns, classes])
}

/// Finds objects at two scales; `image` has values from 0 to 1. `kept` are the indices of the boxes of every class that do
/// not overlap better ones, from the best score down, then -1.
model YOLOv3Tiny(image: f32[N, 3, size, size], classes = 80, size = 416, limit = 100, overlap = 0.45, threshold = 0.5) {
    anchors = [[10, 14], [23, 27], [37, 58], [81, 82], [135, 169], [344, 319]]
    x = image
    for i in 0..<4 { x = x.unit(16 * 2 ** i, name: "\(2 * i)").maxPool(2) }
    fine = x.unit(256, name: "8")
    x = fine.maxPool(2).unit(512, name: "10").maxPool(2, stride: 1, padding: "same")
    x = x.unit(1024, name: "12").unit(256, kernel: 1, name: "13")
    coarse = x.unit(512, name: "14").conv(3 * (5 + classes), name: "15")
    x = concat(x.unit(128, kernel: 1, name: "18").upsample(2), fine)
    fine = x.unit(256, name: "21").conv(3 * (5 + classes), name: "22")

    boxes1, scores1 = coarse.decode(anchors[3:], 32, classes)
    boxes2, scores2 = fine.decode(anchors[:3], 16, classes)
    boxes = concat(boxes1, boxes2)
    scores = concat(scores1, scores2)
    kept, _ = nonMaxSuppression(boxes, scores.transpose([0, 2, 1]), limit: limit, overlap: overlap, threshold: threshold)
    return boxes: boxes, scores: scores, kept: kept
}
