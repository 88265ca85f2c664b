// Cybenko, "Approximation by superpositions of a sigmoidal function", 1989: one hidden layer comes as near to any continuous
// function as there are units.
// Data: a wild function of one number (Tools/data wild-function).

/// One hidden layer of tanh units, which begin at places spread over the numbers from -2 to 2: with biases near 0, as usual, none
/// would be where the function is wildest.
model Approximation(x: f32[N, 1], hidden = 256) {
    slopes = parameter([hidden], init: uniform(12), name: "slopes")
    places = parameter([hidden], init: uniform(-2, 2), name: "places")
    return y: tanh(slopes * (x - places)).dense(1, name: "output")
}

/// The mean square of the distance.
training LearnFunction(x: f32[N, 1], target: f32[N, 1], hidden = 256, rate = 1e-2, steps = 6400) {
    y = Approximation(x, hidden: hidden)
    loss = y.meanSquaredError(target)
    minimize loss, by: adam(cosine(rate, steps: steps))
    predict y: y
    return loss: loss, furthest: (y - target).abs().max()
}
