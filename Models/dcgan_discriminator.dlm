// Radford, Metz and Chintala, "Unsupervised representation learning with deep convolutional generative adversarial
// networks", 2015. Parameters have the names of PyTorch's DCGAN example.

/// Gives the probability that an image is real.
model Discriminator(image: f32[N, 3, 64, 64], width = 64) {
    x = image.conv(width, kernel: 4, stride: 2, padding: 1, bias: false, name: "main.0").leakyRelu(0.2)
    for i in 1..<4 {
        x = x.conv(2 ** i * width, kernel: 4, stride: 2, padding: 1, bias: false, name: "main.\(3 * i - 1)")
        x = x.batchNorm(name: "main.\(3 * i)").leakyRelu(0.2)
    }
    return real: x.conv(1, kernel: 4, bias: false, name: "main.11").flatten().sigmoid()
}
