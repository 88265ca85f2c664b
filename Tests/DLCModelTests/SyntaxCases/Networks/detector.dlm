// The heads of a Faster R-CNN over one map of features. Ren, He, Girshick, Sun, 2015.
// The names are torchvision's.

block proposals(features, anchors = 3, keep = 1000, overlap = 0.7) {
    x = features.conv(features.shape[1], kernel: 3, padding: "same", name: "conv.0.0").relu()
    scores = x.conv(anchors, kernel: 1, name: "cls_logits")
    deltas = x.conv(4 * anchors, kernel: 1, name: "bbox_pred")
    boxes = decodeBoxes(deltas, scores, stride: 16)
    return nonMaximumSuppression(boxes, scores.sigmoid(), overlap: overlap, limit: keep)
}

/// Classes and boxes of regions, with the quote \" and a "text" in its documentation.
model Detector(features: f32[1, 256, H, W], size: i64[2], classes = 91) {
    regions = proposals(features, name: "rpn")
    x = features.roiAlign(regions, size: [7, 7], scale: 1 / 16, samples: 2)
    x = x.flatten().dense(1024, name: "roi_heads.box_head.fc6").relu().dense(1024, name: "roi_heads.box_head.fc7").relu()
    return scores: x.dense(classes, name: "roi_heads.box_predictor.cls_score").softmax(),
        boxes: x.dense(4 * classes, name: "roi_heads.box_predictor.bbox_pred")
        .reshape([-1, classes, 4])
        .clip(0, size[0])
}
