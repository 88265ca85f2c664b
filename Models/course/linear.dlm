// Classifiers without hidden layers, and one without learning. Bridle, "Probabilistic interpretation of feedforward
// classification network outputs", 1990; Weston and Watkins, "Support vector machines for multi-class pattern recognition",
// 1999; Cover and Hart, "Nearest neighbor pattern classification", 1967.
// Data: scikit-learn's digits (Tools/data digits).

/// One linear function per class.
model Linear(image: f32[N, 1, 8, 8], classes = 10) {
    return scores: image.flatten().dense(classes, init: normal(0.01), name: "linear")
}

/// The cross-entropy of the softmax.
training LearnSoftmax(image: f32[N, 1, 8, 8], label: i64[N], rate = 1e-2, decay = 1e-4) {
    scores = Linear(image)
    loss = scores.crossEntropy(label)
    minimize loss + decay * squaredNorm("*.weight"), by: adam(rate)
    predict probabilities: scores.softmax(axis: 1)
    return loss: loss, accuracy: (scores.argmax(axis: 1) == label).cast(f32).mean()
}

/// Every wrong class's score has to stay one below the right one's.
training LearnSVM(image: f32[N, 1, 8, 8], label: i64[N], rate = 1e-2, decay = 1e-4) {
    scores = Linear(image)
    right = label.oneHot(10)
    margins = (scores - (scores * right).sum(axes: 1, keepDimensions: true) + 1).relu() * (1 - right)
    loss = margins.sum(axes: 1).mean()
    minimize loss + decay * squaredNorm("*.weight"), by: adam(rate)
    predict scores: scores
    return loss: loss, accuracy: (scores.argmax(axis: 1) == label).cast(f32).mean()
}

/// The label that most of the k nearest have; pictures and labels are the parameters `images` and `labels`.
model Nearest(image: f32[N, 1, 8, 8], count = 1347, k = 1, metric = "L2", classes = 10) {
    check metric == "L1" || metric == "L2", "metric is \"L1\" or \"L2\""
    x = image.flatten()
    images = parameter([count, 1, 8, 8], init: zeros, name: "images").flatten()
    labels = parameter([count], init: zeros, type: i64, name: "labels")
    distances = metric == "L1" ? l1Distance(x.unsqueeze(1), images) : (images ** 2).sum(1) - 2 * x @ images.transpose()
    _, nearest = distances.topK(k, largest: false)
    return label: labels.gather(nearest).oneHot(classes).sum(1).argmax()
}
