"""Hugging Face's models as Optimum exports them, every extent open, against ONNX Runtime:

    optimum.py DLC WORK [--only NAME] [--list]

Each model is a tiny configuration with random weights, exported offline into WORK (kept for the next call), alone, as encoder and
decoder, and with its past. Each graph runs at two sets of extents, in one call of dlc each; ONNX Runtime without optimisations
says what is right. The last line is `N passed, N failed, N skipped`; skipped is what Optimum cannot export or ONNX Runtime
cannot run.
"""
import argparse
import logging
import os
import re
import subprocess
import sys
import tempfile
import warnings

warnings.filterwarnings("ignore")
os.environ["TRANSFORMERS_VERBOSITY"] = "error"
os.environ["HF_HUB_OFFLINE"] = "1"
import numpy as np
import onnx

from optimum_models import MODELS
from running import literal_session

LIMIT_S = 120


def export(name, folder):
    """Writes the model's graphs into the folder: None, or why not."""
    marker = os.path.join(folder, "exported")
    if os.path.exists(marker):
        with open(marker) as file:
            return file.read() or None
    # This file has the name of the package, which must not be found in its place.
    here = os.path.dirname(os.path.abspath(__file__))
    code = f"import sys; sys.path.insert(0, {here!r}); from optimum_models import export; sys.path.pop(0); export({name!r}, {folder!r})"
    done = subprocess.run([sys.executable, "-P", "-W", "ignore", "-c", code], capture_output=True, text=True)
    os.makedirs(folder, exist_ok=True)
    reason = "" if done.returncode == 0 else (done.stderr.strip().splitlines() or ["no message"])[-1][:200]
    with open(marker, "w") as file:
        file.write(reason)
    return reason or None


class Extents:
    """Numbers for the names of a graph's extents, one of two sets."""

    def __init__(self, model, second):
        self.known = dict(model.second if second else model.first)
        self.second = second

    def __getitem__(self, dim):
        if dim.dim_value or not dim.dim_param:
            return dim.dim_value
        name = dim.dim_param
        if name in self.known:
            return self.known[name]
        if re.search(r"[+*/-]", name):
            return int(eval(name.replace("/", "//"), {}, Names(self)))
        usual = [("batch", (2, 3)), ("past", (4, 7)), ("decoder_sequence", (3, 5)), ("encoder_sequence", (6, 9)), ("sequence", (5, 8)),
                 ("channels", (3, 3)), ("height", (32, 32)), ("width", (32, 32)), ("choices", (2, 4)), ("points", (2, 3))]
        return next((pair[self.second] for part, pair in usual if part in name), (4, 6)[self.second])


class Names(dict):
    def __init__(self, extents):
        self.extents = extents

    def __missing__(self, name):
        return self.extents[onnx.TensorShapeProto.Dimension(dim_param=name)]


def value(port, extents, rng):
    """A tensor for an input, by its name and type."""
    tensor = port.type.tensor_type
    shape = [extents[dim] for dim in tensor.shape.dim]
    dtype = onnx.helper.tensor_dtype_to_np_dtype(tensor.elem_type)
    name = port.name
    if dtype == bool:
        return np.ones(shape, bool)
    if "mask" in name:
        ones = np.ones(shape, dtype)
        if len(shape) == 2 and shape[0] > 1 and shape[1] > 2 and "pixel" not in name:
            ones[0, :1] = 0  # padding on the left
        return ones
    if dtype.kind == "f":
        return rng.standard_normal(shape).astype(dtype)
    if "token_type" in name:
        return rng.integers(0, 2, shape).astype(dtype)
    if "position_ids" in name:
        return np.broadcast_to(np.arange(shape[-1]), shape).astype(dtype).copy()
    if name == "bbox":
        corner = rng.integers(0, 10, shape[:-1] + [2])
        return np.concatenate([corner, corner + rng.integers(1, 10, corner.shape)], -1).astype(dtype)
    return rng.integers(3, 20, shape).astype(dtype)


def differs(got, want):
    if got.shape != want.shape or got.dtype != want.dtype:
        return f"is {got.dtype}{list(got.shape)}, right is {want.dtype}{list(want.shape)}"
    if want.dtype.kind != "f":
        return f"differs at {int((got != want).sum())} of {want.size}" if (got != want).any() else None
    finite = np.abs(want[np.isfinite(want)])
    close = np.isclose(got, want, rtol=1e-3, atol=1e-3 * max(finite.mean() if finite.size else 0, 1e-3), equal_nan=True)
    if close.all():
        return None
    at = np.argwhere(~close)[0]
    return f"differs at {int((~close).sum())} of {want.size}, such as {got[tuple(at)]} for {want[tuple(at)]}"


def judge(dlc, path, model, second):
    """'passed', or why it failed or was skipped, with that word in front."""
    graph = onnx.load(path, load_external_data=False).graph
    extents, rng = Extents(model, second), np.random.default_rng(second)
    feed = {port.name: value(port, extents, rng) for port in graph.input}
    try:
        session = literal_session(path)
        wanted = dict(zip([o.name for o in graph.output], session.run(None, feed)))
    except Exception as error:
        return "skipped: ONNX Runtime: " + str(error).splitlines()[0][:160]
    with tempfile.TemporaryDirectory() as folder:
        command = [dlc, "run", path, "--output-dir", folder + "/out", "--output-format", "pb"]
        for index, (name, tensor) in enumerate(feed.items()):
            np.save(f"{folder}/{index}.npy", tensor)
            command += ["--input", f"{name}={folder}/{index}.npy"]
        try:
            done = subprocess.run(command, capture_output=True, text=True, timeout=LIMIT_S)
        except subprocess.TimeoutExpired:
            return f"failed: no end within {LIMIT_S} s"
        if done.returncode:
            return "failed: " + (done.stderr.strip().splitlines() or [f"status {done.returncode}"])[-1][-300:]
        for name, want in wanted.items():
            with open(f"{folder}/out/{name.replace('/', '_')}.pb", "rb") as file:
                got = onnx.numpy_helper.to_array(onnx.TensorProto.FromString(file.read()))
            if reason := differs(got, want):
                return f"failed: {name} {reason}"
    return "passed"


def main():
    logging.disable(logging.WARNING)
    parser = argparse.ArgumentParser()
    parser.add_argument("dlc")
    parser.add_argument("work")
    parser.add_argument("--only", default="")
    arguments = parser.parse_args()
    dlc, counts, types = os.path.abspath(arguments.dlc), {"passed": 0, "failed": 0, "skipped": 0}, set()
    for name, model in MODELS.items():
        if arguments.only not in name:
            continue
        folder = os.path.abspath(os.path.join(arguments.work, name))
        if reason := export(name, folder):
            counts["skipped"] += 1
            print(f"skipped {name}: {reason}", flush=True)
            continue
        for file in sorted(f for f in os.listdir(folder) if f.endswith(".onnx")):
            for second in (0, 1):
                verdict = judge(dlc, os.path.join(folder, file), model, second)
                counts[verdict.split(":")[0]] += 1
                if verdict == "passed":
                    types.add(name.split("/")[0])
                else:
                    word, _, rest = verdict.partition(": ")
                    print(f"{word} {name} {file}, shapes {second + 1}: {rest}", flush=True)
    print(f"{len(types)} model types have a graph that is right")
    print(", ".join(f"{n} {word}" for word, n in counts.items()))
    sys.exit(1 if counts["failed"] else 0)


main()
