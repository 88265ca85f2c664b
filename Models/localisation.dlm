// Sermanet, Eigen, Zhang, Mathieu, Fergus and LeCun, "OverFeat: integrated recognition, localization and detection using
// convolutional networks", 2014: one backbone with a head for the class and one for the box, here on a ResNet-50.
// Parameters have the names of torchvision's resnet50; the box's head, `box`, is not part of it.

import "blocks/resnet.dlm"

/// Gives the logits of the class and a box (left, top, right, bottom) in parts of the image's extents.
model Localisation(image: f32[N, 3, 224, 224], classes = 1000) {
    x = image.stages(bottleneck, [3, 4, 6, 3], name: "")[3].globalAveragePool().flatten()
    return logits: x.dense(classes, name: "fc"), box: x.dense(4, name: "box").sigmoid()
}
