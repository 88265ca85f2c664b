"""Running dlc for a judge, and comparing what it gives."""
import subprocess
import sys
import tempfile

import numpy as np

# The share of elements that may differ: where two elements of a window are equal but for rounding, unpooling puts the
# maximum in one place or the other, and a decoder spreads that.
FREE = {"segnet": 0.01}


class Unequal(Exception):
    """What dlc gives is not what was expected; the text says how."""


class Skipped(Exception):
    """Nothing can be said of a case; the text says why."""


def literal_session(model):
    """ONNX Runtime on a file or its bytes: every node computed as it stands, on one thread."""
    import onnxruntime  # some judges run where it is missing
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    options.intra_op_num_threads, options.log_severity_level = 1, 4
    return onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])


def run(*command):
    """What the command prints.

    - Raises: Unequal where it fails or has something to say on standard error.
    """
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode != 0:
        raise Unequal(f"{command[1]}: " + (done.stderr.strip() or f"status {done.returncode}").splitlines()[0])
    if done.stderr.strip():
        raise Unequal(f"{command[1]} said: " + done.stderr.strip().splitlines()[0])
    return done.stdout


def difference(file, name, found, expected, special=False):
    """The largest difference of an output's finite elements as a share of its largest magnitude.

    - Raises: Unequal where shapes or types differ, elements that are not floats, or where one is not finite, unless `special`, for
      networks that give infinities and NaN, and it is the same in both.
    """
    if found.shape != expected.shape or found.dtype != expected.dtype:
        raise Unequal(f"output {name} is {found.dtype}{list(found.shape)}, expected {expected.dtype}{list(expected.shape)}")
    if expected.dtype.kind != "f":
        if not np.array_equal(found, expected):
            raise Unequal(f"output {name} has other integers than expected")
        return 0.0
    finite = np.isfinite(expected)
    if not np.isfinite(found[finite] if special else found).all():
        raise Unequal(f"output {name} is not finite")
    if not np.array_equal(found[~finite], expected[~finite], equal_nan=True):
        raise Unequal(f"output {name} has other infinities or NaN than expected")
    found, expected = found[finite].astype(np.float64), expected[finite]
    apart = np.sort(np.abs(found - expected))[::-1]
    if apart.size == 0:
        return 0.0
    return float(apart[int(FREE.get(file, 0) * apart.size)] / max(np.abs(expected).max(), 1e-30))


def finish(judges):
    """Runs judges, `(name, judge)`, each in a folder of its own that is removed, prints a line for each and their counts, and
    ends the program: with 1 where one has raised Unequal. A judge returns what is to be said of a case that passed, or raises Skipped.
    """
    passed = failed = skipped = 0
    for name, judge in judges:
        with tempfile.TemporaryDirectory() as folder:
            try:
                print(f"ok   {name}: {judge(folder)}", flush=True)
                passed += 1
            except Unequal as error:
                print(f"FAIL {name}: {error}", flush=True)
                failed += 1
            except Skipped as error:
                print(f"skip {name}: {error}", flush=True)
                skipped += 1
    print(f"{passed} passed, {failed} failed" + f", {skipped} skipped" * (skipped > 0))
    sys.exit(failed > 0)


def hold(cases):
    """Holds many small cases, `(name, judge)`, each in a folder of its own that is removed: a judge returns a fault, or None. Prints
    the faults and the counts, and ends the program: with 1 where there is a fault, one of the judge's own among them.
    """
    passed = failed = 0
    for name, judge in cases:
        with tempfile.TemporaryDirectory() as folder:
            try:
                fault = judge(folder)
            except Exception as error:
                fault = f"judge: {str(error).strip().splitlines()[0]}"
        passed, failed = passed + (fault is None), failed + (fault is not None)
        if fault:
            print(f"FAIL {name}: {fault}")
    print(f"{passed} passed, {failed} failed")
    sys.exit(failed > 0)
