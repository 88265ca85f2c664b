// He, Zhang, Ren and Sun, "Deep residual learning for image recognition", 2015. Parameters have torchvision's names.

import "blocks/resnet.dlm"

/// Classifies images, normalised by ImageNet's means and deviations.
model ResNet152(image: f32[N, 3, 224, 224], classes = 1000) {
    return logits: image.resnet(bottleneck, [3, 8, 36, 3], classes, name: "")
}
