// Vinyals, Toshev, Bengio and Erhan, "Show and tell: a neural image caption generator", 2014, in small.
// Data: Tux Paint's stamps and their English names (Tools/data captions). Word 0 ends, 1 begins, 2 stands for rare ones.

block residual(x, width, stride = 1) {
    y = x.conv(width, kernel: 3, stride: stride, padding: 1, bias: false).batchNorm().relu()
    y = y.conv(width, kernel: 3, padding: 1, bias: false).batchNorm()
    isSame = stride == 1 && x.shape[1] == width
    return relu(y + (isSame ? x : x.conv(width, kernel: 1, stride: stride, bias: false)))
}

/// What a picture tells the LSTM before the first word.
block look(image, hidden) {
    x = (2 * image - 1).conv(24, kernel: 3, stride: 2, padding: 1, bias: false).batchNorm().relu()
    for i in 0..<3 { x = x.residual(24 * 2 ** i, stride: i > 0 ? 2 : 1) }
    return x.globalAveragePool().flatten().dropout(0.3).dense(hidden, name: "output").unsqueeze(1)
}

/// Describes a picture by the likeliest word each time; “<rare>”, which says nothing, is never taken.
model Caption(image: f32[N, 3, 48, 48], vocabulary = 251, hidden = 96, length = 10) {
    embed = embedding(vocabulary, hidden, name: "words")
    decode = lstm(hidden, name: "decoder")
    output = dense(vocabulary, name: "output")
    seen = image.look(hidden, name: "encoder")
    _, h, c = decode(seen)
    word = fill([image.shape[0], 1], 1, type: i64)
    rare = concat(fill([2], 0), fill([1], 1e9), fill([vocabulary - 3], 0), axis: 0)
    words = []
    for i in 0..<length {
        y, h, c = decode(embed(word) + seen, h, c)
        word = (output(y) - rare).argmax(axis: 2)
        words = words + [word]
    }
    return words: concat(words, axis: 1)
}

training LearnCaptions(
    image: f32[N, 3, 48, 48], words: i64[N, 10], label: i64[N, 10], counted: f32[N, 10], vocabulary = 251, hidden = 96, blind = false,
    rate = 3e-3, steps = 1200
) {
    seen = image.randomShift(4).look(hidden, name: "encoder")
    if blind { seen = 0 * seen }
    x = concat(seen, words.embedding(vocabulary, hidden, name: "words").dropout(0.3) + seen, axis: 1)
    y, _ = x.lstm(hidden, name: "decoder")
    logits = y[:, 1:].dropout(0.3).dense(vocabulary, name: "output")
    losses = logits.transpose([0, 2, 1]).crossEntropy(label, reduction: "none")
    loss = (losses * counted).sum() / counted.sum()
    minimize loss, by: adamW(oneCycle(rate, steps: steps), weightDecay: 0.02), clip: globalNorm(1)
    predict probabilities: logits.softmax(axis: 2)
    return loss: loss, accuracy: ((logits.argmax(axis: 2) == label).cast(f32) * counted).sum() / counted.sum()
}
