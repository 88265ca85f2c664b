// What the Inception networks share.

/// A convolution without bias, batch norm and ReLU; "same" keeps the extents.
block unit(x, width, kernel = 1, stride = 1, padding = "same", init = truncatedNormal(0.1)) {
    y = x.conv(width, kernel: kernel, stride: stride, padding: padding, bias: false, init: init, name: "conv")
    return y.batchNorm(epsilon: 0.001, name: "bn").relu()
}
