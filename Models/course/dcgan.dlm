// Goodfellow et al., "Generative adversarial nets", 2014; Radford, Metz and Chintala, "Unsupervised representation learning with
// deep convolutional generative adversarial networks", 2015.
// Data: 5,000 of MNIST's digits (Tools/data mnist-5k).

block generate(noise, width) {
    x = noise.dense(2 * width * 7 * 7, init: normal(0.02), name: "grid").reshape([-1, 2 * width, 7, 7]).batchNorm().relu()
    x = x.convTranspose(width, kernel: 4, stride: 2, padding: 1, init: normal(0.02), bias: false).batchNorm().relu()
    return x.convTranspose(1, kernel: 4, stride: 2, padding: 1, init: normal(0.02)).tanh()
}

/// Pictures of normally distributed numbers.
model Generator(noise: f32[N, 64], width = 32) {
    return made: noise.generate(width, name: "")
}

model Discriminator(image: f32[N, 1, 28, 28], width = 32) {
    x = image.conv(width, kernel: 4, stride: 2, padding: 1, init: normal(0.02)).leakyRelu(0.2)
    x = x.conv(2 * width, kernel: 4, stride: 2, padding: 1, init: normal(0.02), bias: false).batchNorm().leakyRelu(0.2)
    return real: x.flatten().dense(1, init: normal(0.02), name: "output")
}

/// Each learns by the other's mistakes.
training LearnDCGAN(image: f32[N, 1, 28, 28], width = 32, rate = 4e-4) {
    noise = fill([image.shape[0], 64], 0).randomNormal()
    generate = Generator(width: width, name: "generator")
    made = generate(noise)
    judge = Discriminator(width: width, name: "discriminator")
    ofReal = judge(2 * image - 1).binaryCrossEntropy(0.9)
    ofMade = judge(made.stopGradient()).binaryCrossEntropy(0)
    fooled = judge(made).binaryCrossEntropy(1)
    minimize ofReal + ofMade, by: adam(rate, beta1: 0.5), over: "discriminator"
    minimize fooled, by: adam(rate, beta1: 0.5), over: "generator", name: "generator"
    predict images: generate(fill([16, 64], 0).randomNormal())
    return loss: ofReal + ofMade, fooled: fooled
}
