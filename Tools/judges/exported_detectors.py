"""Holds detectors as PyTorch exports them to ONNX Runtime: exported_detectors.py DLC [NAME ...]

torchvision's detectors with few classes and candidates, and networks with YOLO's head whose suppression is in the file, are given
random weights and written by PyTorch's exporters with open heights and widths. ONNX Runtime says what they find on two images of
different sizes, once as they are and once with biases with which nothing is found. A file is built once for both.

Rounding decides some of what is found: which of two candidates of equal score comes first, and whether a box that overlaps just as much
as the limit stays. ONNX Runtime answers therefore with and without its optimisations, and to images that are changed by a few roundings
(`Judgement`): what all these answers have must be found, as near as they are to each other. Its answer without optimisations must
itself pass where it is no control, and wrong answers must not.

Exported files are kept in `.build/detectors` for as long as the judge, PyTorch and torchvision stay the same.
Prints a line per network, exporter and biases; the last line is `N passed, N failed, N skipped`.
"""
import hashlib
import importlib.util
import os
import shutil
import sys
import tempfile
import time
import warnings

import numpy as np
import onnx
import onnxruntime
import torch
import torchvision
from onnx import numpy_helper

from detector_matching import Judgement, Undecided
from detector_networks import NETWORKS
from running import literal_session, run, Unequal

# Height and width of the images.
SIZES = [(96, 128), (120, 90)]
# By how much images are changed, some roundings of a pixel, and how often.
CHANGE, CHANGES = 5e-7, 3
# The fewest things that must be found and be the same in all controls.
LEAST = 2
SEEDS = 6
KEPT = ".build/detectors"


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


def changed(image):
    """The image as it is changed by roundings."""
    generator = np.random.default_rng(0)
    return [image + generator.uniform(-CHANGE, CHANGE, image.shape).astype(np.float32) for _ in range(CHANGES)]


def decided(make):
    """A network that finds several things on each image whatever rounding does, and the images.

    - Raises: Undecided where no seed gives one.
    """
    fault = None
    for seed in range(SEEDS):
        torch.manual_seed(seed)
        images = [picture(*size, seed=seed + 100 * k).numpy() for k, size in enumerate(SIZES)]
        network = make()
        network.scale(torch.from_numpy(images[0]))

        def answer(image):
            with torch.no_grad():
                return {name: value.numpy() for name, value in network.answer(torch.from_numpy(image)).items()}

        try:
            for image in images:
                Judgement(answer(image), map(answer, changed(image))).require(LEAST)
            return network, images
        except Undecided as error:
            fault = error
    raise Undecided(f"in the last of {SEEDS} seeds {fault}")


def exported(name):
    """Yields the exporter, its file, the images that it takes, and the network; no file where the exporter is not installed."""
    here = os.path.dirname(os.path.abspath(__file__))
    sources = b"".join(
        open(os.path.join(here, file), "rb").read() for file in ("exported_detectors.py", "detector_matching.py", "detector_networks.py"))
    versions = f"{torch.__version__} {torchvision.__version__} {importlib.util.find_spec('onnxscript') is None}"
    kept = os.path.join(KEPT, f"{name}-{hashlib.sha256(sources + versions.encode()).hexdigest()[:12]}")
    if not os.path.exists(os.path.join(kept, "images.npz")):
        os.makedirs(KEPT, exist_ok=True)
        for old in os.listdir(KEPT):
            if old.rpartition("-")[0] == name:
                shutil.rmtree(os.path.join(KEPT, old))
        network, images = decided(NETWORKS[name])
        os.makedirs(kept)
        for exporter in available(network):
            network.export(torch.from_numpy(images[0]), os.path.join(kept, exporter + ".onnx"), exporter)
        np.savez(os.path.join(kept, "images.npz"), *(images if network.is_open else images[:1]))
    with np.load(os.path.join(kept, "images.npz")) as file:
        images = list(file.values())
    # The numbers are those of the file.
    with torch.device("meta"):
        network = NETWORKS[name]()
    for exporter in network.exporters:
        yield exporter, os.path.join(kept, exporter + ".onnx") if exporter in available(network) else None, images, network


def available(network):
    return [each for each in network.exporters if each != "dynamo" or importlib.util.find_spec("onnxscript") is not None]


