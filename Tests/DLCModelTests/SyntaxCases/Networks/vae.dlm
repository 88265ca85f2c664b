// A convolutional variational autoencoder. Kingma, Welling, 2013.
//
// The noise is an input, so that a run can be repeated.

block encoder(x, latent) {
    for width in [32, 64, 128] { x = x.conv(width, kernel: 4, stride: 2, padding: 1).relu() }
    x = x.flatten()
    return mean: x.dense(latent, name: "mean"), logVariance: x.dense(latent, name: "log_variance")
}

block decoder(z, channels = 1) {
    x = z.dense(128 * 4 ** 2).relu().reshape([z.shape[0], 128, 4, 4])
    widths = [64, 32]
    for i in 0...1 {
        x = x.convTranspose(widths[i], kernel: 4, stride: 2, padding: 1)
        x = i == 1 && !(channels > 1) ? x.relu() : x.leakyRelu(2e-1)
    }
    return x.convTranspose(channels, kernel: 4, stride: 2, padding: 1).sigmoid()
}

model VAE(image: f32[N, 1, 32, 32], noise: f32[N, 20], beta = 1.0) {
    mean, logVariance = encoder(image, 20)
    z = mean + exp(0.5 * logVariance) * noise
    again = decoder(z)
    divergence = -0.5 * sum(1 + logVariance - mean ** 2 - exp(logVariance), axis: 1)
    return again: again,
        loss: sum((again - image) ** 2, axes: [1, 2, 3]) + beta * divergence
}
