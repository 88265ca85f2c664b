// One stage as in Redmon et al., "You only look once: unified, real-time object detection", 2016; two as in Ren et al., "Faster
// R-CNN", 2015, with the masks of He et al., "Mask R-CNN", 2017. All in small.
// Data: up to three shapes on a picture, by a rule (Tools/data boxes): kinds, 3 for none, boxes in parts of the extents, masks.

block unit(x, width, stride = 1) {
    return x.conv(width, kernel: 3, stride: stride, padding: 1, bias: false).batchNorm().relu()
}

/// A map [N, 64, 8, 8].
block backbone(image) {
    return (2 * image - 1).unit(16).maxPool(2).unit(32).maxPool(2).unit(64).maxPool(2).unit(64).unit(64)
}

/// Intersection over union of boxes [N, A, 4] and [N, B, 4]: [N, A, B].
block overlaps(a, b) {
    a = a.unsqueeze(2)
    b = b.unsqueeze(1)
    shared = (a[:, :, :, 2:].minimum(b[:, :, :, 2:]) - a[:, :, :, :2].maximum(b[:, :, :, :2])).relu().product(axes: -1)
    each = (a[:, :, :, 2:] - a[:, :, :, :2]).product(axes: -1) + (b[:, :, :, 2:] - b[:, :, :, :2]).product(axes: -1)
    return shared / (each - shared + 1e-6)
}

/// Every cell of an 8 × 8 grid says whether a shape's middle lies in it, of what kind it is, and its box.
block cells(image, classes) {
    x = image.backbone(name: "backbone").conv(5 + classes, name: "output").reshape([-1, 5 + classes, 64]).transpose([0, 2, 1])
    places = tensor(0..<64)
    corner = stack((places % 8).cast(f32), (places.cast(f32) / 8).floor(), axis: 1)
    middle = (x[:, :, 1:3].sigmoid() + corner) / 8
    half = x[:, :, 3:5].sigmoid() / 2
    return x[:, :, 0], x[:, :, 5:], concat(middle - half, middle + half, axis: 2)
}

/// The best boxes [N, limit, 4], their kinds and scores; a score of 0 is none.
model YOLO(image: f32[N, 3, 64, 64], classes = 3, limit = 6) {
    there, kinds, boxes = image.cells(classes, name: "")
    scores = (there.sigmoid().unsqueeze(2) * kinds.softmax()).max(axes: 2)
    kind = kinds.argmax(axis: 2)
    kept, _ = nonMaxSuppression(boxes, scores, limit: limit, overlap: 0.5, threshold: 0.02)
    return boxes: boxes.take(kept), kinds: kind.take(kept), scores: scores.take(kept)
}

training LearnYOLO(image: f32[N, 3, 64, 64], kind: i64[N, 3], box: f32[N, 3, 4], classes = 3, rate = 3e-3, steps = 1500) {
    there, kinds, boxes = image.cells(classes, name: "")
    isThere = (kind < classes).cast(f32)
    cell = ((box[:, :, :2] + box[:, :, 2:]) * 4).floor().clamp(0, 7).cast(i64)
    place = (cell[:, :, 1] * 8 + cell[:, :, 0]).oneHot(64) * isThere.unsqueeze(2)
    has = place.max(axes: 1)
    share = (place / place.sum(axes: 1, keepDimensions: true).maximum(1)).transpose([0, 2, 1])
    wanted = share @ box
    named = share @ kind.oneHot(classes + 1)[:, :, :classes]
    count = has.sum() + 1
    found = there.binaryCrossEntropy(has, reduction: "sum") / count
    placed = ((boxes - wanted).square().sum(axes: 2) * has).sum() / count
    called = -((kinds.logSoftmax() * named).sum(axes: 2) * has).sum() / count
    loss = found + 20 * placed + called
    minimize loss, by: adam(oneCycle(rate, steps: steps)), clip: globalNorm(5)
    predict there: there.sigmoid(), kinds: kinds.softmax(axis: 2), boxes: boxes
    return loss: loss, found: found, placed: placed, called: called
}

/// Boxes of two sizes around the middle of every cell, [1, 128, 4].
block anchors() {
    places = tensor(0..<64)
    middle = (stack((places % 8).cast(f32), (places.cast(f32) / 8).floor(), axis: 1) + 0.5) / 8
    small = concat(middle - 0.14, middle + 0.14, axis: 1)
    large = concat(middle - 0.2, middle + 0.2, axis: 1)
    return concat(small, large, axis: 0).unsqueeze(0)
}

/// Moves of anchors that make them the boxes, as boxDecode takes them.
block moves(boxes, from) {
    extents = from[:, :, 2:] - from[:, :, :2]
    wanted = (boxes[:, :, 2:] - boxes[:, :, :2]).maximum(1e-3)
    middle = ((boxes[:, :, 2:] + boxes[:, :, :2]) - (from[:, :, 2:] + from[:, :, :2])) / 2 / extents
    return concat(middle, log(wanted / extents), axis: 2)
}

/// The first stage: where something is. A logit and moves per anchor.
block proposals(features) {
    x = features.conv(64, kernel: 3, padding: 1, name: "shared").relu()
    there = x.conv(2, name: "there").reshape([-1, 128])
    moves = x.conv(8, name: "moves").reshape([-1, 2, 4, 64]).transpose([0, 1, 3, 2]).reshape([-1, 128, 4])
    return there, moves
}

