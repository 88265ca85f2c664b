// Zeiler and Fergus, "Visualizing and understanding convolutional networks", 2013, figure 3.
// Response normalisation is that of Krizhevsky et al., 2012, section 3.3, whose alpha of 1e-4 is not divided by the size.

block normalised(x) { return x.localResponseNorm(5, alpha: 5e-4, beta: 0.75, k: 2) }

/// Classifies images of which the mean was subtracted.
model ZFNet(image: f32[N, 3, 224, 224], classes = 1000) {
    x = image.conv(96, kernel: 7, stride: 2, padding: 1, name: "conv1").relu().maxPool(3, stride: 2, ceiling: true).normalised()
    x = x.conv(256, kernel: 5, stride: 2, name: "conv2").relu().maxPool(3, stride: 2, ceiling: true).normalised()
    for i in 3...4 { x = x.conv(384, kernel: 3, padding: 1, name: "conv\(i)").relu() }
    x = x.conv(256, kernel: 3, padding: 1, name: "conv5").relu().maxPool(3, stride: 2).flatten()
    for i in 6...7 { x = x.dense(4096, init: normal(0.01), name: "fc\(i)").relu().dropout(0.5) }
    return logits: x.dense(classes, init: normal(0.01), name: "fc8")
}
