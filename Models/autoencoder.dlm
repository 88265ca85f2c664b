// Hinton and Salakhutdinov, "Reducing the dimensionality of data with neural networks", 2006.

/// Gives the code of an image, and the image restored from the code.
model Autoencoder(image: f32[N, 784], widths = [1000, 500, 250], code = 30) {
    x = image
    for width in widths { x = x.dense(width).sigmoid() }
    code = x.dense(code, name: "code")
    x = code
    for width in widths[::-1] { x = x.dense(width).sigmoid() }
    return reconstruction: x.dense(image.shape[1]).sigmoid(), code: code
}

/// Learns to restore images. All layers at once, where the paper began with restricted Boltzmann machines.
training TrainAutoencoder(image: f32[N, 784], widths = [1000, 500, 250], code = 30, rate = 1e-3) {
    reconstruction, features = Autoencoder(image, widths: widths, code: code)
    loss = reconstruction.meanSquaredError(image)
    minimize loss, by: adam(rate)
    predict reconstruction: reconstruction, code: features
    return loss: loss
}
