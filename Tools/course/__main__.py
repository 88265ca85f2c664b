"""Trains the systems of Models/course and holds them to their results.

    .build/course/bin/python Tools/course DLC [--long] [--threads N] [NAME ...]

Without --long each takes at most a minute, with data and a size that need no more; the results asked for are those of
that version. Data that cannot be had skip a system. The last line is `N passed, N failed, N skipped`.
"""
import argparse
import os
import sys
import time
import traceback

import basics  # noqa: F401  (each module registers its systems)
import generative  # noqa: F401
import reinforcement  # noqa: F401
import sequences  # noqa: F401
import vision  # noqa: F401
from dlc import Course, Failed
from registry import SYSTEMS


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("dlc")
    parser.add_argument("names", nargs="*")
    parser.add_argument("--long", action="store_true")
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_intermixed_args()
    unknown = [name for name in options.names if name not in SYSTEMS]
    if unknown:
        sys.exit(f"error: no system {', '.join(unknown)}; there are {', '.join(SYSTEMS)}")
    counts = {"passed": 0, "failed": 0, "skipped": 0}
    for name in options.names or SYSTEMS:
        outcome = judge(SYSTEMS[name], options)
        counts[outcome] += 1
    print(", ".join(f"{n} {word}" for word, n in counts.items()))
    sys.exit(counts["failed"] > 0)


def judge(entry, options):
    reason = entry.missing()
    if reason:
        print(f"{entry.name}: skipped: {reason}", flush=True)
        return "skipped"
    begun = time.monotonic()
    try:
        report = entry.run(Course(options.dlc, os.path.join(".build", "course-runs", entry.name), options.threads), not options.long)
    except Failed as error:
        print(f"{entry.name}: failed: {error}", flush=True)
        return "failed"
    except Exception:
        print(f"{entry.name}: failed:\n{traceback.format_exc()}", flush=True)
        return "failed"
    verdict = "failed" if report.faults else "passed"
    print(f"{entry.name}: {verdict}, {report.seconds:.1f} s of processor time in trainings, {time.monotonic() - begun:.1f} s by the clock in all", flush=True)
    for text in report.results:
        print(f"    {'FAULT: ' if text in report.faults else ''}{text}", flush=True)
    return verdict


main()
