// Kingma and Welling, "Auto-encoding variational Bayes", 2013; convolutional.

block decoder(z, shape) {
    width = shape[1] / 2
    y = z.dense(shape[1] * shape[2] * shape[3], name: "0").relu().reshape([-1] + shape[1:])
    y = y.convTranspose(width, kernel: 4, stride: 2, padding: 1, name: "1").relu()
    return y.convTranspose(1, kernel: 4, stride: 2, padding: 1, name: "2").sigmoid()
}

/// Gives mean and logarithm of the variance of an image's code, and the image of the code that the noise picks: normally
/// distributed for training, zeros for the likeliest.
model VAE(image: f32[N, 1, 28, 28], noise: f32[N, latent], latent = 20, width = 32) {
    x = image.conv(width, kernel: 4, stride: 2, padding: 1, name: "encoder.0").relu()
    x = x.conv(2 * width, kernel: 4, stride: 2, padding: 1, name: "encoder.1").relu()
    mean = x.flatten().dense(latent, name: "mean")
    logVariance = x.flatten().dense(latent, name: "log_variance")
    z = mean + exp(0.5 * logVariance) * noise
    return reconstruction: decoder(z, x.shape), mean: mean, logVariance: logVariance
}

/// Draws images from normally distributed codes.
model VAEDecoder(code: f32[N, latent], latent = 20, width = 32) {
    return image: decoder(code, [0, 2 * width, 7, 7])
}
