"""Trains and evaluates through the command, as a person would."""
import json
import os
import resource
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

    def fit(self, file, training, data, *, batch, epochs, seed=1, keep=None, start=None, shuffle=True, name=None, open_batch=True, **values):
        """Trains on arrays by name, in epochs of full batches drawn anew by the seed; gives the weights and the time."""
        name = name or training
        plan, states = (os.path.join(self.folder, f"{name}.{kind}") for kind in ("dlc", "safetensors"))
        count = len(next(iter(data.values())))
        batch = min(batch, count)
        build = ("build", os.path.join(MODELS, file), "--training", training,
                 *(("--weights", start) if start else ("--seed", seed)))
        # The step knows its batch, which makes it faster; the evaluation is for any, where the training leaves it open.
        self.call(*build, *settings(dict(values, N=batch) if open_batch else values), "-o", plan)
        evaluation = plan
        if open_batch:
            evaluation = os.path.join(self.folder, f"{name}-any.dlc")
            self.call(*build, *settings(values), "-o", evaluation)
        rng = np.random.default_rng(seed)
        size = sum(array.nbytes for array in data.values())
        begun, left, first = processor_time(), epochs, True
        with tempfile.TemporaryDirectory(dir=self.folder) as scratch:
            while left > 0:
                # As many epochs at once as stay below 200 MB.
                some = min(left, max(1, int(2e8 // max(size, 1))))
                left -= some
                rows = []
                for _ in range(some):
                    order = rng.permutation(count) if shuffle else np.arange(count)
                    rows.append(order[:count // batch * batch].reshape(-1, batch))
                rows = np.concatenate(rows)
                if not open_batch:  # an example is a step
                    rows = rows[:, 0]
                inputs = []
                for key, array in data.items():
                    path = os.path.join(scratch, key + ".npy")
                    np.save(path, array[rows])
                    inputs += ["--input", f"{key}={path}"]
                self.call("run", plan, *inputs, "--threads", self.threads, "--save-states", states, "--output-dir", scratch,
                          *(() if first else ("--states", states)))
                first = False
            losses = np.load(os.path.join(scratch, "loss.npy")) if os.path.exists(os.path.join(scratch, "loss.npy")) else None
        return Trained(self, evaluation, states, processor_time() - begun, losses)

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
            files = []
            for key, array in inputs.items():
                np.save(os.path.join(scratch, key + ".npy"), array)
                files += ["--input", f"{key}={os.path.join(scratch, key + '.npy')}"]
            out = os.path.join(scratch, "out")
            self.call("run", path, *(("--model", model) if model else ()), *settings(values),
                      *(("--weights", weights) if weights else ()), *files, "--threads", self.threads, "--output-dir", out)
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
            files = []
            for key, array in inputs.items():
                np.save(os.path.join(scratch, key + ".npy"), array)
                files += ["--input", f"{key}={os.path.join(scratch, key + '.npy')}"]
            out = os.path.join(scratch, "out")
            course.call("run", self.plan, "--program", "evaluation", "--states", self.states, *files, "--threads", course.threads,
                        "--output-dir", out)
            return {f[:-4]: np.load(os.path.join(out, f)) for f in os.listdir(out)}
