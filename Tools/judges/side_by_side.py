"""dlc beside other runtimes on this machine; Tools/bench starts it and installs what it needs.

A round measures every engine on a model once, each in a process of its own, so that a slow spell of the machine hits
all of them; an engine's figures are the least of its rounds'. The ratio is the fastest peer's time over dlc's:
above 1 dlc is faster. Peak memory of the peers includes Python.
"""
import argparse
import glob
import json
import math
import os
import platform
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
import peers  # noqa: E402
import work_folder  # noqa: E402

NAMES = {"dlc": "dlc", "ort": "ONNX Runtime", "openvino": "OpenVINO", "ncnn": "ncnn"}


def processor():
    try:
        with open("/proc/cpuinfo") as file:
            names = [line.split(":", 1)[1].strip() for line in file if line.startswith("model name")]
        if names:
            return names[0]
    except OSError:
        pass
    if sys.platform == "darwin":
        return subprocess.run(["sysctl", "-n", "machdep.cpu.brand_string"], capture_output=True, text=True).stdout.strip()
    return platform.processor() or platform.machine()


def versions(engines):
    from importlib import metadata

    packages = {"ort": "onnxruntime", "openvino": "openvino", "ncnn": "ncnn"}
    return ", ".join(f"{NAMES[engine]} {metadata.version(packages[engine])}" for engine in engines if engine in packages)


def complain(text):
    print(f"bench: {text}", file=sys.stderr, flush=True)


def last_line(done):
    return ((done.stderr.strip() or done.stdout.strip()).splitlines() or [f"status {done.returncode}"])[-1][:200]


class Model:
    """An .onnx file, compiled once for all rounds."""

    def __init__(self, path, args):
        self.path, self.name = path, os.path.splitext(os.path.basename(path))[0]
        self.plan = os.path.join(args.work, self.name + ".dlc")
        start = time.perf_counter()
        flags = ["--target", args.target] + (["--exact"] if args.exact else [])
        done = subprocess.run([args.dlc, "build", path, "-o", self.plan, *flags], capture_output=True, text=True)
        self.build_seconds = time.perf_counter() - start
        self.error = None if done.returncode == 0 else last_line(done)

    def measure(self, engine, threads, args):
        """The figures of one round, or None with the reason on standard error."""
        if engine == "dlc":
            if self.error:
                complain(f"dlc on {self.name}: {self.error}")
                return None
            command = [args.dlc, "bench", self.plan, "--threads", str(threads), "--seconds", str(args.seconds), "--json"]
            for shape in peers.symbolic_shapes(self.path):
                command += ["--shape", shape]
        else:
            command = [sys.executable, os.path.join(HERE, "peers.py"), engine, self.path, str(threads), str(args.seconds), args.work]
        try:
            done = subprocess.run(command, capture_output=True, text=True, timeout=900 + 2 * args.seconds)
        except subprocess.TimeoutExpired:
            complain(f"{engine} on {self.name}: no result within a quarter of an hour")
            return None
        try:
            return json.loads(done.stdout.strip().splitlines()[-1])
        except (IndexError, ValueError):
            complain(f"{engine} on {self.name}: {last_line(done)}")
            return None


def row(model, engines, threads, args):
    """The least of each figure over the rounds, for each engine that ran."""
    rounds = {engine: [] for engine in engines}
    for _ in range(args.rounds):
        for engine in engines:
            if rounds[engine] is None:
                continue
            figures = model.measure(engine, threads, args)
            if figures:
                rounds[engine].append(figures)
            else:
                rounds[engine] = None  # it will not run in later rounds either
    for engine, all_figures in rounds.items():
        medians = [figures["median_ms"] for figures in all_figures or []]
        if medians and max(medians) > 1.15 * min(medians):
            complain(f"{engine} on {model.name}: medians from {min(medians):.2f} to {max(medians):.2f} ms: the machine is not quiet")
    return {engine: {key: min(figures[key] for figures in all_figures) for key in all_figures[0]} for engine, all_figures in rounds.items() if all_figures}


def ratio(best):
    others = [figures["median_ms"] for engine, figures in best.items() if engine != "dlc"]
    return min(others) / best["dlc"]["median_ms"] if others and "dlc" in best else None


def short(value):
    return f"{value:.{0 if value >= 100 else 1 if value >= 10 else 2 if value >= 1 else 3}f}"


class Report:
    """Lines for the terminal as they come, and the same tables in Markdown."""

    def __init__(self, engines):
        self.engines, self.markdown = engines, []

    def title(self, text):
        print("\n" + text, flush=True)
        self.markdown += [text, ""]

    def head(self):
        names = [NAMES[engine] for engine in self.engines]
        print(f"{'network':<20}" + "".join(f"{name + ' ms':>17}" for name in names) + f"{'ratio':>8}{'first':>8}   load ms, peak MB, each as in the columns; build s")
        self.markdown += ["| network | " + " | ".join(names) + " | ratio | first run | load | build |", "|---" * (len(names) + 5) + "|"]

    def add(self, model, best):
        value = ratio(best)
        times = [short(best[engine]["median_ms"]) if engine in best else "-" for engine in self.engines]
        # How much longer than the median dlc's first run takes.
        first = f"{best['dlc']['first_ms'] / best['dlc']['median_ms']:.2f}" if "dlc" in best else "-"
        loads = " / ".join(short(best[engine]["load_ms"]) if engine in best else "-" for engine in self.engines)
        peaks = " / ".join(f"{best[engine]['peak_rss_mb']:.0f}" if engine in best else "-" for engine in self.engines)
        cells = f"{value:.2f}" if value else "-"
        print(f"{model.name:<20}" + "".join(f"{time:>17}" for time in times) + f"{cells:>8}{first:>8}   {loads}, {peaks}; {model.build_seconds:.1f}", flush=True)
        self.markdown.append(f"| {model.name} | " + " | ".join(times) + f" | {cells} | {first} | {loads} | {model.build_seconds:.1f} |")

    def mean(self, ratios):
        if ratios:
            text = f"Geometric mean of {len(ratios)} ratios: {math.exp(sum(map(math.log, ratios)) / len(ratios)):.3f}"
            print(text, flush=True)
            self.markdown += ["", text, ""]


