// Cover and Hart, "Nearest neighbor pattern classification", 1967, on the images of Krizhevsky, "Learning multiple layers
// of features from tiny images", 2009 (CIFAR-10).

/// The label that most of the k nearest training images have, the least of equally frequent ones. Training images, of
/// values from 0 to 1, and their labels are the parameters `images` and `labels`.
model NearestNeighbours(image: f32[N, 3, 32, 32], count = 5000, k = 5, metric = "L2", classes = 10) {
    check metric == "L1" || metric == "L2", "metric is \"L1\" or \"L2\""
    x = image.flatten()
    images = parameter([count, 3, 32, 32], init: uniform(0, 1), name: "images").flatten()
    labels = parameter([count], init: uniform(0, classes), type: i64, name: "labels")
    // L2 is squared and without the square of x, which is the same for all.
    distances = metric == "L1" ? l1Distance(x.unsqueeze(1), images) : (images ** 2).sum(1) - 2 * x @ images.transpose()
    _, nearest = distances.topK(k, largest: false)
    votes = labels.gather(nearest).oneHot(classes).sum(1)
    return label: votes.argmax(), votes: votes
}
