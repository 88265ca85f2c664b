// Radford, Metz and Chintala, "Unsupervised representation learning with deep convolutional generative adversarial
// networks", 2015. Both halves learn in one step, from the weights before it.

model Generator(noise: f32[N, 100, 1, 1], width = 64) {
    x = noise.convTranspose(8 * width, kernel: 4, bias: false, name: "0").batchNorm(name: "1").relu()
    for i in 1..<4 {
        x = x.convTranspose(2 ** (3 - i) * width, kernel: 4, stride: 2, padding: 1, bias: false, name: "\(3 * i)")
        x = x.batchNorm(name: "\(3 * i + 1)").relu()
    }
    return image: x.convTranspose(3, kernel: 4, stride: 2, padding: 1, bias: false, name: "12").tanh()
}

model Discriminator(image: f32[N, 3, 64, 64], width = 64) {
    x = image.conv(width, kernel: 4, stride: 2, padding: 1, bias: false, name: "0").leakyRelu(0.2)
    for i in 1..<4 {
        x = x.conv(2 ** i * width, kernel: 4, stride: 2, padding: 1, bias: false, name: "\(3 * i - 1)")
        x = x.batchNorm(name: "\(3 * i)").leakyRelu(0.2)
    }
    return real: x.conv(1, kernel: 4, bias: false, name: "11").flatten()
}

training Learn(image: f32[N, 3, 64, 64], noise: f32[N, 100, 1, 1], width = 64, rate = 2e-4) {
    discriminate = Discriminator(width: width, name: "discriminator")
    made = Generator(noise, width: width, name: "generator")
    loss = discriminate(image).binaryCrossEntropy(1) + discriminate(made.stopGradient()).binaryCrossEntropy(0)
    deceit = discriminate(made).binaryCrossEntropy(1)
    minimize loss, by: adam(rate, beta1: 0.5), over: "discriminator"
    minimize deceit, by: adam(rate, beta1: 0.5), over: "generator", name: "generator"
    return loss: loss, deceit: deceit
}
