"""Writes what the example app learns with: Tests/ExamplePackage/Sources/Example/hand.safetensors, weights for upright digits,
and slanted.safetensors, 220 digits of another hand.

The digits are scikit-learn's (UCI, Alpaydin and Kaynak, 1998) as Models/course/data holds them. dlc learns the weights from the
1,347 of the training part. The other hand's digits are from the test part, slanted by half a pixel a row; the first twenty, two of
each, are for the app to learn from, the others to test it. Usage: Tools/train_digits/hand.py DLC, with numpy and safetensors.
"""

import pathlib
import subprocess
import sys
import tempfile

import numpy
from safetensors.numpy import load_file, save_file

ROOT = pathlib.Path(__file__).resolve().parents[2]
APP = ROOT / "Tests/ExamplePackage/Sources/Example"
BATCH, EPOCHS = 64, 40


def digits(part):
    data = numpy.load(ROOT / f"Models/course/data/digits-{part}.npz")
    return data["image"].astype(numpy.float32), data["label"].astype(numpy.int64)


def slanted(images):
    rows = [numpy.roll(images[:, :, row], (row - 4) // 2, axis=-1) for row in range(8)]
    return numpy.stack(rows, axis=2)


def learn(dlc):
    images, labels = digits("train")
    random = numpy.random.default_rng(0)
    order = numpy.concatenate([random.permutation(len(images))[: len(images) // BATCH * BATCH] for _ in range(EPOCHS)]).reshape(-1, BATCH)
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        numpy.save(folder / "image.npy", images[order])
        numpy.save(folder / "label.npy", labels[order])
        plan, states = folder / "hand.dlc", folder / "states.safetensors"
        model = [APP / "hand.dlm", "--training", "HandTraining", "--set", "rate=0.002", "--seed", "1"]
        subprocess.run([dlc, "build", *model, "-o", plan], check=True)
        inputs = ["--input", f"image={folder / 'image.npy'}", "--input", f"label={folder / 'label.npy'}"]
        subprocess.run([dlc, "run", plan, *inputs, "--save-states", states], check=True)
        weights = {name: tensor for name, tensor in load_file(states).items() if not name.startswith("training.")}
    save_file(weights, APP / "hand.safetensors")


def samples():
    images, labels = digits("test")
    images = numpy.round(slanted(images) * 16).astype(numpy.uint8)
    chosen = [place for digit in range(10) for place in numpy.flatnonzero(labels == digit)[:2]]
    others = [place for place in range(len(labels)) if place not in chosen][:200]
    order = chosen + others
    save_file({"image": numpy.ascontiguousarray(images[order]), "label": labels[order].astype(numpy.uint8)}, APP / "slanted.safetensors")


if __name__ == "__main__":
    learn(sys.argv[1])
    samples()
