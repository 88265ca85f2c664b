"""Trains the model that ships with dlc, Models/digits.onnx, and writes the pictures beside it.

    python Tools/train_digits/train.py [--output Models]

A convolutional network with batch norm reads the 8×8 handwritten digits of scikit-learn (1797 pictures
from the UCI Machine Learning Repository, Alpaydin and Kaynak 1998). Three quarters of them train it, with
random shifts by a pixel; the last quarter, drawn with a fixed seed, is only looked at once, at the end.
Needs numpy, scikit-learn, onnx, onnxruntime and pillow; takes about a minute on one core.

The model takes `image` [N, 1, 8, 8], grey values from 0 (background) to 1 (ink), and returns
`probabilities` [N, 10]. `metadata_props` holds `labels`, the names of the classes, and `image.mean` and
`image.std`: a pixel p of 0…255 is fed as (p/255 - mean) / std.
"""
import argparse
import os

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from PIL import Image
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

from network import (Adam, BatchNorm, Conv3x3, Dense, GlobalAveragePool, MaxPool2x2, ReLU, backward, forward,
                     softmax)

LABELS = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"]
SEED = 1
EPOCHS = 60
BATCH = 64
PEAK_RATE = 4e-3


def make_layers(rng):
    layers = []
    for channels, filters, pooled in [(1, 16, False), (16, 32, True), (32, 64, False)]:
        layers += [Conv3x3(channels, filters, rng), BatchNorm(filters), ReLU()]
        layers += [MaxPool2x2()] if pooled else []
    return layers + [GlobalAveragePool(), Dense(64, 10, rng)]


def shifted(images, rng):
    """Every picture moved by -1, 0 or 1 pixels down and right, zeros moving in."""
    padded = np.pad(images, ((0, 0), (1, 1), (1, 1), (0, 0)))
    rows, columns = rng.integers(0, 3, (2, len(images)))
    return np.stack([p[r:r + 8, c:c + 8] for p, r, c in zip(padded, rows, columns)])


def train(layers, images, classes, rng):
    optimizer = Adam(decay=0.02)
    targets = np.eye(10, dtype=np.float32)[classes]
    steps = EPOCHS * (len(images) // BATCH)
    for epoch in range(EPOCHS):
        order = rng.permutation(len(images))
        loss = 0.0
        for start in range(0, len(images) - BATCH + 1, BATCH):
            chosen = order[start:start + BATCH]
            probabilities = softmax(forward(layers, shifted(images[chosen], rng), training=True))
            loss -= np.log((probabilities * targets[chosen]).sum(1)).sum()
            backward(layers, (probabilities - targets[chosen]) / BATCH)
            progress = optimizer.step_count / steps
            optimizer.step(layers, PEAK_RATE * min(progress * 10, (1 + np.cos(np.pi * progress)) / 2))
        if epoch % 10 == 9:
            print(f"epoch {epoch + 1}: training loss {loss / len(images):.4f}")


def to_onnx(layers):
    nodes, initializers = [], []

    def constant(name, array):
        initializers.append(numpy_helper.from_array(np.ascontiguousarray(array, np.float32), name))
        return name

    def node(operator, name, *inputs, **attributes):
        nodes.append(helper.make_node(operator, [nodes[-1].output[0] if nodes else "image", *inputs], [name],
                                      name=name, **attributes))

    block = 0
    for layer in layers:
        if isinstance(layer, Conv3x3):
            block += 1
            weight = constant(f"conv{block}.weight", layer.parameters[0].transpose(3, 2, 0, 1))
            node("Conv", f"conv{block}", weight, kernel_shape=[3, 3], pads=[1, 1, 1, 1])
        elif isinstance(layer, BatchNorm):
            scale, shift = layer.parameters
            names = [constant(f"norm{block}.{n}", a) for n, a in
                     [("scale", scale), ("shift", shift), ("mean", layer.mean), ("variance", layer.variance)]]
            node("BatchNormalization", f"norm{block}", *names, epsilon=layer.epsilon)
        elif isinstance(layer, ReLU):
            node("Relu", f"relu{block}")
        elif isinstance(layer, MaxPool2x2):
            node("MaxPool", f"pool{block}", kernel_shape=[2, 2], strides=[2, 2])
        elif isinstance(layer, GlobalAveragePool):
            node("GlobalAveragePool", "average")
            node("Flatten", "features")
        elif isinstance(layer, Dense):
            weight, bias = layer.parameters
            node("Gemm", "logits", constant("dense.weight", weight), constant("dense.bias", bias))
    node("Softmax", "probabilities", axis=1)
    graph = helper.make_graph(
        nodes, "digits",
        [helper.make_tensor_value_info("image", TensorProto.FLOAT, ["N", 1, 8, 8])],
        [helper.make_tensor_value_info("probabilities", TensorProto.FLOAT, ["N", 10])], initializers)
    model = helper.make_model(graph, producer_name="Tools/train_digits", ir_version=8,
                              opset_imports=[helper.make_opsetid("", 17)])
    helper.set_model_props(model, {"labels": ",".join(LABELS), "image.mean": "0", "image.std": "1"})
    onnx.checker.check_model(model, full_check=True)
    return model


def held_out_probabilities(model, images):
    import onnxruntime
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    return session.run(None, {"image": images.transpose(0, 3, 1, 2)})[0]


def main():
    parser = argparse.ArgumentParser(description="Trains Models/digits.onnx.")
    models = os.path.join(os.path.dirname(__file__), "..", "..", "Models")
    parser.add_argument("--output", default=models, help="the folder to write digits.onnx and digits/ into")
    output = parser.parse_args().output

    digits = load_digits()
    images = (digits.images[..., None] / 16).astype(np.float32)
    train_images, test_images, train_classes, test_classes = train_test_split(
        images, digits.target, test_size=0.25, stratify=digits.target, random_state=0)

    rng = np.random.default_rng(SEED)
    layers = make_layers(rng)
    train(layers, train_images, train_classes, rng)

    model = to_onnx(layers)
    probabilities = held_out_probabilities(model, test_images)
    np.testing.assert_allclose(probabilities, softmax(forward(layers, test_images)), rtol=1e-4, atol=1e-5)
    right = int((probabilities.argmax(1) == test_classes).sum())
    print(f"held-out accuracy {right / len(test_images):.2%} ({right} of {len(test_images)})")

    os.makedirs(os.path.join(output, "digits"), exist_ok=True)
    onnx.save(model, os.path.join(output, "digits.onnx"))
    for digit, label in enumerate(LABELS):
        first = test_images[np.flatnonzero(test_classes == digit)[0], ..., 0]
        pixels = np.round(first * 255).astype(np.uint8)
        Image.fromarray(pixels).save(os.path.join(output, "digits", f"{label}.png"), optimize=True)


if __name__ == "__main__":
    main()