/// The second stage: what it is and where exactly, for boxes [N, R, 4]: logits, the last one for nothing, and moves.
block judged(features, boxes, classes) {
    count = boxes.shape[1]
    x = features.roiAlign(boxes, extents: 5, scale: 8).flatten().dense(128, name: "hidden").relu()
    return x.dense(classes + 1, name: "class").reshape([-1, count, classes + 1]), x.dense(4, name: "moves").reshape([-1, count, 4])
}

/// The masks' logits of boxes [N, R, 4], 14 × 14 pixels each: [N · R, 1, 14, 14].
block masked(features, boxes) {
    x = features.roiAlign(boxes, extents: 7, scale: 8).conv(32, kernel: 3, padding: 1, name: "conv").relu()
    return x.convTranspose(32, kernel: 2, stride: 2, name: "larger").relu().conv(1, name: "output")
}

/// The best boxes [N, limit, 4], their kinds, scores, and masks [N, limit, 14, 14]; a score of 0 is none.
model TwoStages(image: f32[N, 3, 64, 64], classes = 3, limit = 6, count = 16) {
    features = image.backbone(name: "backbone")
    there, shifts = features.proposals(name: "proposals")
    found = shifts.boxDecode(anchors()).clamp(0, 1)
    chosen, _ = nonMaxSuppression(found, there.sigmoid(), limit: count, overlap: 0.7)
    boxes = found.take(chosen)
    logits, exact = features.judged(boxes, classes, name: "head")
    boxes = exact.boxDecode(boxes).clamp(0, 1)
    likely = logits.softmax()[:, :, :classes]
    kept, _ = nonMaxSuppression(boxes, likely.max(axes: 2), limit: limit, overlap: 0.5, threshold: 0.05)
    boxes = boxes.take(kept)
    kinds = likely.argmax(axis: 2).take(kept)
    scores = likely.max(axes: 2).take(kept)
    return boxes: boxes, kinds: kinds, scores: scores, masks: features.masked(boxes, name: "masks").sigmoid().reshape([-1, limit, 14, 14])
}

/// Both stages and the masks at once; the proposals are no part of the gradient.
training LearnTwoStages(
    image: f32[N, 3, 64, 64], kind: i64[N, 3], box: f32[N, 3, 4], masks: f32[N, 3, 64, 64], classes = 3, count = 16, rate = 3e-3, steps = 1500
) {
    features = image.backbone(name: "backbone")
    there, shifts = features.proposals(name: "proposals")
    isThere = (kind < classes).cast(f32)
    places = anchors()
    near = overlaps(places, box)
    best = near.max(axes: 2)
    // An anchor is one of a shape if it covers half of it, or more of it than every other anchor.
    isClosest = ((near == near.max(axes: 1, keepDimensions: true)).cast(f32) * isThere.unsqueeze(1)).max(axes: 2)
    isShape = (best > 0.5).cast(f32).maximum(isClosest)
    isGround = (best < 0.3).cast(f32) * (1 - isShape)
    costs = there.binaryCrossEntropy(isShape, reduction: "none")
    seen = (costs * isShape).sum() / (isShape.sum() + 1) + (costs * isGround).sum() / (isGround.sum() + 1)
    goal = box.take(near.argmax(axis: 2)).moves(places)
    placed = (shifts.huber(goal, delta: 0.2, reduction: "none").sum(axes: 2) * isShape).sum() / (isShape.sum() + 1)

    found = shifts.boxDecode(places).clamp(0, 1).stopGradient()
    chosen, _ = nonMaxSuppression(found, there.stopGradient().sigmoid(), limit: count, overlap: 0.7)
    boxes = concat(found.take(chosen), box, axis: 1)
    logits, exact = features.judged(boxes, classes, name: "head")
    near = overlaps(boxes, box)
    match = near.argmax(axis: 2)
    isShape = near.max(axes: 2) > 0.5
    wanted = where(isShape, kind.take(match), classes)
    called = logits.transpose([0, 2, 1]).crossEntropy(wanted)
    inside = isShape.cast(f32)
    goal = box.take(match).moves(boxes + tensor([0, 0, 1e-3, 1e-3], type: f32))
    exactly = (exact.huber(goal, delta: 0.2, reduction: "none").sum(axes: 2) * inside).sum() / (inside.sum() + 1)

    size = masks.shape[0] * 3
    truth = masks.reshape([size, 1, 64, 64]).roiAlign(box.reshape([size, 1, 4]), extents: 14, scale: 64)
    drawn = features.masked(box, name: "masks").binaryCrossEntropy((truth > 0.5).cast(f32), reduction: "none").mean(axes: [1, 2, 3])
    drawn = (drawn * isThere.reshape([size])).sum() / isThere.sum()

    loss = seen + 2 * placed + called + 2 * exactly + drawn
    minimize loss, by: adam(oneCycle(rate, steps: steps)), clip: globalNorm(5)
    return loss: loss, seen: seen, placed: placed, called: called, exactly: exactly, drawn: drawn
}
