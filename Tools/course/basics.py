"""Gates, functions, linear classifiers, tables, and the pictures of digits."""
import os

import numpy as np

from dlc import MODELS, data_of, load
from registry import Report, system
from shown import boundaries, curves


def percent(value):
    return f"{100 * float(value):.1f} %"


@system("digits")
def digits(course, short):
    report = Report()
    train, test = (load(os.path.join(MODELS, "data", f"digits-{part}.npz")) for part in ("train", "test"))
    for seed in (1,) if short else (1, 2, 3):
        trained = course.fit("digits.dlm", "LearnDigits", train, batch=32, epochs=20, seed=seed)
        accuracy = trained.evaluate(test)["accuracy"]
        report.took(trained)
        report.tell(f"seed {seed}: {percent(accuracy)} of 450 held-out digits", accuracy >= 0.98)
    return report


@system("gates", ["and", "or", "xor"])
def gates(course, short):
    report = Report()
    for training, gate, epochs, right in (("LearnGate", "and", 50, True), ("LearnGate", "or", 50, True),
                                          ("LearnGate", "xor", 200, False), ("LearnXOR", "xor", 400, True)):
        train, test = data_of(gate)
        trained = course.fit("gates.dlm", training, train, batch=1 if training == "LearnGate" else 4, epochs=epochs)
        accuracy = trained.evaluate(test)["accuracy"]
        report.took(trained)
        what = "one layer" if training == "LearnGate" else "two layers"
        report.tell(f"{gate.upper()}, {what}: {int(4 * accuracy)} of 4 rows", (accuracy == 1) == right)
    return report


@system("function", ["wild-function"])
def function(course, short):
    report = Report()
    train, test = data_of("wild-function")
    errors = []
    for hidden in (8, 64, 256):
        trained = course.fit("function.dlm", "LearnFunction", train, batch=64, epochs=200, hidden=hidden)
        answer = trained.evaluate(test)
        errors.append(float(answer["loss"]))
        report.took(trained)
        report.tell(f"{hidden} hidden units: mean square {errors[-1]:.2g}")
    report.tell(f"variance of the function: {test['target'].var():.2g}", errors[2] < 0.005 and errors[2] < errors[0] / 10)
    return report


@system("spiral", ["spiral"])
def spiral(course, short):
    report = Report()
    train, test = data_of("spiral")
    for hidden, least, most in ((0, 0.3, 0.7), (100, 0.97, 1)):
        trained = course.fit("spiral.dlm", "LearnSpiral", train, batch=300, epochs=1500, hidden=hidden)
        accuracy = trained.evaluate(test)["accuracy"]
        report.took(trained)
        report.tell(f"{hidden or 'no'} hidden units: {percent(accuracy)} of 300 new points", least <= accuracy <= most)
        places = np.linspace(-1, 1, 150, dtype=np.float32)
        points = np.stack(np.meshgrid(places, -places), 2).reshape(-1, 2)
        logits = course.run("spiral.dlm", {"x": points}, weights=trained.weights(), model="Spiral", hidden=hidden)["logits"]
        boundaries(course, f"hidden-{hidden}", logits.argmax(1).reshape(150, 150), train["x"], train["label"])
    return report