class Peer:
    """ONNX Runtime on a file."""

    def __init__(self, path, optimised=True):
        self.session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"]) if optimised else literal_session(path)
        self.names = [output.name for output in self.session.get_outputs()]
        self.source = self.session.get_inputs()[0]

    def given(self, image):
        return image.reshape([1] * (len(self.source.shape) - 3) + list(image.shape))

    def answer(self, image):
        return dict(zip(self.names, self.session.run(self.names, {self.source.name: self.given(image)})))


def answers(peer, compiled, images, dlc, folder):
    """What dlc finds on each image."""
    given, outputs = os.path.join(folder, "x.npy"), os.path.join(folder, "answers")
    for image in images:
        np.save(given, peer.given(image))
        run(dlc, "run", compiled, "--input", f"{peer.source.name}={given}", "--output-dir", outputs)
        yield {name: np.load(os.path.join(outputs, name + ".npy")) for name in peer.names}


def built(path, dlc, folder):
    compiled = os.path.join(folder, "m.dlc")
    begin = time.time()
    run(dlc, "build", path, "-o", compiled)
    return compiled, time.time() - begin


def compared(path, images, dlc, folder):
    """What was found to agree in a file that finds things.

    - Raises: Unequal, and Undecided.
    """
    peer, plain = Peer(path), Peer(path, optimised=False)
    compiled, taken = built(path, dlc, folder)
    counts, worst, fault = [], 0.0, None
    for image, found in zip(images, answers(peer, compiled, images, dlc, folder)):
        reference, unoptimised = peer.answer(image), plain.answer(image)
        near = [each.answer(other) for other in changed(image) for each in (peer, plain)]
        own = Judgement(reference, near).fault(unoptimised)
        if own:
            raise Undecided(f"ONNX Runtime differs from itself without optimisations: {own}")
        judgement = Judgement(reference, [unoptimised, *near])
        judgement.require(LEAST)
        if judgement.misses():
            raise Undecided(f"these would pass: {', '.join(judgement.misses())}")
        fault = fault or judgement.fault(found)
        if fault:
            raise Unequal(f"{list(image.shape)}: {fault}")
        counts.append(f"{int(judgement.stable.sum())} of {len(judgement.expected)}")
        worst = max(worst, judgement.nearest(found))
    return f"{' and '.join(counts)} are decided and found, within {worst:.1e} limits; built in {taken:.1f} s"


def empty(path, images, dlc, folder):
    """What was found to agree in a file that finds nothing: extents of 0 in all outputs alike."""
    peer = Peer(path)
    compiled, taken = built(path, dlc, folder)
    for image, found in zip(images, answers(peer, compiled, images, dlc, folder)):
        for name, value in peer.answer(image).items():
            if value.size:
                raise Undecided(f"ONNX Runtime finds {len(value)} things")
            if found[name].shape != value.shape or found[name].dtype != value.dtype:
                raise Unequal(f"{name} is {found[name].dtype}{list(found[name].shape)}, not {value.dtype}{list(value.shape)}")
    return f"nothing is found; built in {taken:.1f} s"


def judged(name, dlc, folder):
    """Yields a label and what agrees, an error, or None where the exporter is missing, for each exporter and kind of biases."""
    try:
        for exporter, path, images, network in exported(name):
            if path is None:
                yield f"{name} {exporter}", None
                continue
            silent = os.path.join(folder, "s.onnx")
            try:
                yield f"{name} {exporter}, as it is", compared(path, images, dlc, folder)
            except (Unequal, Undecided) as error:
                yield f"{name} {exporter}, as it is", error
            try:
                without(path, network, silent)
                yield f"{name} {exporter}, nothing", empty(silent, images, dlc, folder)
            except (Unequal, Undecided) as error:
                yield f"{name} {exporter}, nothing", error
    except Undecided as error:
        yield name, error


def main():
    dlc, names = sys.argv[1], sys.argv[2:] or list(NETWORKS)
    counts = {"ok": 0, "FAIL": 0, "skip": 0}
    for name in names:
        with tempfile.TemporaryDirectory() as folder:
            for label, result in judged(name, dlc, folder):
                kind = "skip" if result is None else "FAIL" if isinstance(result, Exception) else "ok"
                counts[kind] += 1
                print(f"{kind:4} {label}: {result or 'onnxscript is not installed'}", flush=True)
    print(f"{counts['ok']} passed, {counts['FAIL']} failed, {counts['skip']} skipped")
    sys.exit(counts["FAIL"] > 0)


if __name__ == "__main__":
    warnings.filterwarnings("ignore")
    onnxruntime.set_default_logger_severity(4)
    main()
