// Hinton and Salakhutdinov, "Reducing the dimensionality of data with neural networks", 2006; all layers at once.
// Data: 5,000 of MNIST's digits (Tools/data mnist-5k).

/// 32 numbers that a picture can be restored from.
block encode(image, code) {
    return image.flatten().dense(256, name: "hidden").relu().dense(code, name: "code")
}

model Autoencoder(image: f32[N, 1, 28, 28], code = 32) {
    code = image.encode(code, name: "encoder")
    x = code.dense(256, name: "hidden").relu().dense(784, name: "output").sigmoid()
    return reconstruction: x.reshape([-1, 1, 28, 28]), code: code
}

training LearnAutoencoder(image: f32[N, 1, 28, 28], code = 32, rate = 2e-3) {
    reconstruction, coded = Autoencoder(image, code: code)
    loss = reconstruction.meanSquaredError(image)
    minimize loss, by: adam(rate)
    predict reconstruction: reconstruction, code: coded
    return loss: loss
}

/// A linear classifier on a code that stays as it was learned without labels.
training LearnOfCode(image: f32[N, 1, 28, 28], label: i64[N], code = 32, rate = 1e-2) {
    freeze "encoder"
    logits = image.encode(code, name: "encoder").dense(10, name: "classifier")
    loss = logits.crossEntropy(label)
    minimize loss, by: adam(rate)
    predict probabilities: logits.softmax(axis: 1)
    return loss: loss, accuracy: (logits.argmax(axis: 1) == label).cast(f32).mean()
}

model OfCode(image: f32[N, 1, 28, 28], code = 32) {
    return logits: image.encode(code, name: "encoder").dense(10, name: "classifier")
}
