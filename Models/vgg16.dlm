// Simonyan and Zisserman, "Very deep convolutional networks for large-scale image recognition", 2014.
// Parameters have torchvision's names.

import "blocks/vgg.dlm"

/// Classifies images, normalised by ImageNet's means and deviations.
model VGG16(image: f32[N, 3, 224, 224], classes = 1000) {
    return logits: image.vgg([2, 2, 3, 3, 3], classes, name: "")
}
