"""Passes on what the kernel benchmarks print and ends with the rows below their goals, the worst first.

Rows end with `N % of peak` or `N % of bandwidth`. A product or a 1 x 1 convolution should reach 92 % of the peak; what
is bound by bytes 70 % of the bandwidth; other arithmetic 70 % of the peak.
"""
import re
import sys

ROW = re.compile(r"^(?P<label>.*?)\s+[\d.]+ ms .*?(?P<share>[\d.]+) % of (?P<bound>peak|bandwidth)(; .*)?$")
PRODUCTS = {"gemm", "1x1"}


def main():
    program, short, rows = "", [], 0
    for line in sys.stdin:
        print(line, end="", flush=True)
        if line.startswith("== bench "):
            program = line.split()[-1]
        match = ROW.match(line)
        if not match:
            continue
        rows += 1
        goal = 92 if program in PRODUCTS and match["bound"] == "peak" else 70
        if float(match["share"]) < goal:
            short.append((float(match["share"]) / goal, program, match["label"], match["share"], match["bound"], goal))
    print(f"\n{len(short)} of {rows} rows fall short of their goals" + (", the worst first:" if short else ""))
    for _, program, label, share, bound, goal in sorted(short):
        print(f"{program:<10} {label:<58} {share:>6} % of {bound}, goal {goal}")


if __name__ == "__main__":
    main()
