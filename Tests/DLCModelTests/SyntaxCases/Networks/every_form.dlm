/// Of the block.
///
/// In two paragraphs.
block forms(
    x,
    /// Of the parameter.
    options = ["a", "tab\t, \"quoted\" and \\(no value)", "\(1 + 1) and \("inner \("deep")")"],
    bounds = [-1, .infinity, 1e-5, 1E+3, 0.5],
) {
    // A comment alone.
    a, b, _ = x.split(3) // behind a statement

    // no blank
    //////////
    y = -x ** -2 + !flag
    y = (a - b) * (c ~/ d % e) / f @ g
    z = x[1][::2, 1:-1, :n + 1:k, c ? 1 : 2:3]
    return y
}

// Between declarations.

block empty() {}

block choices(c, list) {
    value = c
        ? list[0](1)
        : c && list[1] >= 2
        || c != 3 ? "b" : "c"
    long = f(
        value,
        for: 1, in: 2, // labels may be words of the language
        state: g(h(
            3
        )),
        last: [
            1, 2,
            3,
            // nothing more
        ]
    )
    state = 1
    next = state
    for i in 0...3 {
        if i == 1 {}
        // before else
        else { check i > 0 }
    }
    return value, long.repeat(2), state + next
}

/// Everything that trainings alone have.
training Every(x: f32[N, 4], target: f32[N, 1], rate = 1e-3) {
    freeze "stem.*", "head.bias"
    rates "stem": 0.1, "head": deep ? 10 : 1
    follow "target", of: "online", every: 100
    minimize loss + 1e-4 * squaredNorm("*.weight"), by: adam(rate: cosine(rate, steps: 100)), over: ["online.*"],
        clip: globalNorm(1), accumulate: 4
    minimize -other, by: sgd(rate)
    metadata "labels": ["a", "b"], "x.mean": 0.5
    predict probabilities: y.softmax(axis: 1), y
    return loss: loss
}
// The end.
