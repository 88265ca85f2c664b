// Ren, He, Girshick and Sun, "Faster R-CNN: towards real-time object detection with region proposal networks", 2015,
// as torchvision has it on a feature pyramid.

import "fpn.dlm"
import "resnet.dlm"

/// Five maps of a ResNet-50 with a pyramid on it; the fifth is every second element of the fourth.
block features(image, epsilon) {
    levels = image.stages(bottleneck, [3, 4, 6, 3], epsilon: epsilon, name: "body").pyramid(256, name: "fpn")
    return levels + [levels[3].maxPool(1, stride: 2)]
}

/// What the second stage says of boxes, by two dense layers over their features: a logit and four moves per class.
block judged(levels, boxes, classes) {
    x = boxes.pyramidAlign(levels[:4], 7, scales: [1 / 4, 1 / 8, 1 / 16, 1 / 32]).flatten()
    x = x.dense(1024, name: "box_head.fc6").relu().dense(1024, name: "box_head.fc7").relu()
    return x.dense(classes, name: "box_predictor.cls_score"), x.dense(4 * classes, name: "box_predictor.bbox_pred")
}

/// Boxes of three shapes around every element of a map, `[1, rows · columns · 3, 4]`.
block anchors(x, size, height, width) {
    rows, columns = [x.shape[2], x.shape[3]]
    corners = []
    for ratio in [0.5, 1, 2] {
        half = [round(size / sqrt(ratio) / 2), round(size * sqrt(ratio) / 2)]
        corners = corners + [[-half[0], -half[1], half[0], half[1]]]
    }
    across = tensor(0..<columns, type: f32).reshape([1, columns, 1, 1]) * tensor([1, 0, 1, 0], type: f32) * (width ~/ columns)
    down = tensor(0..<rows, type: f32).reshape([rows, 1, 1, 1]) * tensor([0, 1, 0, 1], type: f32) * (height ~/ rows)
    return (down + across + tensor(corners, type: f32)).reshape([1, 3 * rows * columns, 4])
}

/// Boxes within the image.
block clipped(boxes, height, width) {
    return boxes.maximum(0).minimum(tensor([width, height, width, height], type: f32))
}

/// Scores, but -1 where a box is narrower or lower than `least`.
block ofLarge(scores, boxes, least) {
    extents = boxes[:, :, 2:] - boxes[:, :, :2]
    return where(extents.min(axes: -1) >= least, scores, -1)
}

/// A number per anchor or its box, from a map `[N, 3 · each, rows, columns]`: `[N, rows · columns · 3, each]`.
block perAnchor(x, each) {
    rows, columns = [x.shape[2], x.shape[3]]
    return x.reshape([-1, 3, each, rows, columns]).transpose([0, 3, 4, 1, 2]).reshape([-1, 3 * rows * columns, each])
}

/// The most promising boxes `[N, count, 4]` of all levels, and their scores, -1 where there are fewer.
block proposals(levels, height, width, count) {
    share = conv(256, kernel: 3, padding: 1, name: "head.conv.0.0")
    objectness = conv(3, name: "head.cls_logits")
    moves = conv(12, name: "head.bbox_pred")
    boxes = []
    scores = []
    for i in 0..<levels.count {
        x = share(levels[i]).relu()
        shapes = levels[i].anchors(32 * 2 ** i, height, width)
        best, places = objectness(x).perAnchor(1).squeeze(-1).topK(min(count, shapes.shape[1]))
        found = moves(x).perAnchor(4).take(places).boxDecode(shapes.squeeze(0).gather(places)).clipped(height, width)
        best = best.sigmoid().ofLarge(found, 0.001)
        kept, _ = nonMaxSuppression(found, best, limit: count, overlap: 0.7, threshold: 0)
        boxes = boxes + [found.take(kept)]
        scores = scores + [best.take(kept, fill: -1)]
    }
    scores = concat(scores, axis: 1)
    best, places = scores.topK(min(count, scores.shape[1]))
    return concat(boxes, axis: 1).take(places), best
}

/// The best `limit` detections from logits and moves per class, for proposals `[N, P, 4]`: boxes `[N, limit, 4]`, classes
/// and scores `[N, limit]`, zeros behind the last, and their number `[N]`.
block detections(logits, moves, boxes, scores, height, width, classes, limit) {
    count = boxes.shape[1]
    found = moves.reshape([-1, count, classes, 4]).boxDecode(boxes.unsqueeze(2), weights: [10, 10, 5, 5])
    found = found[:, :, 1:].transpose([0, 2, 1, 3]).reshape([-1, count, 4]).clipped(height, width)
    isUsed = scores.unsqueeze(-1) >= 0
    each = where(isUsed, logits.softmax().reshape([-1, count, classes]), 0)[:, :, 1:].transpose([0, 2, 1]).reshape([-1, count]).ofLarge(found, 0.01)
    kept, _ = nonMaxSuppression(found, each, limit: limit, overlap: 0.5, threshold: 0.05)
    places = kept.shape[1] * (classes - 1)
    best, chosen = each.take(kept).reshape([-1, places]).topK(limit)
    labels = tensor(1..<classes).unsqueeze(1).expand([classes - 1, kept.shape[1]]).reshape([places])
    found = found.take(kept).reshape([-1, places, 4]).take(chosen)
    return found, where(best > 0, labels.gather(chosen), 0), best, (best > 0).cast(i64).sum(axes: 1)
}
