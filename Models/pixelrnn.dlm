// van den Oord, Kalchbrenner and Kavukcuoglu, "Pixel recurrent neural networks", 2016, sections 3.1 and 3.3 to 3.6.
// The row LSTM, unrolled over the rows; its state-to-state convolution has no bias of its own.

import "blocks/pixels.dlm"

/// An LSTM that reads an image from top to bottom, a row at a time, and sees three places of the row before.
block rowLSTM(x, width) {
    inputs = x.maskedConv(4 * width, kernel: [1, 3], name: "input_to_state")
    carry = conv(4 * width, kernel: [1, 3], padding: [0, 1], bias: false, name: "state_to_state")
    rows = []
    h = none
    c = none
    for row in 0..<x.shape[2] {
        gates = inputs[:, :, row:row + 1]
        if row > 0 { gates = gates + carry(h) }
        o, f, i, g = gates.split(4)
        c = row > 0 ? f.sigmoid() * c + i.sigmoid() * g.tanh() : i.sigmoid() * g.tanh()
        h = o.sigmoid() * c.tanh()
        rows = rows + [h]
    }
    return concat(rows, axis: 2)
}

/// Gives the logits of every pixel's levels by the pixels above it and to its left.
model PixelRNN(image: f32[N, 1, size, size], size = 28, layers = 7, width = 16, hidden = 32, levels = 256) {
    x = image.maskedConv(2 * width, kernel: 7, mask: "A", name: "input")
    for i in 0..<layers {
        y = x.rowLSTM(width, name: "layers.\(i)")
        x = x + y.maskedConv(2 * width, name: "layers.\(i).output")
    }
    return logits: x.levels(hidden, 1, levels, name: "output")
}
