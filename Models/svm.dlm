// Weston and Watkins, "Support vector machines for multi-class pattern recognition", 1999, without a kernel, on the
// images of Krizhevsky, "Learning multiple layers of features from tiny images", 2009 (CIFAR-10).

/// Scores small images by one linear function per class; the hinge loss trains it, so scores are no probabilities.
model SVM(image: f32[N, 3, 32, 32], classes = 10) {
    return scores: image.flatten().dense(classes, init: normal(0.01), name: "")
}
