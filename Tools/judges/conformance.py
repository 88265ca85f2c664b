"""Runs the suite's judge and holds its report to the list of cases that are known not to pass.

    python conformance.py JUDGE.py CASES DLC KNOWN.txt

KNOWN.txt names a case per line, `kind/name  reason`. Such a case counts as skipped while it fails; once it passes it
counts as passed, with a note that its line can go. Any other case that fails is a failure.
"""
import os
import subprocess
import sys
import tempfile


def read_known(path):
    with open(path) as f:
        lines = [line.split(None, 1) for line in f if line.strip() and not line.startswith("#")]
    return {name: (rest[0].strip() if rest else "") for name, *rest in lines}


def read_report(path):
    with open(path) as f:
        return dict(line.rstrip("\n").split("\t", 1) for line in f)


def main():
    judge, cases, dlc, known_path = sys.argv[1:]
    known = read_known(known_path)
    with tempfile.TemporaryDirectory() as folder:
        report = os.path.join(folder, "report")
        subprocess.run([sys.executable, judge, cases, "--dlc", dlc, "--report", report], check=True)
        results = read_report(report)

    passed = failed = skipped = 0
    for name, result in sorted(results.items()):
        if name not in known:
            passed += result == "ok"
            failed += result != "ok"
            if result != "ok":
                print(f"FAIL {name}: {result}")
        elif result == "ok":
            passed += 1
            print(f"note {name} passes: take it out of {known_path}")
        else:
            skipped += 1
            print(f"skip {name}: {known[name]}: {result}")
    for name in sorted(set(known) - set(results)):
        failed += 1
        print(f"FAIL {known_path} names {name}, which is no case")
    print(f"{passed} passed, {failed} failed, {skipped} skipped")
    sys.exit(failed > 0)


if __name__ == "__main__":
    main()
