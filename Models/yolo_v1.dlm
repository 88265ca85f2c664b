// Redmon, Divvala, Girshick and Farhadi, "You only look once: unified, real-time object detection", 2016.
// The 24 convolutions and 2 dense layers of the paper; its results lie in the order of Darknet's detection layer.

block unit(x, width, kernel = 3, stride = 1) {
    return x.conv(width, kernel: kernel, stride: stride, padding: kernel ~/ 2, name: "").leakyRelu(0.1)
}

/// For every width a 1 x 1 convolution and a 3 x 3 convolution twice as wide; `first` is the number of the first.
block pairs(x, widths, first) {
    for i in 0..<widths.count {
        x = x.unit(widths[i], kernel: 1, name: "conv\(first + 2 * i)").unit(2 * widths[i], name: "conv\(first + 2 * i + 1)")
    }
    return x
}

/// Gives boxes [N, 98, 4] (left, top, right, bottom) in parts of the image's extents and their scores [N, 98, classes].
model YOLOv1(image: f32[N, 3, 448, 448], classes = 20, boxes = 2) {
    x = image.unit(64, kernel: 7, stride: 2, name: "conv1").maxPool(2).unit(192, name: "conv2").maxPool(2)
    x = x.pairs([128, 256], 3, name: "").maxPool(2)
    x = x.pairs([256, 256, 256, 256, 512], 7, name: "").maxPool(2)
    x = x.pairs([512, 512], 17, name: "").unit(1024, name: "conv21").unit(1024, stride: 2, name: "conv22")
    x = x.unit(1024, name: "conv23").unit(1024, name: "conv24")
    n = x.shape[2]
    cells = n * n
    x = x.flatten().dense(4096, name: "fc1").leakyRelu(0.1).dropout(0.5).dense(cells * (classes + 5 * boxes), name: "fc2")

    kinds, confidences, places = x.split([cells * classes, cells * boxes, cells * boxes * 4])
    scores = confidences.reshape([-1, cells, boxes, 1]) * kinds.reshape([-1, cells, 1, classes])
    places = places.reshape([-1, n, n, boxes, 4])
    columns = tensor(0..<n, type: f32).reshape([1, n, 1, 1])
    rows = tensor(0..<n, type: f32).reshape([n, 1, 1, 1])
    x = (places[:, :, :, :, 0:1] + columns) / n
    y = (places[:, :, :, :, 1:2] + rows) / n
    half = places[:, :, :, :, 2:4].square() / 2
    centers = concat(x, y, axis: -1)
    corners = concat(centers - half, centers + half, axis: -1)
    return boxes: corners.reshape([-1, cells * boxes, 4]), scores: scores.reshape([-1, cells * boxes, classes])
}
