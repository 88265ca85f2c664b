// Simonyan and Zisserman, "Very deep convolutional networks for large-scale image recognition", 2014.
// Layers are numbered as torchvision numbers them, with activations, pooling and dropout among them.

/// From the image to the logits; `counts` says how many convolutions stand before each pooling.
block vgg(image, counts, classes) {
    x = image
    index = 0
    for stage in 0..<5 {
        width = min(64 * 2 ** stage, 512)
        repeat counts[stage] {
            x = x.conv(width, kernel: 3, padding: 1, init: kaimingNormal(fan: "out"), name: "features.\(index)").relu()
            index = index + 2
        }
        x = x.maxPool(2)
        index = index + 1
    }
    x = x.flatten()
    for i in [0, 3] { x = x.dense(4096, init: normal(0.01), name: "classifier.\(i)").relu().dropout(0.5) }
    return x.dense(classes, init: normal(0.01), name: "classifier.6")
}
