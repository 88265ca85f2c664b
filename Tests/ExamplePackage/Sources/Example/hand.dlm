/// Reads a handwritten digit of one person's hand: ink from 0 to 1.
model Hand(image: f32[N, 1, 8, 8]) {
    metadata "labels": ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"]
    x = image.conv(8, kernel: 3, padding: 1).relu().maxPool(2).conv(16, kernel: 3, padding: 1).relu().flatten()
    return logits: x.dense(32).relu().dropout(0.1).dense(10, name: "output")
}

/// Learns another hand from a few samples, beginning with the weights of `hand.safetensors`.
training HandTraining(image: f32[N, 1, 8, 8], label: i64[N], rate = 3e-3) {
    logits = Hand(image)
    loss = logits.crossEntropy(label)
    minimize loss, by: adam(rate)
    predict probabilities: logits.softmax(axis: 1)
    return loss: loss, accuracy: (logits.argmax(axis: 1) == label).cast(f32).mean()
}
