// Hinton and Salakhutdinov, "Reducing the dimensionality of data with neural networks", 2006.

model Autoencoder(image: f32[N, 784], widths = [1000, 500, 250], code = 30) {
    x = image
    for i in 0..<widths.count { x = x.dense(widths[i], name: "encoder.\(i)").sigmoid() }
    x = x.dense(code, name: "code")
    for i in 0..<widths.count { x = x.dense(widths[widths.count - 1 - i], name: "decoder.\(i)").sigmoid() }
    return reconstruction: x.dense(784, name: "output").sigmoid()
}

training Learn(image: f32[N, 784], widths = [1000, 500, 250], code = 30, rate = 1e-3) {
    loss = Autoencoder(image, widths: widths, code: code).meanSquaredError(image)
    minimize loss, by: adam(rate)
    return loss: loss
}