@system("linear", ["digits"])
def linear(course, short):
    """Against scikit-learn's classifiers on the same split."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.neighbors import KNeighborsClassifier
    from sklearn.svm import LinearSVC
    report = Report()
    train, test = data_of("digits")
    x, y, held, truth = train["image"].reshape(-1, 64), train["label"], test["image"].reshape(-1, 64), test["label"]
    for training, judge in (("LearnSoftmax", LogisticRegression(max_iter=5000)), ("LearnSVM", LinearSVC(max_iter=20000))):
        trained = course.fit("linear.dlm", training, train, batch=64, epochs=60)
        accuracy, other = trained.evaluate(test)["accuracy"], judge.fit(x, y).score(held, truth)
        report.took(trained)
        report.tell(f"{training[5:]}: {percent(accuracy)}, scikit-learn's {type(judge).__name__} {percent(other)}", accuracy >= other - 0.01)
    # k and the metric by a validation part of the training digits; then on what was held out, with all of them.
    best = max(((metric, k) for metric in ("L1", "L2") for k in (1, 3, 5, 9)),
               key=lambda choice: nearest(course, x[:1000], y[:1000], x[1000:], choice, y[1000:]))
    accuracy = nearest(course, x, y, held, best, truth)
    metric, k = best
    other = KNeighborsClassifier(k, p=int(metric[1])).fit(x, y).score(held, truth)
    report.tell(f"nearest neighbours, {metric} and k = {k} by validation: {percent(accuracy)}, scikit-learn's {percent(other)}",
                abs(accuracy - other) <= 0.01)
    return report


def nearest(course, images, labels, asked, choice, truth):
    metric, k = choice
    weights = os.path.join(course.folder, "nearest.npz")
    np.savez(weights, images=images.reshape(-1, 1, 8, 8), labels=labels)
    answer = course.run("linear.dlm", {"image": asked.reshape(-1, 1, 8, 8)}, weights=weights, model="Nearest", count=len(images),
                        metric=metric, k=k)
    return float((answer["label"] == truth).mean())


@system("comparisons", ["mnist-5k"])
def comparisons(course, short):
    """One thing changed at a time; what the course says of each has to be seen."""
    report = Report()
    train, test = data_of("mnist-5k")
    if short:
        train = {key: values[:2000] for key, values in train.items()}
    reached, losses = {}, {}

    def learn(name, epochs=4 if short else 12, **values):
        trained = course.fit("comparisons.dlm", "Compare", train, batch=64, epochs=epochs, name=name, **values)
        reached[name] = float(trained.evaluate(test)["accuracy"])
        report.took(trained)
        losses[name] = trained.losses

    deep = [100] * 8
    for activation in ("sigmoid", "relu") if short else ("sigmoid", "tanh", "relu", "leaky", "elu", "selu", "gelu", "silu", "maxout"):
        learn(activation, activation=activation, widths=deep)
    for init in ("small", "large", "he") if short else ("small", "large", "xavier", "he"):
        learn(f"init-{init}", init=init, widths=deep)
    learn("init-small-norm", init="small", norm=True, widths=deep)
    for optimiser in ("sgd", "adam") if short else ("sgd", "momentum", "nesterov", "adagrad", "adadelta", "rmsProp", "adam", "adamW", "nAdam", "lion"):
        learn(optimiser, optimiser=optimiser)
    for name, chosen in (("activations", ("sigmoid", "tanh", "relu", "leaky", "elu", "gelu", "maxout")), ("optimisers", ("sgd", "momentum", "adagrad", "rmsProp", "adam")),
                         ("weights", ("init-small", "init-large", "init-xavier", "init-he", "init-small-norm"))):
        curves(course, name, {key: losses[key] for key in chosen if key in losses})
    if not short:
        for name, values in (("dropout", {"drop": 0.3}), ("l1", {"l1": 1e-5}), ("l2", {"l2": 1e-4})):
            learn(name, **values)
    report.tell(", ".join(f"{name} {percent(value)}" for name, value in reached.items()))
    report.tell("sigmoid units in eight layers learn late if at all, rectifiers at once", reached["sigmoid"] < reached["relu"] - 0.3 and reached["relu"] > 0.8)
    report.tell("weights too small hold learning up, He's do not", reached["init-small"] < reached["init-he"] - 0.05 and reached["init-he"] > 0.8)
    report.tell("batch norm mends weights too small", reached["init-small-norm"] > 0.8)
    return report


@system("lenet5", ["mnist-5k"])
def lenet5(course, short):
    report = Report()
    train, test = data_of("mnist-5k")
    epochs = 8 if short else 40
    for seed in (1,) if short else (1, 2, 3):
        trained = course.fit("lenet5.dlm", "LearnLeNet5", train, batch=64, epochs=epochs, seed=seed, steps=62 * epochs)
        accuracy = trained.evaluate(test)["accuracy"]
        report.took(trained)
        report.tell(f"seed {seed}, {epochs} epochs: {percent(accuracy)} of 1,000 held-out digits", accuracy >= (0.96 if short else 0.98))
    return report


@system("transfer", ["mnist-5k", "digits"])
def transfer(course, short):
    """From MNIST's digits to scikit-learn's, enlarged to 28 × 28, of which there are three pictures each."""
    report = Report()
    train, _ = data_of("mnist-5k")
    trained = course.fit("lenet5.dlm", "LearnLeNet5", train, batch=64, epochs=8, steps=496)
    features = trained.weights(lambda name: name.startswith("features."))
    report.took(trained)

    def enlarged(data):
        x = np.repeat(np.repeat(data["image"], 3, 2), 3, 3)
        x = (x + np.roll(x, 1, 2) + np.roll(x, -1, 2)) / 3  # softens the steps between pixels
        x = (x + np.roll(x, 1, 3) + np.roll(x, -1, 3)) / 3
        return {"image": np.pad(x, ((0, 0), (0, 0), (2, 2), (2, 2))).astype(np.float32), "label": data["label"]}

    other, asked = (enlarged(data) for data in data_of("digits"))
    places = np.concatenate([np.nonzero(other["label"] == k)[0][:3] for k in range(10)])
    few = {key: values[places] for key, values in other.items()}
    reached = {"frozen": [], "alone": []}
    for name, accuracies in reached.items():
        for seed in (1, 2, 3):
            start = course.merged("lenet5.dlm", "LeNet5", features, seed) if name == "frozen" else None
            learned = course.fit("lenet5.dlm", "Transfer", few, batch=15, epochs=60, seed=seed, name=name, start=start, frozen=name == "frozen")
            accuracies.append(float(learned.evaluate(asked)["accuracy"]))
            report.took(learned)
    frozen, alone = np.mean(reached["frozen"]), np.mean(reached["alone"])
    report.tell(f"from 30 pictures: {percent(frozen)} with MNIST's features frozen, {percent(alone)} from nothing", frozen > alone + 0.01)
    return report


@system("stamps", ["tuxpaint"])
def stamps(course, short):
    report = Report()
    train, test = data_of("tuxpaint")
    epochs = 15 if short else 60
    variants = {"plain": {"augment": False}, "augmented": {}} if short else {
        "plain": {"augment": False}, "augmented": {}, "smoothed": {"smoothing": 0.1}, "CutMix": {"mix": True}}
    mean = {}
    logits = []
    for name, values in variants.items():
        reached = []
        for seed in (1,) if short else (1, 2, 3):
            trained = course.fit("stamps.dlm", "LearnStamps", train, batch=50, epochs=epochs, seed=seed, name=f"{name}-{seed}",
                                 steps=10 * epochs, **values)
            answer = trained.evaluate(test)
            reached.append(float(answer["accuracy"]))
            report.took(trained)
            if name == "augmented":
                logits.append(answer["logits"])
        mean[name] = np.mean(reached)
        report.tell(f"{name}: {percent(mean[name])} of 168 held-out stamps (" + ", ".join(percent(a) for a in reached) + ")")
    most = np.bincount(test["label"]).max() / len(test["label"])
    if not short:
        accuracy = float((np.mean(logits, 0).argmax(1) == test["label"]).mean())
        report.tell(f"ensemble of three: {percent(accuracy)}", accuracy >= mean["augmented"] - 0.01)
    report.tell(f"the commonest kind: {percent(most)}", mean["augmented"] > most + (0.05 if short else 0.15))
    return report


@system("regression", ["outliers", "diabetes"])
def regression(course, short):
    report = Report()
    train, test = data_of("outliers")
    errors = {}
    for robust in (False, True):
        trained = course.fit("regression.dlm", "LearnRegression", train, batch=50, epochs=30, robust=robust)
        errors[robust] = float(trained.evaluate(test)["absolute"])
        report.took(trained)
    report.tell(f"a line with outliers: mean distance {errors[False]:.2f} by squares, {errors[True]:.2f} by Huber's loss",
                errors[True] < 0.2 < errors[False])
    from sklearn.linear_model import LinearRegression
    train, test = data_of("diabetes")
    judge = LinearRegression().fit(train["x"], train["target"])
    other = float(((judge.predict(test["x"]) - test["target"]) ** 2).mean())
    for hidden in (0, 16):
        trained = course.fit("regression.dlm", "LearnRegression", train, batch=33, epochs=60, columns=10, hidden=hidden, decay=1e-2 if hidden else 0.0,
                             rate=0.02, name=f"hidden-{hidden}")
        squared = float(trained.evaluate(test)["squared"])
        report.took(trained)
        report.tell(f"patients, {hidden or 'no'} hidden units: mean square {squared:.3f}; scikit-learn's line {other:.3f}", squared < other + 0.05)
    return report


@system("tables", ["imbalanced", "iris", "wine", "breast-cancer"])
def tables(course, short):
    report = Report()
    for name, columns, classes, least in (("iris", 4, 3, 0.94), ("wine", 13, 3, 0.95), ("breast-cancer", 30, 2, 0.94)):
        train, test = data_of(name)
        trained = course.fit("tables.dlm", "LearnTable", train, batch=16, epochs=60, columns=columns, classes=classes, name=name)
        accuracy = trained.evaluate(test)["accuracy"]
        report.took(trained)
        report.tell(f"{name}: {percent(accuracy)}", accuracy >= least)
    from imblearn.over_sampling import SMOTE
    train, test = data_of("imbalanced")
    made, label = SMOTE(random_state=1).fit_resample(train["x"], train["label"])
    recalls = {}
    for name, data, weight in (("plain", train, 1.0), ("weights", train, 30.0), ("SMOTE", {"x": made.astype(np.float32), "label": label}, 1.0)):
        trained = course.fit("tables.dlm", "LearnRare", data, batch=100, epochs=15 if name != "SMOTE" else 8, weight=weight, name=name)
        found = trained.evaluate(test)["probabilities"].argmax(1)
        report.took(trained)
        rare = test["label"] == 1
        recalls[name] = float(found[rare].mean())
        precision = float(rare[found == 1].mean()) if found.any() else 0
        report.tell(f"{name}: recall of the rare class {percent(recalls[name])}, precision {percent(precision)}")
    report.tell("weights and SMOTE find more of the rare class", min(recalls["weights"], recalls["SMOTE"]) > recalls["plain"] + 0.05)
    return report


@system("series", ["sunspots"])
def series(course, short):
    report = Report()
    train, test = data_of("sunspots")
    trained = course.fit("series.dlm", "LearnSeries", train, batch=45, epochs=160)
    answer = trained.evaluate(test)
    report.took(trained)
    report.tell(f"mean distance {100 * answer['absolute']:.1f} spots, {100 * answer['persistence']:.1f} for the year before",
                answer["absolute"] < 0.85 * answer["persistence"])
    return report
