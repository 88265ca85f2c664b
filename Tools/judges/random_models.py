"""Random models by NNSmith (Liu et al., ASPLOS 2023), as they are and with every extent of every input a symbol, against ONNX Runtime:

    random_models.py DLC WORK [--first 0] [--count 200] [--jobs 2] [--seconds 300]

Seeds FIRST ..< FIRST + COUNT; the models are kept in WORK for the next call. ONNX Runtime without optimisations says what is
right, or ONNX's reference evaluator where it has no kernel. An element counts only where that answer is stable: it moves by less
than the tolerance when inputs move in their sixth digit, or in the last that their type has. What is not judged within SECONDS is skipped. The last line is
`N passed, N failed, N skipped`; skipped are also models that nobody computes.
"""
import argparse
import concurrent.futures
import math
import os
import subprocess
import sys
import tempfile
import time
import warnings

warnings.filterwarnings("ignore")
import numpy as np
import onnx
import onnxruntime
from onnx.reference import ReferenceEvaluator
from onnx.reference.op_run import OpRun

from running import literal_session

TOLERANCE = 1e-3
LIMIT_S = 60
GENERATOR = os.path.join(os.path.dirname(os.path.abspath(__file__)), "random_models_make.py")


class Erf(OpRun):
    """Erf at its operand's precision: the reference evaluator's own computes doubles in single precision."""

    def _run(self, x):
        return (np.vectorize(math.erf, otypes=[np.float64])(x).astype(x.dtype),)


