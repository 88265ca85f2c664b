// Radford, Metz and Chintala, "Unsupervised representation learning with deep convolutional generative adversarial
// networks", 2015, after Goodfellow et al., "Generative adversarial nets", 2014.

import "dcgan_generator.dlm"
import "dcgan_discriminator.dlm"

/// Minus the logarithm of probabilities.
block surprise(probability) {
    return -probability.clamp(1e-7, 1).log().mean()
}

/// Two networks learn against each other: one to tell images from made ones, one to make what the other takes for images.
training DCGAN(image: f32[N, 3, 64, 64], width = 64, samples = 16, rate = 2e-4) {
    generate = Generator(width: width, name: "generator")
    made = generate(fill([image.shape[0], 100, 1, 1], 0).randomNormal())
    discriminate = Discriminator(width: width, name: "discriminator")
    found = discriminate(image)
    caught = discriminate(made.stopGradient())
    believed = discriminate(made)
    minimize found.surprise() + surprise(1 - caught), by: adam(rate, beta1: 0.5), over: "discriminator"
    minimize believed.surprise(), by: adam(rate, beta1: 0.5), over: "generator", name: "generator"
    predict images: generate(fill([samples, 100, 1, 1], 0).randomNormal())
    return made: made, found: found.mean(), believed: believed.mean()
}
