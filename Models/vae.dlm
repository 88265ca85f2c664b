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

/// Learns codes of images: what is lost in an image's code, and how far codes are from the normal distribution.
training TrainVAE(image: f32[N, 1, 28, 28], code = 20, width = 32, rate = 1e-3) {
    noise = fill([image.shape[0], code], 0).randomNormal()
    reconstruction, mean, logVariance = VAE(image, noise, code: code, width: width)
    made = reconstruction.clamp(1e-6, 1 - 1e-6)
    lost = -(image * made.log() + (1 - image) * log(1 - made)).sum(axes: [1, 2, 3])
    divergence = 0.5 * (mean ** 2 + logVariance.exp() - 1 - logVariance).sum(axes: 1)
    minimize (lost + divergence).mean(), by: adam(rate)
    predict reconstruction: reconstruction, mean: mean, logVariance: logVariance
    return loss: (lost + divergence).mean(), lost: lost.mean(), divergence: divergence.mean()
}
