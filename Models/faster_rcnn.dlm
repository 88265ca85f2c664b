// Ren, He, Girshick and Sun, "Faster R-CNN: towards real-time object detection with region proposal networks", 2015, on
// the feature pyramid of Lin et al., 2017. Parameters have the names of torchvision's fasterrcnn_resnet50_fpn, whose
// published checkpoint has an epsilon of 0 in batch norm. Outside stays what torchvision does before: means and
// deviations of ImageNet, and the size, here a multiple of 32.

import "blocks/rcnn.dlm"

/// Finds objects: the best `limit` boxes (left, top, right, bottom, in pixels), their classes (1 and up, 0 behind the last)
/// and scores, and how many there are.
model FasterRCNN(image: f32[N, 3, height, width], classes = 91, height = 800, width = 800, count = 1000, limit = 100, epsilon = 0.0) {
    levels = image.features(epsilon, name: "backbone")
    boxes, scores = levels.proposals(height, width, count, name: "rpn")
    logits, moves = levels.judged(boxes, classes, name: "roi_heads")
    boxes, labels, best, number = logits.detections(moves, boxes, scores, height, width, classes, limit)
    return boxes: boxes, labels: labels, scores: best, count: number
}
