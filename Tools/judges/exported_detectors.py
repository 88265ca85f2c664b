"""Holds detectors as PyTorch exports them to ONNX Runtime: exported_detectors.py DLC [NAME ...]

torchvision's detectors with few classes and candidates, and networks with YOLO's head whose suppression is in the file, are given
random weights and written by PyTorch's exporters with open heights and widths. ONNX Runtime says what they find on two images of
different sizes, once as they are and once with biases with which nothing is found. A file is built once; what it finds must be in the
same order, labels equal, scores within 1e-5, boxes and keypoints within 1e-2 pixels and masks within 1e-4.

An order is only right where scores are apart, and so are overlaps and their limits. Seeds are tried until the network finds the same on
images that are changed by more than rounding changes a layer.
Prints a line per network, exporter and biases; the last line is `N passed, N failed, N skipped`.
"""
import importlib.util
import os
import sys
import tempfile
import time
import warnings

import numpy as np
import onnx
import onnxruntime
import torch
from onnx import numpy_helper

from detector_networks import NETWORKS
from running import run, Unequal

LIMITS = {"scores": 1e-5, "keypoints_scores": 1e-4, "boxes": 1e-2, "keypoints": 1e-2, "masks": 1e-4, "found": 1e-2}
# Height and width of the images.
SIZES = [(96, 128), (120, 90)]
# By how much an image is changed: some 300 roundings of a pixel; and by how many limits what is found may then move. What is found in
# another order, or not any more, moves farther.
CHANGE, MOVED = 2e-5, 100
# The least difference of two scores: some 20 roundings.
GAP = 2e-6
SEEDS = 60


def picture(height, width, seed):
    """Blobs of colour, `[3, height, width]` in 0 to 1: places of noise look alike to a network of random weights."""
    generator = torch.Generator().manual_seed(seed)
    y, x = torch.arange(height).view(1, -1, 1) / height, torch.arange(width).view(1, 1, -1) / width
    image = torch.rand(3, height, width, generator=generator) * 0.1
    for _ in range(24):
        middle, colour = torch.rand(2, generator=generator), torch.rand(3, 1, 1, generator=generator)
        size = 0.03 + 0.2 * torch.rand(1, generator=generator)
        image = image + (colour - 0.3) * torch.exp(-((y - middle[0]) ** 2 + (x - middle[1]) ** 2) / size**2)
    return image.clamp(0, 1)


def apart(found, expected):
    """The largest difference of an answer as a share of its limit; infinite where shapes or integers differ."""
    worst = 0.0
    for name, value in expected.items():
        if found[name].shape != value.shape or found[name].dtype != value.dtype:
            return np.inf
        if value.dtype.kind != "f":
            worst = max(worst, 0.0 if np.array_equal(found[name], value) else np.inf)
        elif value.size:
            worst = max(worst, float(np.abs(found[name].astype(np.float64) - value).max()) / LIMITS[name])
    return worst


def answer(network, image):
    with torch.no_grad():
        return {name: value.numpy() for name, value in network.answer(image).items()}


def scores_differ(found):
    scores = found["scores"] if "scores" in found else found["found"][:, 4]
    return np.abs(np.diff(np.sort(scores))).min() > GAP


