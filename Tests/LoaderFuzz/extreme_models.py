"""Write ONNX models whose attributes, extents and integer constants are at the ends of their range.

    python3 extreme_models.py OUT MODEL.onnx ... [--count 20000] [--seed 0] [--run PROGRAM]

Needs the PyPI package onnx. Bytes changed at random seldom give such models. With a program, which takes files as
`LoaderFuzz --loader=onnx` does, runs it over them and prints each file at which it ends, up to 100 of them.
"""
import argparse
import os
import random
import subprocess
import sys

import onnx
from onnx import AttributeProto as A
from onnx import numpy_helper
import numpy as np

NUMBERS = [0, 1, -1, 2, 3, 7, -2, 64, 1 << 16, 1 << 30, 1 << 31, -(1 << 31), 1 << 32, 1 << 40, 1 << 61, 1 << 62, -(1 << 62), (1 << 63) - 1, -(1 << 63)]
FLOATS = [0.0, -0.0, 1.0, -1.0, 0.5, 1e-30, 1e30, 3e38, float("inf"), float("-inf"), float("nan")]


def values(rng, tensor):
    """Other elements for a small constant of integers or floats."""
    array = numpy_helper.to_array(tensor).copy()
    if array.size and array.dtype.kind in "if":
        ends = np.iinfo(array.dtype) if array.dtype.kind == "i" else None
        for _ in range(rng.choice([1, 1, array.size])):
            number = rng.choice(NUMBERS) if ends else rng.choice(FLOATS)
            array.flat[rng.randrange(array.size)] = min(max(number, ends.min), ends.max) if ends else number
    if rng.random() < 0.2:
        array = array.reshape(rng.choice([(-1,), (1, -1), (-1, 1)])) if array.size else array.reshape(0)
    if rng.random() < 0.2 and array.ndim == 1:
        array = array[:rng.randrange(array.size + 1)]
    with np.errstate(all="ignore"):
        tensor.CopyFrom(numpy_helper.from_array(array, tensor.name))


def attribute(rng, a):
    if a.type == A.INT:
        a.i = rng.choice(NUMBERS)
    elif a.type == A.FLOAT:
        a.f = rng.choice(FLOATS)
    elif a.type == A.INTS:
        what = rng.random()
        if what < 0.7 and a.ints:
            a.ints[rng.randrange(len(a.ints))] = rng.choice(NUMBERS)
        elif what < 0.85:
            a.ints.append(rng.choice(NUMBERS))
        elif a.ints:
            del a.ints[-1]
    elif a.type == A.FLOATS and a.floats:
        a.floats[rng.randrange(len(a.floats))] = rng.choice(FLOATS)
    elif a.type == A.TENSOR:
        values(rng, a.t)
    elif a.type == A.STRING:
        a.s = rng.choice([b"", b"reflect", b"SAME_UPPER", b"cubic", b"bidirectional", b"reverse", b"wrap", a.s * 2])


def extents(rng, graph):
    ports = [p for p in graph.input if p.type.HasField("tensor_type")]
    if not ports:
        return
    dims = rng.choice(ports).type.tensor_type.shape.dim
    what = rng.random()
    if what < 0.6 and dims:
        dim = dims[rng.randrange(len(dims))]
        if rng.random() < 0.7:
            dim.dim_value = rng.choice([n for n in NUMBERS if n >= 0])
        else:
            dim.dim_param = rng.choice(["N", "M", "N + 1", "2*N", "N*N*N", ""])
    elif what < 0.8 and dims:
        del dims[rng.randrange(len(dims))]
    else:
        dims.add().dim_value = rng.choice([0, 1, 2, 1 << 40])


def changed(rng, model):
    graph = model.graph
    for _ in range(rng.choice([1, 1, 2, 3])):
        node = rng.choice(graph.node) if graph.node else None
        what = rng.random()
        if what < 0.35 and node is not None and node.attribute:
            attribute(rng, rng.choice(node.attribute))
        elif what < 0.65:
            extents(rng, graph)
        elif what < 0.85 and graph.initializer:
            values(rng, rng.choice(graph.initializer))
        elif what < 0.92 and node is not None and node.input:
            node.input[rng.randrange(len(node.input))] = rng.choice(["", *[p.name for p in graph.input], *[t.name for t in graph.initializer]])
        elif node is not None and node.input:
            del node.input[-1]
    return model


def run(program, files, log):
    """The files at which the program ends."""
    found = []
    while files and len(found) < 100:
        batch, files = files[:400], files[400:]
        while batch:
            done = subprocess.run(program + batch, capture_output=True, text=True, errors="replace")
            running = [line.split(" ", 1)[1] for line in done.stderr.splitlines() if line.startswith("Running: ")]
            if done.returncode == 0 or not running:
                break
            found.append(running[-1])
            reason = [line for line in done.stderr.splitlines() if "Fatal error" in line or "ERROR:" in line or "error:" in line]
            print(running[-1], reason[0][:160] if reason else f"status {done.returncode}", file=log, flush=True)
            batch = batch[batch.index(running[-1]) + 1:]
    return found


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("out")
    parser.add_argument("models", nargs="+")
    parser.add_argument("--count", type=int, default=20000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--run", nargs=argparse.REMAINDER)
    args = parser.parse_args()
    rng = random.Random(args.seed)
    os.makedirs(args.out, exist_ok=True)
    models = [onnx.load(path) for path in args.models]
    files = []
    while len(files) < args.count:
        model = onnx.ModelProto()
        model.CopyFrom(rng.choice(models))
        try:
            data = changed(rng, model).SerializeToString()
        except (ValueError, OverflowError, IndexError):
            continue
        files.append(os.path.join(args.out, f"{len(files)}.onnx"))
        with open(files[-1], "wb") as file:
            file.write(data)
    found = run(args.run, files, sys.stdout) if args.run else []
    print(f"{len(files)} models, {len(found)} findings")
    sys.exit(bool(found))


if __name__ == "__main__":
    main()
