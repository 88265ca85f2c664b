// Krizhevsky, Sutskever and Hinton, "ImageNet classification with deep convolutional neural networks", 2012.
// Widths and parameter names are torchvision's: those of Krizhevsky, "One weird trick for parallelizing convolutional
// neural networks", 2014, on one device and without response normalisation.

/// Classifies images, normalised by ImageNet's means and deviations.
model AlexNet(image: f32[N, 3, 224, 224], classes = 1000) {
    x = image.conv(64, kernel: 11, stride: 4, padding: 2, name: "features.0").relu().maxPool(3, stride: 2)
    x = x.conv(192, kernel: 5, padding: 2, name: "features.3").relu().maxPool(3, stride: 2)
    x = x.conv(384, kernel: 3, padding: 1, name: "features.6").relu()
    x = x.conv(256, kernel: 3, padding: 1, name: "features.8").relu()
    x = x.conv(256, kernel: 3, padding: 1, name: "features.10").relu().maxPool(3, stride: 2)
    x = x.flatten().dropout(0.5).dense(4096, name: "classifier.1").relu()
    x = x.dropout(0.5).dense(4096, name: "classifier.4").relu()
    return logits: x.dense(classes, name: "classifier.6")
}
