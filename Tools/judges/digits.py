"""Judges the command line on the shipped model: pictures, array files and bad input, against ONNX Runtime and NumPy.

    python digits.py DLC
"""
import json
import os
import subprocess
import sys
import tempfile

import numpy as np
import onnxruntime
from PIL import Image

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
MODEL = os.path.join(ROOT, "Models", "digits.onnx")
LABELS = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"]
CHECKS = []


def check(function):
    CHECKS.append(function)
    return function


class Judge:
    def __init__(self, dlc, folder):
        self.dlc = dlc
        self.folder = folder
        self.session = onnxruntime.InferenceSession(MODEL, providers=["CPUExecutionProvider"])

    def path(self, name):
        return os.path.join(self.folder, name)

    def call(self, *arguments):
        return subprocess.run([self.dlc, *arguments], capture_output=True, text=True, timeout=60)

    def succeed(self, *arguments):
        done = self.call(*arguments)
        assert done.returncode == 0, f"status {done.returncode}: {done.stderr.strip()[:200]}"
        return done.stdout

    def refuse(self, words, *arguments):
        done = self.call(*arguments)
        assert done.returncode == 1, f"status {done.returncode}, not 1: {done.stderr.strip()[:200]}"
        assert done.stderr.startswith("error: "), f"standard error is {done.stderr[:200]!r}"
        for word in words:
            assert word in done.stderr, f"the error does not say {word!r}: {done.stderr.strip()[:300]}"

    def probabilities(self, path, model=MODEL):
        self.succeed("run", model, "--input", path, "--output-dir", self.folder)
        return np.load(self.path("probabilities.npy"))

    def expect(self, path, images, model=MODEL):
        want = self.session.run(None, {"image": images})[0]
        got = self.probabilities(path, model)
        assert got.dtype == np.float32 and got.shape == want.shape, f"{got.dtype}{got.shape}"
        np.testing.assert_allclose(got, want, rtol=0, atol=1e-5)


def picture(label):
    return os.path.join(ROOT, "Models", "digits", label + ".png")


def as_input(path):
    """A picture as the model sees it: grey, 0 to 1."""
    return (np.asarray(Image.open(path).convert("L"), np.float32) / 255)[None, None]


def batch():
    return np.concatenate([as_input(picture(label)) for label in LABELS])


@check
def pictures_give_the_probabilities_of_onnx_runtime(judge):
    for digit, label in enumerate(LABELS):
        judge.expect(picture(label), as_input(picture(label)))
        assert np.load(judge.path("probabilities.npy")).argmax() == digit


@check
def the_best_label_is_printed_first(judge):
    for label in LABELS:
        printed = judge.succeed("run", MODEL, "--input", picture(label))
        found = [word for word in printed.replace(":", " ").split() if word in LABELS]
        assert found and found[0] == label, f"{label}: printed {printed[:200]!r}"


@check
def any_batch_of_npy_runs(judge):
    images = batch()
    for count in (1, 3, 10):
        np.save(judge.path("images.npy"), images[:count])
        judge.expect(judge.path("images.npy"), images[:count])


@check
def fortran_order_and_npz_are_read(judge):
    images = batch()
    np.save(judge.path("images.npy"), np.asfortranarray(images))
    judge.expect(judge.path("images.npy"), images)
    for save in (np.savez, np.savez_compressed):
        save(judge.path("images.npz"), image=images)
        judge.expect(judge.path("images.npz"), images)


@check
def jpeg_is_read(judge):
    Image.open(picture("seven")).save(judge.path("seven.jpg"), quality=95)
    judge.expect(judge.path("seven.jpg"), as_input(judge.path("seven.jpg")))


@check
def a_colour_picture_becomes_grey(judge):
    colours = np.random.default_rng(0).integers(0, 256, (8, 8, 3)).astype(np.uint8)
    Image.fromarray(colours).save(judge.path("colour.png"))
    judge.expect(judge.path("colour.png"), as_input(judge.path("colour.png")))


@check
def a_larger_picture_is_resized(judge):
    """As Pillow shrinks it; Pillow rounds to 8 bits between its two passes, so probabilities agree to 2 %."""
    for label in LABELS:
        large = Image.open(picture(label)).convert("L").resize((64, 64), Image.Resampling.BICUBIC)
        large.save(judge.path("large.png"))
        small = np.asarray(large.resize((8, 8), Image.Resampling.BILINEAR), np.float32) / 255
        want = judge.session.run(None, {"image": small[None, None]})[0]
        np.testing.assert_allclose(judge.probabilities(judge.path("large.png")), want, rtol=0, atol=0.02)


@check
def the_compiled_plan_gives_the_same_bits(judge):
    plan = judge.path("digits.dlc")
    judge.succeed("build", MODEL, "-o", plan)
    for label in LABELS:
        from_model = judge.probabilities(picture(label))
        from_plan = judge.probabilities(picture(label), plan)
        assert np.array_equal(from_model, from_plan)


