// van den Oord, Kalchbrenner and Kavukcuoglu, "Pixel recurrent neural networks", 2016, sections 3.3 to 3.6.

import "blocks/pixels.dlm"

/// A 3 x 3 convolution between 1 x 1 convolutions, the first to half the width.
block residual(x, width, colours) {
    y = x.relu().maskedConv(width, colours: colours, name: "conv1")
    y = y.relu().maskedConv(width, kernel: 3, colours: colours, name: "conv2")
    return x + y.relu().maskedConv(2 * width, colours: colours, name: "conv3")
}

/// Gives the logits of every pixel's levels by the pixels above it and to its left, and by the colours before its own.
model PixelCNN(
    image: f32[N, colours, size, size], colours = 3, size = 32, layers = 15, width = 128, hidden = 1024, levels = 256
) {
    x = image.maskedConv(2 * width, kernel: 7, mask: "A", colours: colours, name: "input")
    for i in 0..<layers { x = x.residual(width, colours, name: "layers.\(i)") }
    return logits: x.levels(hidden, colours, levels, name: "output")
}
