// Long, Shelhamer and Darrell, "Fully convolutional networks for semantic segmentation", 2015,
// with a dilated ResNet-50. Parameters have the names of torchvision's fcn_resnet50, the auxiliary head included.

import "blocks/resnet.dlm"
import "blocks/segmentation.dlm"

/// Gives a logit per class and pixel, from the last stage and, as `aux`, from the one before.
model FCNResNet50(image: f32[N, 3, height, width], classes = 21, height = 520, width = 520) {
    maps = image.stages(bottleneck, [3, 4, 6, 3], outputStride: 8, name: "backbone")
    out = maps[3].fcnHead(classes, name: "classifier")
    aux = maps[2].fcnHead(classes, name: "aux_classifier")
    return logits: out.upsample(size: [height, width], mode: "bilinear"), aux: aux.upsample(size: [height, width], mode: "bilinear")
}
