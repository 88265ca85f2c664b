"""Holds dlc to ONNX Runtime on the benchmark networks, and the models it exports to the originals.

    python networks.py BENCH DLC

BENCH holds the skeletons and the scripts skeleton.py, agree.py and export_round_trip.py. A network is filled,
judged and deleted before the next: together they take gigabytes.
"""
import glob
import os
import subprocess
import sys
import tempfile

LIMIT = "1e-4"  # of an output's largest magnitude


def last_line(command):
    done = subprocess.run([sys.executable, *command], capture_output=True, text=True)
    lines = [line for line in done.stdout.splitlines() if line.startswith(("ok", "FAIL"))]
    wrong = (lines or done.stderr.strip().splitlines() or [f"status {done.returncode}"])[-1]
    return done.returncode == 0, lines[-1] if done.returncode == 0 and lines else wrong


def main():
    bench, dlc = sys.argv[1:]
    script = {name: os.path.join(bench, name + ".py") for name in ("skeleton", "agree", "export_round_trip")}
    passed = failed = 0
    for skeleton in sorted(glob.glob(os.path.join(bench, "skeletons", "*.onnx"))):
        name = os.path.basename(skeleton)
        with tempfile.TemporaryDirectory(dir=".build") as folder:
            path = os.path.join(folder, name)
            subprocess.run([sys.executable, script["skeleton"], "fill", skeleton, path], check=True)
            for kind, command in [("agree", [script["agree"], dlc, LIMIT, path]),
                                  ("export", [script["export_round_trip"], dlc, path])]:
                right, line = last_line(command)
                passed += right
                failed += not right
                print(f"{kind:7} {line}", flush=True)
    print(f"{passed} passed, {failed} failed")
    sys.exit(failed > 0)


if __name__ == "__main__":
    main()
