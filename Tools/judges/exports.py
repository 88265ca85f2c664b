"""Exports every case of the conformance suite, and holds what was written to ONNX's checker, to ONNX Runtime, and to its own export.

    python exports.py DLC CASES [--only WORD]

A case that `dlc export` refuses is skipped: it needs values that only its inputs have, or is random. Else the file passes ONNX's checker
with its inference of shapes, gives the case's outputs in ONNX Runtime where that has kernels for it, and dlc writes the same bytes when
it exports the file again. Prints a line per failure, then how many ONNX Runtime ran, and a final count.
"""
import argparse
import collections
import glob
import os
import subprocess
import tempfile
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import onnx
import onnxruntime
from onnx import numpy_helper

# ONNX Runtime gives another answer than the case, for the case's own model too where it can load it.
OTHERWISE = {
    "node/test_cast_FLOAT16_to_FLOAT8E4M3FN", "node/test_cast_FLOAT_to_FLOAT8E4M3FN",
    "node/test_cast_no_saturate_FLOAT16_to_FLOAT8E4M3FN", "node/test_cast_no_saturate_FLOAT_to_FLOAT8E4M3FN",
    # Its Where makes 0 of -0.
    "simple/test_mod_fmod_0_signed_zero_float16", "simple/test_mod_fmod_0_signed_zero_float32",
    "simple/test_mod_fmod_0_signed_zero_float64",
}


def tensors(folder, kind):
    """Inputs or outputs of a case; nil for what is no tensor."""
    found = []
    while os.path.exists(path := f"{folder}/test_data_set_0/{kind}_{len(found)}.pb"):
        with open(path, "rb") as f:
            message = onnx.TensorProto()
            try:
                message.ParseFromString(f.read())
                found.append(numpy_helper.to_array(message))
            except Exception:
                found.append(None)
    return found


def is_close(found, expected):
    if found.shape != expected.shape:
        return False
    if expected.dtype.kind not in "fc":
        return np.array_equal(found, expected)
    nearest = 2e-2 if expected.dtype == np.float16 else 1e-4
    return np.allclose(found.astype(np.float64), expected.astype(np.float64), rtol=1e-3, atol=nearest, equal_nan=True)


def run(path, folder):
    """Whether ONNX Runtime can run what was exported; a text where its results are not the case's."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads, options.log_severity_level = 1, 4
    source = onnx.load(f"{folder}/model.onnx").graph
    inputs, outputs = tensors(folder, "input"), tensors(folder, "output")
    if any(tensor is None for tensor in inputs + outputs):
        return False
    try:
        session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
        taken = {value.name for value in session.get_inputs()}
        fed = {value.name: tensor for value, tensor in zip(source.input, inputs) if value.name in taken}
        results = session.run([value.name for value in source.output], fed)
    except Exception:
        return False
    for value, found, expected in zip(source.output, results, outputs):
        if not is_close(np.asarray(found), expected):
            return f"{value.name} differs from the case's"
    return True


def judge(dlc, folder, name):
    """`skip`, `checked`, `ran`, or a text where something is wrong."""
    with tempfile.TemporaryDirectory() as scratch:
        first, second = f"{scratch}/a.onnx", f"{scratch}/b.onnx"
        if subprocess.run([dlc, "export", f"{folder}/model.onnx", "-o", first], capture_output=True).returncode != 0:
            return "skip"
        try:
            onnx.checker.check_model(onnx.load(first), full_check=True)
        except Exception as error:
            return "the checker: " + str(error).strip().replace("\n", " ")[:200]
        again = subprocess.run([dlc, "export", first, "-o", second], capture_output=True, text=True)
        if again.returncode != 0:
            return "not exported again: " + again.stderr.strip()[:200]
        with open(first, "rb") as a, open(second, "rb") as b:
            if a.read() != b.read():
                return "exported again it is another file"
        ran = run(first, folder)
        return ran if isinstance(ran, str) and name not in OTHERWISE else "ran" if ran else "checked"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("dlc")
    parser.add_argument("cases")
    parser.add_argument("--only", default="")
    arguments = parser.parse_args()
    folders = sorted(os.path.dirname(path) for path in glob.glob(f"{arguments.cases}/*/*/model.onnx"))
    names = [os.path.relpath(folder, arguments.cases) for folder in folders]
    chosen = [(folder, name) for folder, name in zip(folders, names) if arguments.only in name]
    counts = collections.Counter()
    with ThreadPoolExecutor(2) as pool:
        for (_, name), result in zip(chosen, pool.map(lambda case: judge(arguments.dlc, *case), chosen)):
            kind = result if result in ("skip", "checked", "ran") else "failed"
            counts[kind] += 1
            if kind == "failed":
                print(f"FAIL {name}: {result}", flush=True)
    print(f"{counts['ran']} ran in ONNX Runtime, which has no kernel for {counts['checked']} others")
    print(f"{counts['ran'] + counts['checked']} passed, {counts['failed']} failed, {counts['skip']} skipped")
    raise SystemExit(counts["failed"] > 0)


if __name__ == "__main__":
    main()