@check
def the_plan_is_the_same_on_every_build(judge):
    first, second = judge.path("a.dlc"), judge.path("b.dlc")
    for plan in (first, second):
        judge.succeed("build", MODEL, "-o", plan)
    with open(first, "rb") as a, open(second, "rb") as b:
        assert a.read() == b.read()


@check
def bench_prints_the_agreed_object(judge):
    printed = json.loads(judge.succeed("bench", MODEL, "--threads", "1", "--seconds", "0.2", "--json"))
    for key in ("load_ms", "first_ms", "median_ms", "min_ms", "peak_rss_mb"):
        assert isinstance(printed[key], (int, float)) and printed[key] >= 0, key


@check
def inspect_names_inputs_and_outputs(judge):
    printed = judge.succeed("inspect", MODEL)
    assert "image" in printed and "probabilities" in printed and "N" in printed, printed[-300:]


@check
def a_quantized_network_reads_as_onnx_runtime_reads_it(judge):
    """The QDQ file of dlc quantize: both near each other, and within half a percent of the floats' accuracy; entropy cuts off more."""
    data = os.path.join(ROOT, "Models", "course", "data", "digits-{}.npz")
    test = np.load(data.format("test"))
    images = test["image"].astype(np.float32) / (255 if test["image"].dtype == np.uint8 else 1)
    images = images.reshape(-1, 1, 8, 8)
    right = (judge.session.run(None, {"image": images})[0].argmax(1) == test["label"]).mean()
    np.save(judge.path("images.npy"), images)
    for options, drop in (([], 0.005), (["--method", "minmax", "--no-per-channel"], 0.005), (["--method", "percentile:99.9"], 0.005),
                          (["--method", "entropy"], 0.03)):
        small = judge.path("small.onnx")
        judge.succeed("quantize", MODEL, "--data", data.format("train"), "-o", small, *options)
        other = onnxruntime.InferenceSession(small, providers=["CPUExecutionProvider"]).run(None, {"image": images})[0]
        own = judge.probabilities(judge.path("images.npy"), small)
        for answers in (own, other):
            found = (answers.argmax(1) == test["label"]).mean()
            assert found >= right - drop, f"{options}: {found} of the digits, {right} in floats"
        assert np.abs(own - other).mean() < 2e-3, f"{options}: {np.abs(own - other).mean()} from ONNX Runtime's on average"
        assert os.path.getsize(small) < 0.5 * os.path.getsize(MODEL), os.path.getsize(small)


@check
def bad_input_is_refused_with_a_reason(judge):
    np.save(judge.path("wide.npy"), np.zeros((1, 1, 8, 9), np.float32))
    np.save(judge.path("double.npy"), np.zeros((1, 1, 8, 8), np.float64))
    with open(picture("seven"), "rb") as f:
        png = f.read()
    with open(judge.path("cut.png"), "wb") as f:
        f.write(png[:-30])
    with open(judge.path("text.npy"), "w") as f:
        f.write("no array")
    judge.refuse(["image", "9"], "run", MODEL, "--input", judge.path("wide.npy"))
    judge.refuse(["image", "f32"], "run", MODEL, "--input", judge.path("double.npy"))
    judge.refuse(["cut.png"], "run", MODEL, "--input", judge.path("cut.png"))
    judge.refuse(["text.npy"], "run", MODEL, "--input", judge.path("text.npy"))
    judge.refuse(["absent.png"], "run", MODEL, "--input", judge.path("absent.png"))
    judge.refuse(["picture"], "run", MODEL, "--input", "picture=" + picture("seven"))
    judge.refuse(["image"], "run", MODEL)
    judge.refuse(["absent.onnx"], "run", judge.path("absent.onnx"))


@check
def a_damaged_plan_is_refused_or_runs(judge):
    plan = judge.path("digits.dlc")
    judge.succeed("build", MODEL, "-o", plan)
    with open(plan, "rb") as f:
        good = f.read()
    rng = np.random.default_rng(0)
    for trial in range(60):
        damaged = bytearray(good)
        if trial % 2:
            damaged = damaged[:rng.integers(len(good))]
        else:
            # The first pages hold the header and the tables.
            damaged[rng.integers(min(len(good), 8192))] ^= 1 << rng.integers(8)
        with open(judge.path("damaged.dlc"), "wb") as f:
            f.write(damaged)
        done = judge.call("run", judge.path("damaged.dlc"), "--input", picture("seven"))
        assert done.returncode in (0, 1), f"status {done.returncode} in trial {trial}"


@check
def wrong_usage_has_status_64(judge):
    assert judge.call("run").returncode == 64
    assert judge.call("nonsense").returncode == 64


def main():
    dlc, = sys.argv[1:]
    failed = 0
    for function in CHECKS:
        with tempfile.TemporaryDirectory() as folder:
            try:
                function(Judge(os.path.abspath(dlc), folder))
                print("ok  ", function.__name__)
            except Exception as error:
                failed += 1
                print("FAIL", function.__name__, str(error).strip()[:400])
    print(f"{len(CHECKS) - failed} passed, {failed} failed")
    sys.exit(failed > 0)


if __name__ == "__main__":
    main()
