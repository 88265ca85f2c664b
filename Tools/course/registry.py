"""What a system of the course is: data, trainings, and what has to come of them."""
import os
import subprocess
from dataclasses import dataclass, field
from typing import Callable

SYSTEMS = {}


@dataclass
class System:
    name: str
    data: list
    run: Callable  # takes a Course and whether to be short; gives a Report

    def missing(self):
        """Why the data cannot be had, or None where they are there."""
        wanted = [name for name in self.data if not os.path.isdir(os.path.join(".build", "data", name))]
        if not wanted:
            return None
        done = subprocess.run(["Tools/data", *wanted], capture_output=True, text=True)
        return None if done.returncode == 0 else (done.stderr.strip().splitlines() or ["no reason given"])[-1]


def system(name, data=()):
    def register(run):
        SYSTEMS[name] = System(name, list(data), run)
        return run
    return register


@dataclass
class Report:
    """What a system reached: texts for the table, and what should have held and did not."""
    seconds: float = 0
    results: list = field(default_factory=list)
    faults: list = field(default_factory=list)

    def tell(self, text, holds=True):
        self.results.append(text)
        if not holds:
            self.faults.append(text)

    def took(self, *trained):
        self.seconds += sum(one.seconds for one in trained)
