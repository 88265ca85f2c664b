"""Judges `dlc train` from outside: runs that are killed at random moments end as undisturbed ones do, bit for bit; TensorBoard
reads the events, safetensors the checkpoints; ONNX Runtime computes what the training predicts.

    train_command.py MODEL.dlm DLC [--kills N]
"""
import argparse
import os
import pathlib
import random
import signal
import subprocess
import time

import numpy as np
from safetensors.numpy import load_file

import running


def arrays(path):
    return load_file(path)


def same(a, b):
    a, b = arrays(a), arrays(b)
    if a.keys() != b.keys():
        raise running.Unequal(f"the states differ in their names: {sorted(a.keys() ^ b.keys())[:3]}")
    for name in a:
        if a[name].tobytes() != b[name].tobytes():
            raise running.Unequal(f"{name} differs by {np.abs(a[name].astype(np.float64) - b[name]).max():.3g}")


def killed(dlc, model, kills):
    """A run that is killed again and again ends as one that was not."""

    def judge(folder):
        folder = pathlib.Path(folder)
        options = ["--steps", "6000", "--seed", "3", "--save-every", "0.05"]
        running.run(dlc, "train", model, *options, "--out", str(folder / "whole"))
        draw, done = random.Random(5), 0
        command = [dlc, "train", model, *options, "--out", str(folder / "parts")]
        for _ in range(200):
            process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
            if done < kills:
                time.sleep(draw.uniform(0.02, 0.6))
                if process.poll() is None:
                    process.send_signal(signal.SIGKILL)
                    done += 1
            _, errors = process.communicate()
            if process.returncode not in (0, -signal.SIGKILL):
                raise running.Unequal(f"status {process.returncode}: {errors.strip()}")
            if (folder / "parts" / "last.safetensors").exists():
                command = [dlc, "train", "--resume", str(folder / "parts")]
            if process.returncode == 0:
                break
        if process.returncode != 0:
            raise running.Unequal("did not end")
        for name in ("last.safetensors", "best.safetensors"):
            same(folder / "whole" / name, folder / "parts" / name)
        return f"{done} kills, the same bits"

    return judge


def stopped(dlc, model):
    """Ctrl-C ends after a step, saves, and says how to go on."""

    def judge(folder):
        out = os.path.join(folder, "run")
        process = subprocess.Popen(
            [dlc, "train", model, "--steps", "100000", "--out", out], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for _ in range(600):
            time.sleep(0.05)
            if os.path.exists(os.path.join(out, "last.safetensors")):
                break
        time.sleep(0.3)
        process.send_signal(signal.SIGINT)
        printed, errors = process.communicate(timeout=60)
        if process.returncode != 130 or "go on with: dlc train --resume" not in printed:
            raise running.Unequal(f"status {process.returncode}, printed {printed[-200:]!r}, {errors!r}")
        return "stops and says how to go on"

    return judge


def read(dlc, model):
    """TensorBoard reads the events of a run and of its continuation, and forgets what the second does anew."""

    def judge(folder):
        from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

        out = os.path.join(folder, "run")
        running.run(dlc, "train", model, "--steps", "60", "--out", out)
        running.run(dlc, "train", "--resume", out, "--steps", "90")
        events = EventAccumulator(out)
        events.Reload()
        steps = [event.step for event in events.Scalars("loss/step")]
        if steps != list(range(1, 91)):
            raise running.Unequal(f"steps {steps[:5]} … {steps[-5:]}, expected 1 to 90")
        if not events.Scalars("accuracy/validation"):
            raise running.Unequal("there is no accuracy/validation")
        return f"{len(steps)} steps, tags {', '.join(events.Tags()['scalars'])}"

    return judge


def left(dlc, model, images):
    """The network that a training leaves is one: as ONNX by ONNX Runtime, compiled beside the run, built from the weights, and as a
    program of the training over its states."""

    def judge(folder):
        import onnxruntime

        given = np.load(images)["image"].astype(np.float32)
        folder = pathlib.Path(folder)
        np.save(folder / "image.npy", given)
        run, weights = folder / "run", str(folder / "run" / "best.safetensors")
        running.run(dlc, "train", model, "--steps", "100", "--out", str(run))
        training = [model, "--training", "LearnDigits"]
        network = [*training, "--program", "predict", "--weights", weights]
        running.run(dlc, "export", *network, "-o", str(folder / "network.onnx"))
        running.run(dlc, "build", *network, "-o", str(folder / "network.dlc"))
        running.run(dlc, "build", *training, "-o", str(folder / "training.dlc"))
        session = onnxruntime.InferenceSession(str(folder / "network.onnx"))
        wanted = session.run(["probabilities"], {"image": given})[0]
        worst = 0
        for name, command in [
            ("beside the run", [str(run / "model.dlc")]),
            ("built", [str(folder / "network.dlc")]),
            ("program", [str(folder / "training.dlc"), "--program", "predict", "--states", weights]),
        ]:
            out = folder / name.replace(" ", "_")
            running.run(dlc, "run", *command, "--input", f"image={folder / 'image.npy'}", "--output-dir", str(out))
            error = float(np.abs(np.load(out / "probabilities.npy") - wanted).max())
            if not error < 1e-5:
                raise running.Unequal(f"{name}: differs from ONNX Runtime by {error:.3g}")
            worst = max(worst, error)
        return f"within {worst:.1e} of ONNX Runtime, {len(given)} images"

    return judge


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model")
    parser.add_argument("dlc")
    parser.add_argument("--kills", type=int, default=20)
    given = parser.parse_args()
    running.finish([
        ("killed and resumed", killed(given.dlc, given.model, given.kills)),
        ("stopped", stopped(given.dlc, given.model)),
        ("TensorBoard", read(given.dlc, given.model)),
        ("what it predicts", left(given.dlc, given.model, pathlib.Path(given.model).parent / "data" / "digits-test.npz")),
    ])


if __name__ == "__main__":
    main()
