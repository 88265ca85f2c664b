"""Takes every file of the zoo through build, run, bench and export, and holds the export to ONNX Runtime.

    python zoo.py MODELS DLC [FILE ...]

MODELS holds .dlm files; a file without a model is a part of others. A model is drawn, with random numbers for parameters
that begin as zeros and ones, built, and run on random input; its ONNX export passes onnx.checker and agrees with ONNX
Runtime within 1e-4 of each output's largest magnitude. Dimensions that a model leaves open are 2, 3, ... in the order of
their names, so that none is mistaken for another.
"""
import glob
import os
import re
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import onnx
from safetensors.numpy import load_file, save_file

from running import difference, literal_session, run, Unequal

LIMIT = 1e-4  # of an output's largest magnitude


def limit_of(graph, name, sizes):
    """What the values of an input stay below: the extent that it indexes, 2 where nothing is found."""
    names = {name}
    for node in graph.node:
        if node.input and node.input[0] in names and node.op_type in ("Cast", "Reshape", "Unsqueeze", "Squeeze", "Identity", "Expand", "Slice"):
            names.update(node.output)
        if node.op_type in ("Gather", "GatherElements") and len(node.input) > 1 and node.input[1] in names and node.input[0] in sizes:
            axis = next((a.i for a in node.attribute if a.name == "axis"), 0)
            return sizes[node.input[0]][axis]
    return 2


def random_inputs(model):
    graph, metadata = model.graph, {p.key: p.value for p in model.metadata_props}
    sizes = {i.name: list(i.dims) for i in graph.initializer}
    states = {key.removeprefix("state."): value for key, value in metadata.items() if key.startswith("state.")}
    symbols = sorted({d.dim_param for value in graph.input for d in value.type.tensor_type.shape.dim if d.dim_param})
    extents = {symbol: 2 + i for i, symbol in enumerate(symbols)}
    drawn = np.random.default_rng(0)
    feed = {}
    for value in graph.input:
        tensor = value.type.tensor_type
        shape = [extents[d.dim_param] if d.dim_param else d.dim_value for d in tensor.shape.dim]
        dtype = onnx.helper.tensor_dtype_to_np_dtype(tensor.elem_type)
        if value.name in states:
            feed[value.name] = np.zeros(shape, dtype)
        elif dtype.kind == "f":
            feed[value.name] = drawn.standard_normal(shape).astype(dtype)
        else:
            feed[value.name] = drawn.integers(0, limit_of(graph, value.name, sizes), shape).astype(dtype)
    return feed, states


def write_weights(dlc, source, path):
    """Parameters as drawn, but for those that are constant."""
    run(dlc, "export", source, "-o", path)
    tensors, drawn = load_file(path), np.random.default_rng(1)
    for name, value in sorted(tensors.items()):
        if value.dtype.kind == "f" and value.size > 0 and np.ptp(value) == 0:
            noise = 0.1 * drawn.standard_normal(value.shape) if value.flat[0] == 0 else drawn.random(value.shape) - 0.5
            tensors[name] = value + noise.astype(value.dtype)
    save_file(tensors, path)


def judge(dlc, source, folder):
    """The largest difference of any output, as a share of the output's largest magnitude."""
    weights, exported, compiled, answers = (
        os.path.join(folder, name) for name in ("model.safetensors", "model.onnx", "model.dlc", "answers"))
    stem, parameters = os.path.basename(source).removesuffix(".dlm"), []
    if "trains  0 parameters" not in run(dlc, "inspect", source):
        write_weights(dlc, source, weights)
        parameters = ["--weights", weights]
    run(dlc, "export", source, *parameters, "-o", exported)
    try:
        onnx.checker.check_model(exported, full_check=True)
    except Exception as error:
        raise Unequal("onnx.checker: " + str(error).strip().splitlines()[0])
    feed, states = random_inputs(onnx.load(exported, load_external_data=False))
    run(dlc, "build", source, *parameters, "-o", compiled)
    inputs, shapes = [], []
    for name, value in feed.items():
        if name not in states:
            path = os.path.join(folder, f"in_{name}.npy")
            np.save(path, value)
            inputs += ["--input", f"{name}={path}"]
            shapes += ["--shape", f"{name}=" + "x".join(map(str, value.shape))] if value.ndim else []
    run(dlc, "run", compiled, *inputs, "--output-dir", answers)
    run(dlc, "bench", compiled, "--seconds", "0.01", *shapes)

    try:
        session = literal_session(exported)
        names = [output.name for output in session.get_outputs() if output.name not in states.values()]
        answer = session.run(names, feed)
    except Exception as error:  # its classes share no base of their own
        raise Unequal("ONNX Runtime: " + str(error).strip().splitlines()[0])
    worst = 0.0
    for name, expected in zip(names, answer):
        worst = max(worst, difference(stem, name, np.load(os.path.join(answers, name + ".npy")), expected))
    if not worst <= LIMIT:
        raise Unequal(f"differs from ONNX Runtime by {worst:.1e}")
    return worst


def report(dlc, source, label):
    """A line that begins with ok or FAIL."""
    with tempfile.TemporaryDirectory() as folder:
        try:
            return f"ok   {label}: {judge(dlc, source, folder):.1e}"
        except Unequal as error:
            return f"FAIL {label}: {error}"


def main():
    models, dlc, *files = sys.argv[1:]
    sources = []
    for source in sorted(glob.glob(os.path.join(models, "**", "*.dlm"), recursive=True)):
        with open(source) as file:
            # A file of several models leaves open which one is meant; those of the course have a judge of their own.
            found = re.findall(r"^model \w+\(", file.read(), re.MULTILINE)
            if len(found) == 1 and (not files or os.path.basename(source) in files):
                sources.append(source)
    passed = 0
    # Two at once: most of the time goes into building, which takes one processor.
    with ThreadPoolExecutor(max_workers=2) as pool:
        for line in pool.map(lambda source: report(dlc, source, os.path.relpath(source, models)), sources):
            print(line, flush=True)
            passed += line.startswith("ok")
    print(f"{passed} passed, {len(sources) - passed} failed")
    sys.exit(passed < len(sources))


if __name__ == "__main__":
    main()
