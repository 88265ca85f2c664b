// The first network to train: nothing but this file and the digits beside it is needed. From a fresh clone,
//
//     Tools/dlc train Models/course/digits.dlm
//
// Convolutions with batch norm as in Ioffe and Szegedy, "Batch normalization", 2015.
// Data: scikit-learn's digits (UCI, Alpaydin and Kaynak, 1998), 1,347 to learn from and 450 held out.

/// Reads a handwritten digit, grey values from 0 (ground) to 1 (ink).
model Digits(image: f32[N, 1, 8, 8], width = 16, classes = 10) {
    x = image.conv(width, kernel: 3, padding: 1, bias: false).batchNorm().relu()
    x = x.conv(2 * width, kernel: 3, padding: 1, bias: false).batchNorm().relu().maxPool(2)
    x = x.conv(4 * width, kernel: 3, padding: 1, bias: false).batchNorm().relu().globalAveragePool().flatten()
    if classes == 10 { metadata "labels": ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"] }
    return logits: x.dropout(0.2).dense(classes, name: "output")
}

/// Learns from images that are moved by up to a pixel.
training LearnDigits(image: f32[N, 1, 8, 8], label: i64[N], width = 16, classes = 10, rate = 5e-3, steps = 840) {
    logits = Digits(image.randomShift(1), width: width, classes: classes)
    loss = logits.crossEntropy(label)
    minimize loss, by: adamW(oneCycle(rate, steps: steps), weightDecay: 0.02), decay: "*.weight"
    predict probabilities: logits.softmax(axis: 1)
    return loss: loss, accuracy: (logits.argmax(axis: 1) == label).cast(f32).mean()
}
