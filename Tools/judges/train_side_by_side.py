"""dlc's training steps beside PyTorch's and JAX's on this machine; `Tools/bench train` starts it.

Every engine takes steps of one network on one batch, f32, Adam, in a process of its own; rounds go through all engines in
turns, so that a slow spell of the machine hits all of them, and an engine's figures are the least of its rounds'. The
ratio is the time of the fastest peer over dlc's: above 1 dlc is faster. PyTorch runs eagerly and compiled, images with
channels first and last; denormals are flushed in all of them. Peak memory is the process's, Python and its packages
included.
"""
import argparse
import json
import math
import os
import subprocess
import sys

import training_cases
import work_folder

HERE = os.path.dirname(os.path.abspath(__file__))
NETWORKS = ["mlp", "lenet5", "resnet20", "resnet18", "mobilenet_v2", "unet", "char_lstm", "gpt", "vae", "dcgan"]
ENGINES = ["eager", "eager-last", "compile", "compile-last", "jax"]
WITHOUT_IMAGES = {"mlp", "char_lstm", "gpt"}


def complain(text):
    print(f"bench: {text}", file=sys.stderr, flush=True)


def answer(command, seconds):
    """The object on the last line that a command prints; None, with the reason on standard error, where there is none."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=seconds)
        return json.loads(done.stdout.strip().splitlines()[-1])
    except subprocess.TimeoutExpired:
        complain(f"{' '.join(command[-4:])}: no result within {seconds:.0f} s")
    except (IndexError, ValueError):
        complain(f"{' '.join(command[-4:])}: " + (done.stderr.strip().splitlines() or ["no result"])[-1][:200])
    return None


def built(name, args):
    """The compiled step, or None."""
    training = training_cases.FULL[name]
    plan = os.path.join(args.work, name + "-step.dlc")
    command = [args.dlc, "build", os.path.join(args.trainings, training.file + ".dlm"), "-o", plan, *training.flags()]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode != 0:
        complain(f"dlc cannot build {name}: " + done.stderr.strip()[-300:])
        return None
    return plan


def measured(name, plan, threads, args):
    """For each engine that runs, the least of its rounds' figures."""
    best, dead = {}, set()
    for _ in range(args.rounds):
        for engine in ["dlc"] + args.engines:
            if engine in dead or engine.endswith("-last") and name in WITHOUT_IMAGES:
                continue
            if engine == "dlc":
                command = [args.dlc, "bench", plan, "--threads", str(threads), "--seconds", str(args.seconds), "--json"] if plan else None
            else:
                command = [sys.executable, os.path.join(HERE, "train_peers.py"), engine, name, str(threads), str(args.seconds)]
            figures = answer(command, args.limit + 2 * args.seconds) if command else None
            if figures is None:
                dead.add(engine)
            else:
                kept = best.setdefault(engine, figures)
                best[engine] = {key: min(kept[key], figures[key]) for key in ("median_ms", "min_ms", "peak_rss_mb")}
    return best


def line(name, best, args):
    """A row of the table and the ratio, by medians."""
    peers = [engine for engine in args.engines if engine in best]
    ratio = min(best[engine]["median_ms"] for engine in peers) / best["dlc"]["median_ms"] if peers and "dlc" in best else None
    cells = [f"{best[e]['median_ms']:.2f} ({best[e]['min_ms']:.2f}, {best[e]['peak_rss_mb']:.0f})" if e in best else "-"
             for e in ["dlc"] + args.engines]
    return f"| {name} | " + " | ".join(cells) + f" | {ratio:.2f} |" if ratio else f"| {name} | " + " | ".join(cells) + " | - |", ratio


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("networks", nargs="*", metavar="NETWORK", help="of " + " ".join(NETWORKS))
    parser.add_argument("--threads", default="1,2")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=2, help="how long an engine takes steps in a round")
    parser.add_argument("--limit", type=float, default=600, help="seconds an engine may take to compile")
    parser.add_argument("--engines", default=",".join(ENGINES))
    parser.add_argument("--dlc", required=True)
    parser.add_argument("--trainings", required=True)
    parser.add_argument("--work", required=True)
    args = parser.parse_args()
    args.engines = args.engines.split(",")
    unknown = set(args.networks) - set(NETWORKS) | set(args.engines) - set(ENGINES)
    if unknown:
        parser.error("unknown: " + " ".join(sorted(unknown)))
    args.work = work_folder.within(args.work)
    names = args.networks or NETWORKS
    plans = {name: built(name, args) for name in names}
    for threads in map(int, args.threads.split(",")):
        print(f"\nMilliseconds of a step (the least; peak MB), threads {threads}\n")
        print("| network | dlc | " + " | ".join(args.engines) + " | ratio |\n" + "|---" * (len(args.engines) + 3) + "|", flush=True)
        ratios = []
        for name in names:
            text, ratio = line(name, measured(name, plans[name], threads, args), args)
            ratios += [ratio] if ratio else []
            print(text, flush=True)
        if ratios:
            print(f"\nGeometric mean of {len(ratios)} ratios: {math.exp(sum(map(math.log, ratios)) / len(ratios)):.3f}", flush=True)


if __name__ == "__main__":
    main()
