// Kingma and Welling, "Auto-encoding variational Bayes", 2013; convolutional.

import "blocks/vae.dlm"

/// Gives mean and logarithm of the variance of an image's code, and the image of the code that the noise picks: normally
/// distributed for training, zeros for the likeliest.
model VAE(image: f32[N, 1, 28, 28], noise: f32[N, code], code = 20, width = 32) {
    x = image.conv(width, kernel: 4, stride: 2, padding: 1, name: "encoder.0").relu()
    x = x.conv(2 * width, kernel: 4, stride: 2, padding: 1, name: "encoder.1").relu()
    mean = x.flatten().dense(code, name: "mean")
    logVariance = x.flatten().dense(code, name: "log_variance")
    z = mean + exp(0.5 * logVariance) * noise
    return reconstruction: decoder(z, x.shape), mean: mean, logVariance: logVariance
}
