// Kingma and Welling, "Auto-encoding variational Bayes", 2013; convolutional. The noise is given.

model VAE(image: f32[N, 1, 28, 28], noise: f32[N, code], code = 20, width = 32) {
    x = image.conv(width, kernel: 4, stride: 2, padding: 1, name: "encoder.0").relu()
    x = x.conv(2 * width, kernel: 4, stride: 2, padding: 1, name: "encoder.1").relu().flatten()
    mean = x.dense(code, name: "mean")
    logVariance = x.dense(code, name: "log_variance")
    z = mean + exp(0.5 * logVariance) * noise
    x = z.dense(2 * width * 7 * 7, name: "decoder.0").relu().reshape([-1, 2 * width, 7, 7])
    x = x.convTranspose(width, kernel: 4, stride: 2, padding: 1, name: "decoder.1").relu()
    x = x.convTranspose(1, kernel: 4, stride: 2, padding: 1, name: "decoder.2")
    return logits: x, mean: mean, logVariance: logVariance
}

/// The negative lower bound of the evidence, a mean over the images.
training Learn(image: f32[N, 1, 28, 28], noise: f32[N, code], code = 20, width = 32, rate = 1e-3) {
    logits, mean, logVariance = VAE(image, noise, code: code, width: width)
    restored = logits.binaryCrossEntropy(image, reduction: "sum")
    divergence = -0.5 * sum(1 + logVariance - mean.square() - logVariance.exp())
    loss = (restored + divergence) / image.shape[0]
    minimize loss, by: adam(rate)
    return loss: loss
}
