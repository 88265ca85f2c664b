"""Codes, and pictures that networks draw."""
import os

import numpy as np

from basics import percent
from dlc import data_of
from registry import Report, system
from sequences import first
from shown import grid


def readable(images, train):
    """How many of the ten digits pictures show by their nearest neighbours, and how far these are, in parts of how far
    pictures of the data are from each other."""
    from sklearn.neighbors import KNeighborsClassifier
    size = images[0].size
    x, y = train["image"].reshape(-1, size), train["label"]
    near = KNeighborsClassifier(3).fit(x, y)
    found = near.predict(images.reshape(-1, size))
    distance = near.kneighbors(images.reshape(-1, size), 1)[0].mean()
    usual = near.kneighbors(x[:300], 2)[0][:, 1].mean()
    return len(np.unique(found)), distance / usual


@system("autoencoder", ["mnist-5k"])
def autoencoder(course, short):
    from sklearn.decomposition import PCA
    report = Report()
    train, test = data_of("mnist-5k")
    trained = course.fit("autoencoder.dlm", "LearnAutoencoder", {"image": train["image"]}, batch=50, epochs=8 if short else 40)
    loss = float(trained.evaluate({"image": test["image"]})["loss"])
    pca = PCA(32).fit(train["image"].reshape(-1, 784))
    x = test["image"].reshape(-1, 784)
    linear = float(((pca.inverse_transform(pca.transform(x)) - x) ** 2).mean())
    report.tell(f"mean square of unseen pictures {loss:.4f}; 32 principal components {linear:.4f}", loss < (0.025 if short else linear))
    few = first(train, 500)
    encoder = trained.weights(lambda name: name.startswith("encoder."))
    start = course.merged("autoencoder.dlm", "OfCode", encoder, 1)
    other = course.fit("autoencoder.dlm", "LearnOfCode", few, batch=50, epochs=60, start=start)
    accuracy = float(other.evaluate(test)["accuracy"])
    from sklearn.linear_model import LogisticRegression
    plain = LogisticRegression(max_iter=2000).fit(few["image"].reshape(-1, 784), few["label"]).score(x, test["label"])
    report.took(trained, other)
    report.tell(f"a linear classifier from 500 labels: {percent(accuracy)} on the code, {percent(plain)} on pixels", accuracy > 0.78)
    return report


@system("vae", ["mnist-5k"])
def vae(course, short):
    report = Report()
    train, test = data_of("mnist-5k")
    trained = course.fit("vae.dlm", "LearnVAE", {"image": train["image"]}, batch=50, epochs=6 if short else 30)
    answer = trained.evaluate({"image": test["image"]})
    noise = np.random.default_rng(1).standard_normal((200, 10)).astype(np.float32)
    made = course.run("vae.dlm", {"noise": noise}, weights=trained.weights(), model="Draw")["made"]
    digits, distance = readable(made, train)
    report.took(trained)
    report.tell(f"{answer['lost']:.1f} nats lost, {answer['divergence']:.1f} of divergence", answer["loss"] < (160 if short else 125))
    report.tell(f"200 draws show {digits} of 10 digits, {distance:.2f} times as far from the data as these from each other",
                digits == 10 and distance < 1.2)
    grid(course, "draws", made[:100])
    return report


@system("dcgan", ["mnist-5k"])
def dcgan(course, short):
    report = Report()
    train, _ = data_of("mnist-5k")
    trained = course.fit("dcgan.dlm", "LearnDCGAN", {"image": train["image"]}, batch=50, epochs=4 if short else 20, **({"width": 16} if short else {}))
    noise = np.random.default_rng(1).standard_normal((200, 64)).astype(np.float32)
    made = course.run("dcgan.dlm", {"noise": noise}, weights=trained.weights(lambda n: n.startswith("generator."), "generator."),
                      model="Generator", **({"width": 16} if short else {}))["made"] / 2 + 0.5
    digits, distance = readable(made, train)
    report.took(trained)
    report.tell(f"200 draws show {digits} of 10 digits, {distance:.2f} times as far from the data as these from each other",
                digits >= (6 if short else 9) and distance < 1.4)
    grid(course, "draws", made[:100])
    return report


@system("pixels", ["digits"])
def pixels(course, short):
    report = Report()
    train, test = data_of("digits")
    levels = np.round(16 * train["image"].reshape(-1, 64)).astype(int)
    held = np.round(16 * test["image"].reshape(-1, 64)).astype(int)
    counts = np.stack([np.bincount(levels[:, i], minlength=17) for i in range(64)]) + 0.5
    plain = -np.log2(counts / counts.sum(1, keepdims=True))[np.arange(64), held].mean()
    epochs = 12 if short else 60
    for network in ("cnn",) if short else ("cnn", "rnn"):
        trained = course.fit("pixels.dlm", "LearnPixels", {"image": train["image"]}, batch=32, epochs=epochs, network=network, name=network,
                             steps=epochs * 42)
        bits = float(trained.evaluate({"image": test["image"]})["bits"])
        report.took(trained)
        report.tell(f"Pixel{network.upper()}: {bits:.3f} bits a pixel of unseen digits; {plain:.3f} with every pixel by itself",
                    bits < plain - (0.3 if short else 0.45))
        if network == "cnn":
            made = drawn(course, trained.weights(), 16 if short else 100)
            digits, distance = readable(made, train)
            report.tell(f"{len(made)} draws show {digits} of 10 digits, {distance:.2f} times as far from the data as these from each other",
                        digits >= (4 if short else 9))
            grid(course, "draws", made)
    return report


def drawn(course, weights, count):
    """Pictures drawn pixel by pixel from the likelihoods of the one that is there so far."""
    image = np.zeros((count, 1, 8, 8), np.float32)
    noise = np.random.default_rng(1).gumbel(size=(count, 17, 8, 8))
    plan = os.path.join(course.folder, "pixels.dlc")
    course.call("build", "Models/course/pixels.dlm", "--model", "Pixels", "--weights", weights, "-o", plan)
    for row in range(8):
        for column in range(8):
            logits = course.run(plan, {"image": image})["logits"]
            image[:, 0, row, column] = (logits + noise)[:, :, row, column].argmax(1) / 16
    return image
