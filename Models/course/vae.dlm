// Kingma and Welling, "Auto-encoding variational Bayes", 2013.
// Data: 5,000 of MNIST's digits (Tools/data mnist-5k), grey values taken as probabilities of ink.

/// The logits of ink of the pictures that codes stand for.
block decode(z) {
    x = z.dense(256, name: "hidden").relu().dense(32 * 7 * 7, name: "grid").relu().reshape([-1, 32, 7, 7])
    x = x.convTranspose(16, kernel: 4, stride: 2, padding: 1, name: "larger1").relu()
    return x.convTranspose(1, kernel: 4, stride: 2, padding: 1, name: "larger2")
}

/// Pictures of normally distributed codes.
model Draw(noise: f32[N, code], code = 10) {
    return made: noise.decode(name: "decoder").sigmoid()
}

/// `loss` is an upper bound of minus the logarithm of a picture's likelihood, in nats; in the evaluation, which draws nothing, at
/// the middle of the code alone.
training LearnVAE(image: f32[N, 1, 28, 28], code = 10, rate = 2e-3) {
    x = image.conv(16, kernel: 4, stride: 2, padding: 1, name: "conv1").relu().conv(32, kernel: 4, stride: 2, padding: 1, name: "conv2").relu()
    x = x.flatten().dense(256, name: "hidden").relu()
    mean = x.dense(code, name: "mean")
    logVariance = x.dense(code, name: "log_variance")
    z = mean + exp(logVariance / 2) * mean.randomNormal()
    made = z.decode(name: "decoder")
    lost = made.binaryCrossEntropy(image, reduction: "none").sum(axes: [1, 2, 3]).mean()
    divergence = 0.5 * (mean ** 2 + logVariance.exp() - 1 - logVariance).sum(axes: 1).mean()
    loss = lost + divergence
    minimize loss, by: adam(rate)
    predict reconstruction: made.sigmoid(), code: mean
    return loss: loss, lost: lost, divergence: divergence
}