def models(args):
    """The given files, or those of the models' folder; graphs in the text form are exported first."""
    if args.model:
        return args.model
    found = sorted(glob.glob(os.path.join(args.models, "*.onnx")))
    stems = {os.path.splitext(os.path.basename(path))[0] for path in found}
    for path in sorted(glob.glob(os.path.join(args.models, "*.dlir")) + glob.glob(os.path.join(args.models, "*.dlm"))):
        stem = os.path.splitext(os.path.basename(path))[0]
        if stem in stems:
            continue
        exported = os.path.join(args.work, stem + ".onnx")
        done = subprocess.run([args.dlc, "export", path, "-o", exported], capture_output=True, text=True)
        if done.returncode == 0:
            found.append(exported)
            stems.add(stem)
        else:
            complain(f"{path}: {last_line(done)}")
    return found


class Parser(argparse.ArgumentParser):
    """Wrong usage ends with 64, as in every command of the project."""

    def error(self, message):
        self.print_usage(sys.stderr)
        self.exit(64, f"{self.prog}: {message}\n")


def positive(kind):
    def parse(text):
        value = kind(text)
        if not 0 < value <= 3600:
            raise ValueError
        return value
    parse.__name__ = "positive " + kind.__name__
    return parse


def main():
    parser = Parser(prog="Tools/bench", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", nargs="*", help=".onnx files; those of Models/ where none is given")
    parser.add_argument("--threads", default="1", help="numbers of threads, with commas between (1)")
    parser.add_argument("--rounds", type=positive(int), default=3)
    parser.add_argument("--seconds", type=positive(float), default=2.0, help="for each engine in each round (2)")
    parser.add_argument("--peers", default="ort,openvino", help="of ort, openvino and ncnn (ort,openvino)")
    parser.add_argument("--exact", action="store_true", help="compile without Winograd's algorithm")
    parser.add_argument("--target", default="native", help="compile for another processor family (native)")
    parser.add_argument("--markdown", metavar="FILE", help="also write the tables there")
    parser.add_argument("--dlc", metavar="PROGRAM", help="the dlc to measure; where left out, this project's is built")
    parser.add_argument("--work", required=True, help=argparse.SUPPRESS)
    parser.add_argument("--models", required=True, help=argparse.SUPPRESS)
    args = parser.parse_args()
    args.peers = [peer for peer in args.peers.split(",") if peer]
    unknown = [peer for peer in args.peers if peer not in NAMES or peer == "dlc"]
    if unknown:
        parser.error(f"no peer '{unknown[0]}'; there are ort, openvino and ncnn")
    try:
        threads = [positive(int)(text) for text in args.threads.split(",")]
    except ValueError:
        parser.error(f"--threads {args.threads}: numbers with commas between are expected")
    missing = [path for path in args.model if not os.path.isfile(path)]
    if missing:
        parser.error(f"no file {missing[0]}")
    if not args.dlc or not os.access(args.dlc, os.X_OK) or os.path.isdir(args.dlc):
        parser.error(f"no program {args.dlc}")
    args.work = work_folder.within(args.work)

    engines = ["dlc"] + args.peers
    report = Report(engines)
    load = os.getloadavg()[0]
    if load > 0.3 * (os.cpu_count() or 1):
        complain(f"the load average is {load:.1f}: other processes disturb the measurement")
    compiled = [Model(path, args) for path in models(args)]
    how = (", --exact" if args.exact else "") + (f", --target {args.target}" if args.target != "native" else "")
    best_by_threads = {}
    for count in threads:
        report.title(f"{processor()}, {count} thread{'s' if count > 1 else ''}, f32{how}; medians in ms, the least of {args.rounds} round"
                     f"{'s' if args.rounds > 1 else ''} of {args.seconds:g} s; {versions(engines)}")
        report.head()
        best_by_threads[count] = {}
        for model in compiled:
            best = row(model, engines, count, args)
            best_by_threads[count][model.name] = best
            report.add(model, best)
        report.mean([value for value in map(ratio, best_by_threads[count].values()) if value])
    if len(threads) > 1:
        few, many = threads[0], threads[-1]
        report.title(f"dlc on {many} threads against {few}:")
        lines = [f"{name} {best['dlc']['median_ms'] / best_by_threads[many][name]['dlc']['median_ms']:.2f}"
                 for name, best in best_by_threads[few].items() if "dlc" in best and "dlc" in best_by_threads[many][name]]
        print("  ".join(lines))
        report.markdown += [", ".join(lines), ""]
    if args.markdown:
        with open(args.markdown, "w") as file:
            file.write("\n".join(report.markdown))
    if any("dlc" not in best for table in best_by_threads.values() for best in table.values()):
        sys.exit(1)


if __name__ == "__main__":
    main()