def make(first, last, folder):
    """Generates the models of some seeds, in a process of their own; a seed that gives none leaves an empty folder."""
    subprocess.run([sys.executable, "-P", GENERATOR, str(first), str(last), folder], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def opened(model):
    """The model with every extent of every input a symbol of its own."""
    copy = onnx.ModelProto.FromString(model.SerializeToString())
    for index, value in enumerate(copy.graph.input):
        for axis, dim in enumerate(value.type.tensor_type.shape.dim):
            dim.Clear()
            dim.dim_param = f"d{index}_{axis}"
    del copy.graph.value_info[:]
    for value in copy.graph.output:
        value.type.tensor_type.ClearField("shape")
    return copy


def has_halves(model):
    inferred = onnx.shape_inference.infer_shapes(model).graph
    values = [*inferred.input, *inferred.output, *inferred.value_info]
    return any(value.type.tensor_type.elem_type in (onnx.TensorProto.FLOAT16, onnx.TensorProto.BFLOAT16) for value in values)


def reference(model, feed):
    """The right outputs by name, and those for inputs that moved a little."""
    try:
        if has_halves(model):
            raise NotImplementedError("ONNX Runtime leaves out the rounding between operators of half precision")
        session = literal_session(model.SerializeToString())
    except Exception:
        session = ReferenceEvaluator(model, new_ops=[Erf])
    rng = np.random.default_rng(1)

    def moved(value):
        if value.dtype.kind != "f":
            return value
        return (value * (1 + max(2e-6, np.finfo(value.dtype).eps) * rng.uniform(-1, 1, value.shape))).astype(value.dtype)

    names = [o.name for o in model.graph.output]
    feeds = [feed] + [{name: moved(value) for name, value in feed.items()} for _ in range(4)]
    with np.errstate(all="ignore"):
        return [dict(zip(names, session.run(None, f))) for f in feeds]


def wrong(got, want, others):
    """Where elements differ although the reference is stable."""
    if want.dtype.kind != "f":
        return (got != want) & np.all([other == want for other in others], axis=0)
    with np.errstate(all="ignore"):
        want = want.astype(np.float64)
        finite = np.abs(want[np.isfinite(want)])
        room = TOLERANCE * np.maximum(np.abs(want), (finite.mean() if finite.size else 0) + 1e-3)

        def same(x):
            x = x.astype(np.float64)
            return np.where(np.isfinite(x) & np.isfinite(want), np.abs(x - want) <= room, (np.isnan(x) & np.isnan(want)) | (x == want))

        return ~same(got) & np.all([same(other) for other in others], axis=0)


def computed(dlc, model, feed, folder):
    """dlc's outputs by name, or what it said."""
    onnx.save(model, folder + "/model.onnx")
    command = [dlc, "run", folder + "/model.onnx", "--output-dir", folder + "/out", "--output-format", "pb", "--threads", "1"]
    for index, (name, value) in enumerate(feed.items()):
        np.save(f"{folder}/{index}.npy", value)
        command += ["--input", f"{name}={folder}/{index}.npy"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=LIMIT_S)
    except subprocess.TimeoutExpired:
        return None, f"no end within {LIMIT_S} s"
    if done.returncode:
        said = (done.stderr.strip().splitlines() or ["no message"])[-1].replace(folder + "/model.onnx: ", "")[:240]
        return None, said if done.returncode == 1 else f"crash, status {done.returncode}"
    outputs = {}
    for output in model.graph.output:
        with open(f"{folder}/out/{output.name.replace('/', '_')}.pb", "rb") as file:
            outputs[output.name] = onnx.numpy_helper.to_array(onnx.TensorProto.FromString(file.read()))
    return outputs, None


def judge(dlc, model, feed, right):
    """None where dlc is right, else what is wrong."""
    with tempfile.TemporaryDirectory() as folder:
        outputs, said = computed(dlc, model, feed, folder)
    if said:
        return said
    for name, want in right[0].items():
        got, want = outputs[name], np.asarray(want)
        if got.shape != want.shape or got.dtype != want.dtype:
            return f"{name} is {got.dtype}{list(got.shape)}, right is {want.dtype}{list(want.shape)}"
        bad = wrong(got, want, [np.asarray(other[name]) for other in right[1:]])
        if bad.any():
            return f"{name} differs at {int(bad.sum())} of {want.size}, such as {got[bad][0]} for {want[bad][0]}"
    return None


def verdicts(dlc, folder):
    """('passed' or 'failed' or 'skipped', what to say) for the model as it is, and with open extents."""
    if not os.path.exists(folder + "/model.onnx"):
        return []
    model, feed = onnx.load(folder + "/model.onnx"), dict(np.load(folder + "/inputs.npz"))
    feed = {port.name: feed[port.name] for port in model.graph.input}
    try:
        right = reference(model, feed)
    except Exception as error:
        return [("skipped", f"nobody computes it: {str(error).splitlines()[0][:100]}")] * 2
    result = []
    for kind, candidate in (("static", model), ("symbolic", opened(model))):
        said = judge(dlc, candidate, feed, right)
        result.append(("failed" if said else "passed", f"{kind}: {said}"))
    return result


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("dlc")
    parser.add_argument("work")
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--count", type=int, default=200)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--seconds", type=float, default=300)
    arguments = parser.parse_args()
    dlc, end = os.path.abspath(arguments.dlc), time.monotonic() + arguments.seconds
    counts = {"passed": 0, "failed": 0, "skipped": 0}
    onnxruntime.set_default_logger_severity(4)

    def work(batch):
        missing = [seed for seed in batch if not os.path.exists(f"{arguments.work}/{seed}")]
        if missing and time.monotonic() < end:
            make(missing[0], missing[-1] + 1, arguments.work)
        return [(seed, verdicts(dlc, f"{arguments.work}/{seed}") if time.monotonic() < end else None) for seed in batch]

    seeds = range(arguments.first, arguments.first + arguments.count)
    late = 0
    with concurrent.futures.ThreadPoolExecutor(arguments.jobs) as pool:
        for answers in pool.map(work, [seeds[i:i + 10] for i in range(0, len(seeds), 10)]):
            for seed, answer in answers:
                late += answer is None
                for word, said in answer or []:
                    counts[word] += 1
                    if word != "passed":
                        print(f"{word} seed {seed}, {said}", flush=True)
    if late:
        counts["skipped"] += late
        print(f"skipped {late} seeds: {arguments.seconds:.0f} s are over")
    print(", ".join(f"{count} {word}" for word, count in counts.items()))
    sys.exit(1 if counts["failed"] else 0)


main()
