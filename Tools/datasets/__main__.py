"""Tools/data's other half: lists data sets, or fetches and converts those that are named."""
import os
import sys

import made  # noqa: F401  (each module registers its sets)
import pictures  # noqa: F401
import tables  # noqa: F401
import texts  # noqa: F401
from registry import SETS


def describe(entry):
    return f"{entry.name:16} {entry.about}\n{'':16} source: {entry.source}; licence: {entry.licence}"


def main(names):
    if [name.upper() for name in names] == ["LIST"]:
        print("\n".join(describe(entry) for entry in SETS.values()))
        return 0
    unknown = [name for name in names if name not in SETS]
    if unknown:
        print(f"error: no data set {', '.join(unknown)}; there are {', '.join(SETS)}", file=sys.stderr)
        return 1
    status = 0
    for name in names:
        try:
            isNew = SETS[name].fetch()
        except Exception as error:  # a package that cannot be had is told in one line
            print(f"error: {name}: {error}", file=sys.stderr)
            status = 1
            continue
        print(describe(SETS[name]))
        files = sorted(os.listdir(SETS[name].folder))
        shown = ", ".join(files[:6]) + (" …" if len(files) > 6 else "")
        print(f"{'':16} {'written' if isNew else 'there already'}: .build/data/{name}: {shown}")
    return status


sys.exit(main(sys.argv[1:]))
