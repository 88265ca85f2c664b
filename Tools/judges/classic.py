"""Classic machine learning: what dlc predicts with exported estimators against what their libraries predict, and forests beside
ONNX Runtime's:

    classic.py DLC [--only TEXT] [--times]

Labels must be equal, scores and numbers within 1e-4 of the largest. With --times only forests are timed, at 100 and 1,000 trees
and 1 and 1,000 rows, one thread; a forest that is slower than ONNX Runtime's is a failure. The last line is `N passed, N failed`.

    classic.py --figures FOLDER

writes the tiny models, rows and predictions that the Swift tests hold dlc to.
"""
import argparse
import json
import os
import warnings

warnings.filterwarnings("ignore")
import numpy as np
import onnx
import onnxruntime

from classic_models import MODELS, TINY, floats
from running import Unequal, finish, run

TOLERANCE = 1e-4


def predicted(dlc, path, x, folder):
    """What dlc gives for a model with one input, by output."""
    name = onnx.load(path).graph.input[0].name
    np.save(os.path.join(folder, "x.npy"), x)
    run(dlc, "run", path, "--input", f"{name}={folder}/x.npy", "--output-dir", f"{folder}/answer")
    answer = f"{folder}/answer"
    return {file[:-4]: np.load(os.path.join(answer, file)) for file in os.listdir(answer) if file.endswith(".npy")}


def compare(name, found, expected):
    """The largest difference as a share of the largest magnitude."""
    expected = np.asarray(expected)
    # Of quadratic discriminants the exporter makes a row of labels.
    if expected.dtype.kind in "iuUO" and found.size == expected.size:
        found = found.reshape(expected.shape)
    if found.shape != expected.shape:
        raise Unequal(f"output {name} is {list(found.shape)}, the library's is {list(expected.shape)}")
    if expected.dtype.kind in "iuUO":
        different = int((found != expected).sum())
        if different:
            raise Unequal(f"{different} of {expected.size} labels of {name} differ")
        return 0.0
    if not np.isfinite(found).all():
        raise Unequal(f"output {name} is not finite")
    apart = float(np.abs(found.astype(np.float64) - expected).max() / max(np.abs(expected).max(), 1e-30)) if expected.size else 0
    if apart > TOLERANCE:
        raise Unequal(f"output {name} differs by {apart:.2g} of the largest")
    return apart


def agreement(dlc, make):
    def judge(folder):
        path, x, expected = make(folder)
        found = predicted(dlc, path, x, folder)
        return "within %.2g" % max(compare(name, found[name], value) for name, value in expected.items())
    return judge


def write_figures(folder):
    """For each tiny model NAME.onnx, and NAME.npz with the rows as `x` and the library's predictions under the outputs' names."""
    for name, make in TINY:
        path, x, expected = make(folder)
        kept = {key: np.asarray(value)[:20] for key, value in expected.items()}
        kept = {key: value.astype(np.float32) if value.dtype.kind == "f" else value for key, value in kept.items()}
        os.rename(path, os.path.join(folder, f"{name}.onnx"))
        np.savez(os.path.join(folder, f"{name}.npz"), x=x[:20], **kept)


def forest(trees, depth):
    from skl2onnx import to_onnx
    from sklearn import datasets, ensemble
    x, y = datasets.make_regression(2000, 30, noise=2, random_state=0)
    model = ensemble.RandomForestRegressor(trees, max_depth=depth, random_state=0, n_jobs=2).fit(floats(x), y)
    return to_onnx(model, floats(x[:1]), target_opset=17), floats(x)


def milliseconds(session, x):
    import time
    name, times = session.get_inputs()[0].name, []
    end = time.perf_counter() + 1
    while time.perf_counter() < end or len(times) < 5:
        start = time.perf_counter()
        session.run(None, {name: x})
        times.append(time.perf_counter() - start)
    return float(np.median(times)) * 1e3


def timing(dlc, trees, depth, rows):
    def judge(folder):
        model, x = forest(trees, depth)
        model.graph.input[0].type.tensor_type.shape.dim[0].dim_value = rows
        path = os.path.join(folder, "model.onnx")
        onnx.save(model, path)
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        theirs = milliseconds(onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"]), x[:rows])
        ours = json.loads(run(dlc, "bench", path, "--threads", "1", "--seconds", "1", "--json"))["median_ms"]
        text = f"{ours * 1e3:.1f} µs, ONNX Runtime {theirs * 1e3:.1f} µs"
        if ours > theirs:
            raise Unequal(text)
        return text
    return judge


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("dlc", nargs="?")
    parser.add_argument("--figures")
    parser.add_argument("--only", default="")
    parser.add_argument("--times", action="store_true")
    options = parser.parse_args()
    if options.figures:
        return write_figures(options.figures)
    dlc = os.path.abspath(options.dlc)
    if options.times:
        cases = [(trees, depth, rows) for trees in (100, 1000) for depth in (6, None) for rows in (1, 1000)]
        finish((f"{t} trees {f'of depth {d}' if d else 'of any depth'}, {r} rows", timing(dlc, t, d, r)) for t, d, r in cases)
    finish((name, agreement(dlc, make)) for name, make in MODELS if options.only in name)


if __name__ == "__main__":
    main()
