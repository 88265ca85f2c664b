// Hochreiter and Schmidhuber, "Long short-term memory", 1997, for a series of numbers.
// Data: yearly sunspots; 24 years and the next one, the last 60 years held out (Tools/data sunspots).

/// The next number of a series.
model Series(series: f32[N, T, 1], hidden = 32) {
    y, _ = series.lstm(hidden, outputs: "last", name: "lstm")
    return next: y.dense(1, name: "output") + series[:, -1]
}

training LearnSeries(series: f32[N, T, 1], next: f32[N, 1], hidden = 32, rate = 5e-3, steps = 800) {
    guess = Series(series, hidden: hidden)
    loss = guess.meanSquaredError(next)
    minimize loss + 1e-4 * squaredNorm("*.weight*"), by: adam(cosine(rate, steps: steps)), clip: globalNorm(1)
    predict guess: guess
    return loss: loss, absolute: guess.meanAbsoluteError(next), persistence: series[:, -1].meanAbsoluteError(next)
}
