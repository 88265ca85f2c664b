// Kingma and Welling, "Auto-encoding variational Bayes", 2013; convolutional.

/// From a code to the image; `shape` is that of the features `[N, C, H, W]` which become an image four times as large.
block decoder(z, shape) {
    x = z.dense(shape[1] * shape[2] * shape[3], name: "0").relu().reshape([-1] + shape[1:])
    x = x.convTranspose(shape[1] / 2, kernel: 4, stride: 2, padding: 1, name: "1").relu()
    return x.convTranspose(1, kernel: 4, stride: 2, padding: 1, name: "2").sigmoid()
}
