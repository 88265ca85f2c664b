"""Holds the peak that `dlc inspect` states of a training to what a process has resident.

    python peaks.py TRAININGS DLC [NAME ...]

Each of the trainings that the benchmarks run, at their batches, is built and run by a process of its own; counted are its
anonymous pages and those of the plan's file, less what a process has that runs a training of four parameters. Code counts
on neither side. The peak must be within 2 %, or within 512 KiB, of that. Needs /proc.
"""
import json
import os
import subprocess
import sys
import tempfile
import time

import training_cases
from running import Unequal, finish, run

SHARE, BYTES = 0.02, 512 << 10

BARE = """
model Line(x: f32[N, 3]) { return y: x.dense(1, name: "fc") }

training Fit(x: f32[N, 3], target: f32[N, 1]) {
    loss = Line(x).meanSquaredError(target)
    minimize loss, by: adam(5e-2)
    return loss: loss
}
"""


def resident(process, plan):
    """Bytes of a process that are neither code nor another file's than the plan."""
    total, counts = 0, False
    with open(f"/proc/{process}/smaps") as maps:
        for line in maps:
            words = line.split()
            if "-" in words[0] and not words[0].endswith(":"):
                file = words[5] if len(words) > 5 else ""
                counts = not file.startswith("/") or file == plan
            elif words[0] == "Rss:" and counts:
                total += int(words[1]) << 10
    return total


def measured(dlc, plan, seconds):
    """The most that a process has resident which runs a plan for a while."""
    most = 0
    with subprocess.Popen([dlc, "bench", plan, "--seconds", str(seconds)], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as process:
        while process.poll() is None:
            try:
                most = max(most, resident(process.pid, plan))
            except (FileNotFoundError, ProcessLookupError):
                break
            time.sleep(0.02 if seconds else 0)
        if process.wait() != 0:
            raise Unequal(process.stderr.read().decode().strip())
    return most


def stated(dlc, plan):
    """The peak in bytes."""
    return json.loads(run(dlc, "inspect", plan, "--json"))["peak_bytes"]


def judge(dlc, folder, training, bare, file):
    plan = f"{folder}/plan.dlc"
    run(dlc, "build", file, "-o", plan, *training.flags())
    found, peak = measured(dlc, plan, 2) - bare, stated(dlc, plan)
    apart = peak - found
    text = f"peak {peak / 2**20:.1f} MiB, measured {found / 2**20:.1f} MiB, {100 * apart / found:+.2f} %"
    if abs(apart) > max(SHARE * found, BYTES):
        raise Unequal(text)
    return text


def least(dlc):
    """What a process has that runs next to nothing."""
    with tempfile.TemporaryDirectory() as folder:
        with open(f"{folder}/bare.dlm", "w") as file:
            file.write(BARE)
        run(dlc, "build", f"{folder}/bare.dlm", "--training", "Fit", "--set", "N=1", "-o", f"{folder}/bare.dlc")
        # A few runs only: bench keeps the time of each. They are soon over, and may be missed.
        return max(measured(dlc, f"{folder}/bare.dlc", 0) for _ in range(10)) - stated(dlc, f"{folder}/bare.dlc")


def main():
    trainings, dlc, *names = sys.argv[1:]
    bare = least(dlc)
    cases = {name: training for name, training in training_cases.FULL.items() if not names or name in names}
    finish(
        (name, lambda folder, training=training: judge(dlc, folder, training, bare, os.path.join(trainings, f"{training.file}.dlm")))
        for name, training in cases.items())


if __name__ == "__main__":
    main()
