// Bridle, "Probabilistic interpretation of feedforward classification network outputs", 1990, without hidden units, on
// the images of Krizhevsky, "Learning multiple layers of features from tiny images", 2009 (CIFAR-10).

/// Classifies small images by one linear function per class.
model SoftmaxClassifier(image: f32[N, 3, 32, 32], classes = 10) {
    return probabilities: image.flatten().dense(classes, init: normal(0.01), name: "").softmax()
}
