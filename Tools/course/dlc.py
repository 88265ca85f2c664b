"""Trains and evaluates through the command, as a person would."""
import json
import os
import resource
import shutil
import subprocess
import tempfile

import numpy as np

MODELS = os.path.join("Models", "course")


class Failed(Exception):
    """The command ended with an error, which is the text."""


def load(path):
    with np.load(path) as file:
        return {name: file[name] for name in file.files}


def data_of(name):
    """A set's parts to train with and to hold out."""
    return tuple(load(os.path.join(".build", "data", name, part + ".npz")) for part in ("train", "test"))


def settings(values):
    def spelled(value):
        return json.dumps(value) if isinstance(value, (bool, list)) else str(value)
    return [part for name, value in values.items() for part in ("--set", f"{name}={spelled(value)}")]


def processor_time():
    """What commands that have ended have used, in seconds."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


class Course:
    """What every system is trained with: the command, the threads, and a folder for what comes of it."""

    def __init__(self, command, folder, threads):
        self.command, self.folder, self.threads = command, folder, threads
        os.makedirs(folder, exist_ok=True)

    def call(self, *arguments):
        done = subprocess.run([self.command, *map(str, arguments)], capture_output=True, text=True)
        if done.returncode:
            raise Failed(f"dlc {' '.join(map(str, arguments))}: {done.stderr.strip() or done.returncode}")
        return done.stdout

    def fit(self, file, training, data, *, batch, epochs, seed=1, start=None, name=None, **values):
        """Trains on arrays by name, as `dlc train` does; gives what was learned last and the time."""
        folder = os.path.join(self.folder, name or training)
        shutil.rmtree(folder, ignore_errors=True)
        with tempfile.TemporaryDirectory(dir=self.folder) as scratch:
            path = os.path.join(scratch, "data.npz")
            np.savez(path, **data)
            begun = processor_time()
            lines = self.call("train", os.path.join(MODELS, file), "--training", training, "--data", path, "--epochs", epochs, "--batch", batch,
                              "--seed", seed, *(("--weights", start) if start else ()), *settings(values), "--threads", self.threads,
                              "--out", folder, "--json")
            seconds = processor_time() - begun
        events = [json.loads(line) for line in lines.splitlines() if line.startswith("{")]
        losses = np.array([np.nan if event["loss"] is None else event["loss"] for event in events if event["event"] == "step"])
        plan = os.path.join(folder, "any.dlc")
        self.call("build", os.path.join(MODELS, file), "--training", training, *settings(values), "-o", plan)
        return Trained(self, plan, os.path.join(folder, "last.safetensors"), seconds, losses)

    def play(self, file, training, sequence, *, seed=1, **values):
        """Trains without data: a step for every first index of the arrays of `sequence`, in their order."""
        plan, states = (os.path.join(self.folder, f"{training}.{kind}") for kind in ("dlc", "safetensors"))
        self.call("build", os.path.join(MODELS, file), "--training", training, "--seed", seed, *settings(values), "-o", plan)
        with tempfile.TemporaryDirectory(dir=self.folder) as scratch:
            files = self.inputs(sequence, scratch)
            begun = processor_time()
            self.call("run", plan, *files, "--threads", self.threads, "--save-states", states, "--output-dir", os.path.join(scratch, "out"))
            return Trained(self, plan, states, processor_time() - begun, None)

    @staticmethod
    def inputs(arrays, folder):
        """Writes arrays, and gives the options that make them inputs."""
        options = []
        for key, array in arrays.items():
            path = os.path.join(folder, key + ".npy")
            np.save(path, array)
            options += ["--input", f"{key}={path}"]
        return options

    def merged(self, file, model, others, seed, **values):
        """The path of a file with a model's parameters as drawn, those of `others` in place of their own."""
        from safetensors.numpy import load_file, save_file
        path = os.path.join(self.folder, f"{model}-merged.safetensors")
        self.call("export", os.path.join(MODELS, file), "--model", model, "--seed", seed, *settings(values), "-o", path)
        save_file({**load_file(path), **load_file(others)}, path)
        return path

    def run(self, file, inputs, *, weights=None, model=None, **values):
        """The outputs of a model by name, on arrays; a file of the course, or a path."""
        path = file if os.path.sep in file else os.path.join(MODELS, file)
        with tempfile.TemporaryDirectory(dir=self.folder) as scratch:
            out = os.path.join(scratch, "out")
            self.call("run", path, *(("--model", model) if model else ()), *settings(values),
                      *(("--weights", weights) if weights else ()), *self.inputs(inputs, scratch), "--threads", self.threads, "--output-dir", out)
            return {f[:-4]: np.load(os.path.join(out, f)) for f in os.listdir(out)}


class Trained:
    """A training that has ended: its plan, its states, and the seconds of processor time that it took,
    which are those of a clock on a machine that has nothing else to do, with one thread."""

    def __init__(self, course, plan, states, seconds, losses):
        self.course, self.plan, self.states, self.seconds, self.losses = course, plan, states, seconds, losses

    def evaluate(self, data, batch=None):
        """The outputs of the evaluation over all rows, in order; those with a row each row by row, others as averages over the
        batches, which have to be of one extent."""
        count = len(next(iter(data.values())))
        batch = batch or count
        parts = [self._evaluated({k: v[i:i + batch] for k, v in data.items()}) for i in range(0, count, batch)]
        weights = [min(batch, count - i) / count for i in range(0, count, batch)]
        return {key: np.concatenate([p[key] for p in parts]) if parts[0][key].ndim else sum(w * p[key] for w, p in zip(weights, parts))
                for key in parts[0]}

    def weights(self, chosen=lambda name: True, prefix=""):
        """The path of a file with those of the states that are chosen and are parameters, without the prefix of their names."""
        from safetensors.numpy import load_file, save_file
        path = self.states.replace(".safetensors", "-weights.safetensors")
        save_file({k.removeprefix(prefix): v for k, v in load_file(self.states).items() if chosen(k) and not k.startswith("training.")}, path)
        return path

    def _evaluated(self, inputs):
        course = self.course
        with tempfile.TemporaryDirectory(dir=course.folder) as scratch:
            out = os.path.join(scratch, "out")
            course.call("run", self.plan, "--program", "evaluation", "--states", self.states, *course.inputs(inputs, scratch),
                        "--threads", course.threads,
                        "--output-dir", out)
            return {f[:-4]: np.load(os.path.join(out, f)) for f in os.listdir(out)}
