// Radford, Metz and Chintala, "Unsupervised representation learning with deep convolutional generative adversarial
// networks", 2015. Parameters have the names of PyTorch's DCGAN example.

/// Draws images between -1 and 1 from normally distributed noise.
model Generator(noise: f32[N, 100, 1, 1], channels = 3, width = 64) {
    x = noise.convTranspose(8 * width, kernel: 4, bias: false, name: "main.0")
    for i in 1..<4 {
        x = x.batchNorm(name: "main.\(3 * i - 2)").relu()
        x = x.convTranspose(2 ** (3 - i) * width, kernel: 4, stride: 2, padding: 1, bias: false, name: "main.\(3 * i)")
    }
    x = x.batchNorm(name: "main.10").relu()
    return image: x.convTranspose(channels, kernel: 4, stride: 2, padding: 1, bias: false, name: "main.12").tanh()
}
