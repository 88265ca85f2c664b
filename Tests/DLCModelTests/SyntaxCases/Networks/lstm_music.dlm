// A character model that writes music: one symbol in, the next one's scores out.

model Music(symbol: i64[1], width = 1024, symbols = 83) {
    state h: f32[1, width]
    state c: f32[1, width]
    x = symbol.embedding(symbols, 256)
    gates = x.dense(4 * width, name: "input") + h.dense(4 * width, bias: false, name: "recurrent")
    i = sigmoid(gates[:, :width])
    f = sigmoid(gates[:, width:2 * width])
    g = tanh(gates[:, 2 * width:3 * width])
    o = sigmoid(gates[:, 3 * width:])
    cell = f * c + i * g
    out = o * tanh(cell)
    next c = cell
    next h = out
    return scores: out.dense(symbols), hidden: out, state: cell
}
