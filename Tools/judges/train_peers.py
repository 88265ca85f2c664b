"""One peer of Tools/bench train in a process of its own: median of steps and peak memory, as one line of JSON.

    python train_peers.py ENGINE NETWORK THREADS SECONDS      ENGINE: eager, eager-last, compile, compile-last or jax

`-last` has images' channels last. JAX has them last always.
"""
import json
import os
import resource
import statistics
import sys
import time


def measure(step, seconds):
    """Milliseconds of a step: the median of at least 5, after two that warm up."""
    step()
    step()
    times, end = [], time.perf_counter() + seconds
    while len(times) < 5 or time.perf_counter() < end:
        start = time.perf_counter()
        step()
        times.append(1e3 * (time.perf_counter() - start))
    return {"median_ms": statistics.median(times), "min_ms": min(times), "steps": len(times),
            "peak_rss_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}


def with_torch(engine, name, threads):
    import torch
    import training_cases
    import training_networks

    torch.set_num_threads(threads)
    torch.set_flush_denormal(True)
    torch.manual_seed(0)
    training = training_cases.FULL[name]
    network = getattr(training_networks, training.network)(**training.given)
    batch = [torch.from_numpy(part) for part in training.batch().values()]
    if engine.endswith("-last"):
        network = network.to(memory_format=torch.channels_last)
        batch = [part.to(memory_format=torch.channels_last) if part.dim() == 4 else part for part in batch]
    halves = network.halves()
    optimisers = [torch.optim.Adam(half, training.rate, (training.beta1, 0.999), fused=True) for half in halves]
    forward = torch.compile(network) if engine.startswith("compile") else network

    def step():
        losses = forward(*batch)
        # A compiled graph gives the gradients of all losses at once, and would be freed with the first.
        kept = [engine.startswith("compile") and loss is not losses[-1] for loss in losses]
        gradients = [torch.autograd.grad(loss, half, retain_graph=keep) for loss, half, keep in zip(losses, halves, kept)]
        for half, parts in zip(halves, gradients):
            for parameter, gradient in zip(half, parts):
                parameter.grad = gradient
            if network.clip:
                torch.nn.utils.clip_grad_norm_(half, network.clip)
        for optimiser in optimisers:
            optimiser.step()
        return losses[0].item()

    return step


def with_jax(name, threads):
    os.environ["NPROC"] = str(threads)
    if threads == 1:
        os.environ["XLA_FLAGS"] = "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"
    import training_jax

    return training_jax.step_of(name)


def main():
    engine, name, threads, seconds = sys.argv[1:]
    step = with_jax(name, int(threads)) if engine == "jax" else with_torch(engine, name, int(threads))
    print(json.dumps(measure(step, float(seconds))))


if __name__ == "__main__":
    main()