def decided(make):
    """A network that finds several things on each image, and the same where an image is changed a little."""
    for seed in range(SEEDS):
        torch.manual_seed(seed)
        images = [picture(*size, seed=seed + 100 * k) for k, size in enumerate(SIZES)]
        network = make()
        network.scale(images[0])
        first = [answer(network, image) for image in images]
        if any(len(next(iter(each.values()))) < 2 or not scores_differ(each) for each in first):
            continue
        changes = [torch.rand(image.shape) * 2 * CHANGE - CHANGE for image in images for _ in range(3)]
        again = [answer(network, images[k // 3] + change) for k, change in enumerate(changes)]
        if all(apart(again[k], first[k // 3]) <= MOVED for k in range(len(again))):
            return network, images
    raise Unequal(f"{SEEDS} seeds leave open what is found")


def without(path, network, target):
    """Writes the file again with the biases that let nothing be found."""
    model = onnx.load(path)
    changed = 0
    for tensor in model.graph.initializer:
        values = network.silent(tensor.name, numpy_helper.to_array(tensor).copy())
        if values is not None:
            tensor.CopyFrom(numpy_helper.from_array(values, tensor.name))
            changed += 1
    if changed == 0:
        raise Unequal("the exported file has no biases of scores by their names")
    onnx.save(model, target)


def compared(path, images, dlc, folder, least):
    """What was found to agree in a file.

    - Parameter least: fewest things that are to be found on an image; 0 where none may be.
    - Raises: Unequal.
    """
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    names = [output.name for output in session.get_outputs()]
    source, compiled, given, outputs = session.get_inputs()[0], *(os.path.join(folder, name) for name in ("m.dlc", "x.npy", "answers"))
    begin = time.time()
    run(dlc, "build", path, "-o", compiled)
    taken = time.time() - begin
    counts, worst = [], 0.0
    for image in images:
        image = image.reshape([1] * (len(source.shape) - 3) + list(image.shape)).numpy()
        expected = dict(zip(names, session.run(names, {source.name: image})))
        np.save(given, image)
        run(dlc, "run", compiled, "--input", f"{source.name}={given}", "--output-dir", outputs)
        found = {name: np.load(os.path.join(outputs, name + ".npy")) for name in names}
        counts.append(len(expected[names[0]]))
        if (counts[-1] < least) if least else counts[-1] != 0:
            raise Unequal(f"ONNX Runtime finds {counts[-1]} things")
        worst = max(worst, apart(found, expected))
        if not worst <= 1:
            others = [name for name in names if found[name].shape != expected[name].shape]
            kinds = {name: f"{found[name].dtype}{list(found[name].shape)}" for name in others}
            raise Unequal(f"{list(image.shape)}: " + (f"{kinds} for {counts[-1]} things" if kinds else f"differ by {worst:.1e} of the limits"))
    return f"{' and '.join(map(str, counts))} found, within {worst:.1e} of the limits; built in {taken:.1f} s"


def judged(name, dlc, folder):
    """Yields a label and what agrees, or an Unequal, for each exporter and kind of biases."""
    try:
        network, images = decided(NETWORKS[name])
    except Unequal as error:
        yield name, error
        return
    for exporter in network.exporters:
        if exporter == "dynamo" and importlib.util.find_spec("onnxscript") is None:
            yield f"{name} {exporter}", None
            continue
        path, silent = os.path.join(folder, "m.onnx"), os.path.join(folder, "s.onnx")
        network.export(images[0], path, exporter)
        sizes = images if network.is_open else images[:1]
        for label, least in (("as it is", 2), ("nothing", 0)):
            try:
                if least == 0:
                    without(path, network, silent)
                yield f"{name} {exporter}, {label}", compared(path if least else silent, sizes, dlc, folder, least)
            except Unequal as error:
                yield f"{name} {exporter}, {label}", error


def main():
    dlc, names = sys.argv[1], sys.argv[2:] or list(NETWORKS)
    counts = {"ok": 0, "FAIL": 0, "skip": 0}
    for name in names:
        with tempfile.TemporaryDirectory() as folder:
            for label, result in judged(name, dlc, folder):
                kind = "skip" if result is None else "FAIL" if isinstance(result, Unequal) else "ok"
                counts[kind] += 1
                print(f"{kind:4} {label}: {result or 'onnxscript is not installed'}", flush=True)
    print(f"{counts['ok']} passed, {counts['FAIL']} failed, {counts['skip']} skipped")
    sys.exit(counts["FAIL"] > 0)


if __name__ == "__main__":
    warnings.filterwarnings("ignore")
    onnxruntime.set_default_logger_severity(4)
    main()
