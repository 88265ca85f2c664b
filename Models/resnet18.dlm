// He, Zhang, Ren and Sun, "Deep residual learning for image recognition", 2015. Parameters have torchvision's names.

import "blocks/resnet.dlm"

/// Classifies images, normalised by ImageNet's means and deviations.
model ResNet18(image: f32[N, 3, 224, 224], classes = 1000) {
    return logits: image.resnet(basic, [2, 2, 2, 2], classes, name: "")
}

/// Learns from images of 224 × 224 pixels as the paper does, whose rate falls after 30 and 60 rounds.
training TrainResNet18(image: f32[N, 3, 224, 224], label: i64[N], classes = 1000, rate = 0.1, falls = [150_000, 300_000]) {
    logits = ResNet18(image.randomFlip(), classes: classes)
    loss = logits.crossEntropy(label)
    minimize loss, by: sgd(multiStep(rate, at: falls), momentum: 0.9, weightDecay: 1e-4)
    predict probabilities: logits.softmax(axis: 1)
    return loss: loss, accuracy: (logits.argmax(axis: 1) == label).cast(f32).mean()
}
