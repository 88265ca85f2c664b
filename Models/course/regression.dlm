// Huber, "Robust estimation of a location parameter", 1964: far points count by their distance, not by its square.
// Data: a line of which every tenth point is 20 too high (Tools/data outliers); patients (Tools/data diabetes).

/// A line, or with `hidden` a curve.
model Regression(x: f32[N, columns], columns = 1, hidden = 0) {
    if hidden > 0 { x = x.dense(hidden, name: "hidden").relu() }
    return y: x.dense(1, name: "output")
}

/// By squares, or as Huber has it.
training LearnRegression(
    x: f32[N, columns], target: f32[N, 1], columns = 1, hidden = 0, robust = false, rate = 0.05, decay = 0.0, steps = 600
) {
    y = Regression(x, columns: columns, hidden: hidden)
    loss = robust ? y.huber(target, delta: 0.5) : y.meanSquaredError(target)
    minimize loss + decay * squaredNorm("*.weight"), by: adam(cosine(rate, steps: steps))
    predict y: y
    return loss: loss, squared: y.meanSquaredError(target), absolute: y.meanAbsoluteError(target)
}
