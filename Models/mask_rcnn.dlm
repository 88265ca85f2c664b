// He, Gkioxari, Dollár and Girshick, "Mask R-CNN", 2017. Parameters have the names of torchvision's
// maskrcnn_resnet50_fpn, whose published checkpoint has an epsilon of 0 in batch norm. Outside stays what torchvision
// does before (means and deviations of ImageNet, the size, here a multiple of 32) and behind: masks are painted into the
// image by their boxes.

import "blocks/rcnn.dlm"

/// A probability per element of a mask of 28 x 28, of the class that the label says.
block masks(levels, boxes, labels, classes) {
    x = boxes.pyramidAlign(levels[:4], 14, scales: [1 / 4, 1 / 8, 1 / 16, 1 / 32])
    for i in 0..<4 { x = x.conv(256, kernel: 3, padding: 1, name: "mask_head.\(i).0").relu() }
    x = x.convTranspose(256, kernel: 2, stride: 2, name: "mask_predictor.conv5_mask").relu()
    x = x.conv(classes, name: "mask_predictor.mask_fcn_logits").take(labels.reshape([-1, 1])).sigmoid()
    return x.reshape([-1, labels.shape[1], 28, 28])
}

/// Finds objects as Faster R-CNN does, each with a mask `[N, limit, 28, 28]`.
model MaskRCNN(image: f32[N, 3, height, width], classes = 91, height = 800, width = 800, count = 1000, limit = 100, epsilon = 0.0) {
    levels = image.features(epsilon, name: "backbone")
    boxes, scores = levels.proposals(height, width, count, name: "rpn")
    logits, moves = levels.judged(boxes, classes, name: "roi_heads")
    boxes, labels, best, number = logits.detections(moves, boxes, scores, height, width, classes, limit)
    return boxes: boxes, labels: labels, scores: best, count: number, masks: levels.masks(boxes, labels, classes, name: "roi_heads")
}
