"""Holds trainings to PyTorch: the losses of steps from the same weights on the same batches, of every network in
Tests/Trainings and of every optimiser and schedule that PyTorch has; and runs to one another, bit by bit.

    python training.py TRAININGS DLC [NAME ...]

Losses of 100 steps agree within 1e-4 of their magnitude for the first 20 and within 1e-2 for all; under an optimiser or
a schedule those of 50 steps within 1e-5.
"""
import os
import sys

import numpy as np
import torch
from safetensors.torch import save_file

import training_cases
import training_networks
import training_optimisers
from running import finish, run, Unequal

STEPS, FIRST, LIMITS = 100, 20, (1e-4, 1e-2)


def network_of(training):
    torch.manual_seed(4)
    return getattr(training_networks, training.network)(**training.given)


def sequence(training, steps):
    """The batches of all steps, by input, with a first dimension more."""
    training_cases.DRAWN = np.random.default_rng(4)
    batches = [training.batch() for _ in range(steps)]
    return {name: np.stack([batch[name] for batch in batches]) for name in batches[0]}


def learned(network, inputs, optimisers, schedule=None):
    """PyTorch's losses: of each step one per half. Both halves' gradients are taken before either moves.

    - schedule: called after every step.
    """
    halves, rows = network.halves(), []
    for step in range(len(next(iter(inputs.values())))):
        losses = network(*(torch.from_numpy(value[step]) for value in inputs.values()))
        gradients = [torch.autograd.grad(loss, half, allow_unused=True) for loss, half in zip(losses, halves)]
        for half, parts in zip(halves, gradients):
            for parameter, gradient in zip(half, parts):
                parameter.grad = gradient
            if network.clip:
                torch.nn.utils.clip_grad_norm_(half, network.clip)
        for optimiser in optimisers:
            optimiser.step()
        if schedule:
            schedule.step()
        rows.append([loss.item() for loss in losses])
    return np.array(rows).T


def steps(dlc, plan, inputs, outputs, folder, *flags):
    """dlc's outputs of a sequence of steps, by name."""
    command = [dlc, "run", plan, "--output-dir", folder, *flags]
    for name, value in inputs.items():
        path = os.path.join(folder, "in_" + name)
        np.save(path, value)
        command += ["--input", f"{name}={path}.npy"]
    run(*command)
    return [np.load(os.path.join(folder, name + ".npy")) for name in outputs]


def build(dlc, source, flags, folder, network=None):
    """The compiled step, with a network's weights where one is given."""
    plan, command = os.path.join(folder, "step.dlc"), []
    if network:
        weights = os.path.join(folder, "weights.safetensors")
        save_file({name: value.contiguous() for name, value in network.state_dict().items() if value.is_floating_point()}, weights)
        command = ["--weights", weights]
    run(dlc, "build", source, *flags, *command, "-o", plan)
    return plan


def apart(found, expected):
    """The largest difference as a share of the expected magnitude.

    - Raises: Unequal where a loss is not finite.
    """
    if not np.isfinite(found).all():
        raise Unequal(f"the loss of step {np.argmin(np.isfinite(found))} is not finite")
    return float((np.abs(found.astype(np.float64) - expected) / np.maximum(np.abs(expected), 1e-12)).max())


def curve(name, trainings, dlc, folder):
    """Whether the losses of a network are PyTorch's."""
    training = training_cases.SMALL[name]
    network, inputs = network_of(training), sequence(training, STEPS)
    plan = build(dlc, os.path.join(trainings, training.file + ".dlm"), training.flags(), folder, network)
    kind = getattr(torch.optim, training.optimiser)
    further = {"betas": (training.beta1, 0.999)} if training.optimiser == "Adam" else {}
    expected = learned(network, inputs, [kind(half, training.rate, **further) for half in network.halves()])
    found = steps(dlc, plan, inputs, training.losses, folder)
    early = max(apart(one[:FIRST], other[:FIRST]) for one, other in zip(found, expected))
    late = max(apart(one, other) for one, other in zip(found, expected))
    if not (early <= LIMITS[0] and late <= LIMITS[1]):
        raise Unequal(f"differs by {early:.1e} in the first {FIRST} steps, by {late:.1e} in {STEPS}")
    return f"{early:.1e} in the first {FIRST} steps, {late:.1e} in {STEPS}; loss from {expected[0][0]:.3f} to {expected[0][-1]:.3f}"


def optimised(name, trainings, dlc, folder):
    """Whether the losses under an optimiser or a schedule are PyTorch's."""
    said, make = training_optimisers.CASES[name]
    training = training_optimisers.TRAINING
    network, inputs = network_of(training), sequence(training, training_optimisers.STEPS)
    source = os.path.join(folder, "optimised.dlm")
    with open(os.path.join(trainings, "mlp.dlm")) as file, open(source, "w") as out:
        out.write(file.read().replace("adam(rate)", said))
    plan = build(dlc, source, training.flags(), folder, network)
    optimiser, schedule = make(network.parameters())
    expected = learned(network, inputs, [optimiser], schedule)
    off = apart(steps(dlc, plan, inputs, ["loss"], folder)[0], expected[0])
    if not off <= training_optimisers.LIMIT:
        raise Unequal(f"{said} differs by {off:.1e}")
    return f"{said}: {off:.1e}; loss from {expected[0][0]:.3f} to {expected[0][-1]:.3f}"


def repeated(name, trainings, dlc, folder):
    """Whether 50 steps that draw have the same bits at any number of threads, and again."""
    training = training_cases.DRAWING[name]
    plan = build(dlc, os.path.join(trainings, training.file + ".dlm"), training.flags(), folder)
    inputs = sequence(training, 50)
    first = steps(dlc, plan, inputs, ["loss"], folder, "--threads", "1")[0]
    for threads in ("2", "3", "1"):
        if steps(dlc, plan, inputs, ["loss"], folder, "--threads", threads)[0].tobytes() != first.tobytes():
            raise Unequal(f"other bits with {threads} threads")
    return f"the same bits at 1, 2 and 3 threads and again; loss from {first[0]:.3f} to {first[-1]:.3f}"


def main():
    trainings, dlc, *names = sys.argv[1:]
    torch.set_num_threads(1)
    judges = [(name, curve) for name in training_cases.SMALL] + [(name, optimised) for name in training_optimisers.CASES]
    judges += [(name, repeated) for name in training_cases.DRAWING]
    finish((name, lambda folder, name=name, judge=judge: judge(name, trainings, dlc, folder))
           for name, judge in judges if not names or name in names)


if __name__ == "__main__":
    main()
