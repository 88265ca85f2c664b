// What a course shows of a plain network by changing one thing at a time: activations (Nair and Hinton, 2010, and others), how
// weights are drawn (Glorot and Bengio, 2010; He et al., 2015), batch norm (Ioffe and Szegedy, 2015), dropout (Srivastava et al.,
// 2014), L1 and L2, the optimisers.
// Data: 5,000 of MNIST's digits (Tools/data mnist-5k).

/// Layers of one width.
model Plain(
    image: f32[N, 1, 28, 28], widths = [100, 100, 100, 100, 100], activation = "relu", init = "he", norm = false, drop = 0.0, classes = 10
) {
    draws = init == "small" ? normal(0.01) : init == "large" ? normal(1) : init == "xavier" ? xavierNormal(1) : kaimingNormal()
    x = image.flatten()
    for i in 0..<widths.count {
        x = x.dense(widths[i], init: draws, name: "hidden\(i + 1)")
        if norm { x = x.batchNorm(name: "norm\(i + 1)") }
        if activation == "relu" { x = x.relu() }
        if activation == "sigmoid" { x = x.sigmoid() }
        if activation == "tanh" { x = x.tanh() }
        if activation == "leaky" { x = x.leakyRelu(0.01) }
        if activation == "elu" { x = x.elu() }
        if activation == "selu" { x = x.selu() }
        if activation == "gelu" { x = x.gelu() }
        if activation == "silu" { x = x.silu() }
        if activation == "maxout" { x = x.dense(2 * widths[i], init: draws, name: "pieces\(i + 1)").maxout(2) }
        if drop > 0 { x = x.dropout(drop) }
    }
    return logits: x.dense(classes, name: "output")
}

/// Every optimiser at the rate that is usual for it, times `scale`.
training Compare(
    image: f32[N, 1, 28, 28], label: i64[N], widths = [100, 100, 100, 100, 100], activation = "relu", init = "he", norm = false,
    drop = 0.0, l1 = 0.0, l2 = 0.0, optimiser = "adam", scale = 1.0
) {
    logits = Plain(image, widths: widths, activation: activation, init: init, norm: norm, drop: drop)
    loss = logits.crossEntropy(label)
    cost = loss
    if l1 > 0 { cost = cost + l1 * norm1("*.weight") }
    if l2 > 0 { cost = cost + l2 * squaredNorm("*.weight") }
    if optimiser == "sgd" { minimize cost, by: sgd(0.05 * scale) }
    if optimiser == "momentum" { minimize cost, by: sgd(0.02 * scale, momentum: 0.9) }
    if optimiser == "nesterov" { minimize cost, by: sgd(0.02 * scale, momentum: 0.9, nesterov: true) }
    if optimiser == "adagrad" { minimize cost, by: adagrad(0.01 * scale) }
    if optimiser == "adadelta" { minimize cost, by: adadelta(1 * scale) }
    if optimiser == "rmsProp" { minimize cost, by: rmsProp(1e-3 * scale) }
    if optimiser == "adam" { minimize cost, by: adam(1e-3 * scale) }
    if optimiser == "adamW" { minimize cost, by: adamW(1e-3 * scale) }
    if optimiser == "nAdam" { minimize cost, by: nAdam(1e-3 * scale) }
    if optimiser == "lion" { minimize cost, by: lion(1e-4 * scale) }
    predict probabilities: logits.softmax(axis: 1)
    return loss: loss, accuracy: (logits.argmax(axis: 1) == label).cast(f32).mean()
}
