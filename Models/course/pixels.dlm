// van den Oord, Kalchbrenner and Kavukcuoglu, "Pixel recurrent neural networks", 2016: the likelihood of a picture, pixel by pixel.
// Data: scikit-learn's digits, 8 × 8 pixels of 17 levels (Tools/data digits).

block cnn(x, width, layers) {
    for i in 0..<layers {
        y = x.relu().maskedConv(width).relu().maskedConv(width, kernel: 3).relu().maskedConv(2 * width)
        x = x + y
    }
    return x
}

/// The row LSTM: every row sees three places of the states above it.
block rnn(x, width) {
    inputs = x.maskedConv(4 * width, kernel: [1, 3], name: "inputs")
    carry = conv(4 * width, kernel: [1, 3], padding: [0, 1], bias: false, name: "carry")
    rows = []
    h = none
    c = none
    for row in 0..<8 {
        gates = inputs[:, :, row:row + 1]
        if row > 0 { gates = gates + carry(h) }
        o, f, i, g = gates.split(4)
        c = row > 0 ? f.sigmoid() * c + i.sigmoid() * g.tanh() : i.sigmoid() * g.tanh()
        h = o.sigmoid() * c.tanh()
        rows = rows + [h]
    }
    return x + concat(rows, axis: 2).maskedConv(2 * width, name: "output")
}

/// The logits [N, 17, 8, 8] of every pixel's levels by those above it and to its left.
model Pixels(image: f32[N, 1, 8, 8], network = "cnn", width = 24, layers = 4) {
    x = (2 * image - 1).maskedConv(2 * width, kernel: 5, mask: "A", name: "input")
    if network == "rnn" { repeat 2 { x = x.rnn(width) } } else { x = x.cnn(width, layers, name: "layers") }
    return logits: x.relu().maskedConv(2 * width, name: "hidden").relu().maskedConv(17, name: "output")
}

/// `bits` is what a pixel costs.
training LearnPixels(image: f32[N, 1, 8, 8], network = "cnn", width = 24, layers = 4, rate = 3e-3, steps = 1260) {
    logits = Pixels(image, network: network, width: width, layers: layers)
    loss = logits.crossEntropy((16 * image[:, 0]).round().cast(i64))
    minimize loss, by: adam(cosine(rate, steps: steps)), clip: globalNorm(1)
    predict probabilities: logits.softmax(axis: 1)
    return loss: loss, bits: loss / log(2.0)
}
