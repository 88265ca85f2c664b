"""Holds gradients to PyTorch's: every operator that it has, compiled, of first and second order.

    python gradients.py DLC [PART OF A NAME ...]

A case is an operator in the text form and the function of PyTorch that computes the same. y is weighted with random numbers,
differentiated at all operands; these gradients are weighted with random numbers and differentiated again. dlc computes in
f32, PyTorch in f64; they must agree within 1e-4 of the largest magnitude.
"""
import os
import sys

import numpy as np
import torch

from gradient_cases import cases
from running import Unequal, difference, finish, run

LIMIT = 1e-4  # of an output's largest magnitude
KINDS = {torch.float32: "f32", torch.int64: "i64", torch.bool: "bool", torch.int32: "i32"}


def typed(tensor):
    return f"{KINDS[tensor.dtype]}[{', '.join(map(str, tensor.shape))}]"


def program(case, expected, order):
    """The text of the graph and its further inputs: the weights of the results."""
    inputs = {name: value for name, value in case.inputs.items()}
    lines = [f"    {line}" for line in case.text.strip().splitlines()]
    wanted = [name for name, value in inputs.items() if value.dtype == torch.float32]
    targets = ", ".join(f"%{name}" for name in wanted)
    inputs["weights"] = torch.randn(expected.shape, generator=case.drawn)
    lines += ["    %weighted = mul(%y, %weights)"]
    outputs = [f"d{name}" for name in wanted]
    lines += [f"    {', '.join('%' + name for name in outputs)} = gradient(%weighted, {targets})"]
    if order == 2:
        for name in wanted:
            inputs[f"r_{name}"] = torch.randn(inputs[name].shape, generator=case.drawn)
            lines += [f"    %w_{name} = mul(%d{name}, %r_{name})", f"    %s_{name} = reduce_sum(%w_{name}) {{keepdims: false}}"]
        total = f"%s_{wanted[0]}"
        for name in wanted[1:]:
            lines += [f"    %t_{name} = add({total}, %s_{name})"]
            total = f"%t_{name}"
        outputs += [f"dd{name}" for name in wanted]
        lines += [f"    {', '.join(f'%dd{name}' for name in wanted)} = gradient({total}, {targets})"]
    head = ", ".join(f"%{name}: {typed(value)}" for name, value in inputs.items())
    text = "\n".join([f"graph gradients({head}) -> ({', '.join('%' + name for name in outputs)}) {{", *lines, "}", ""])
    return text, inputs, wanted


def reference(case, inputs, wanted, order):
    """PyTorch's gradients in f64."""
    values = {name: value.double() if value.dtype == torch.float32 else value for name, value in inputs.items()}
    for name in wanted:
        values[name].requires_grad_()
    y = case.function(*[values[name] for name in case.inputs])
    at = [values[name] for name in wanted]
    first = torch.autograd.grad((y * values["weights"]).sum(), at, create_graph=order == 2, materialize_grads=True)
    found = {f"d{name}": value for name, value in zip(wanted, first)}
    if order == 2:
        sum_of = sum((value * values[f"r_{name}"]).sum() for name, value in zip(wanted, first))
        second = torch.autograd.grad(sum_of, at, materialize_grads=True) if sum_of.requires_grad else [torch.zeros_like(x) for x in at]
        found |= {f"dd{name}": value for name, value in zip(wanted, second)}
    return {name: value.detach().numpy(force=True).astype(np.float32) for name, value in found.items()}


def judge(case, dlc, folder):
    """The order and the largest difference.

    - Raises: Unequal.
    """
    with torch.no_grad():
        expected = case.function(*case.inputs.values())
    order = case.order
    text, inputs, wanted = program(case, expected, order)
    try:
        want = reference(case, inputs, wanted, order)
    except RuntimeError as error:
        if order == 1 or "not implemented" not in str(error):
            raise
        order = 1
        text, inputs, wanted = program(case, expected, order)
        want = reference(case, inputs, wanted, order)
    path = os.path.join(folder, "case.dlir")
    with open(path, "w") as file:
        file.write(text)
    command = [dlc, "run", path, "--output-dir", folder]
    for name, value in inputs.items():
        np.save(os.path.join(folder, f"in_{name}.npy"), value.numpy())
        command += ["--input", f"{name}={folder}/in_{name}.npy"]
    run(*command)
    worst = 0.0
    for name, value in want.items():
        got = np.load(os.path.join(folder, f"{name}.npy"))
        apart = difference(case.name, name, got, value) if np.any(value) else float(np.abs(got).max(initial=0))
        if not apart <= LIMIT:
            raise Unequal(f"{name} is {apart:.2g} of its largest magnitude apart")
        worst = max(worst, apart)
    return order, worst


def main():
    dlc, *parts = sys.argv[1:]
    torch.manual_seed(1)

    def described(case):
        def compute(folder):
            order, worst = judge(case, dlc, folder)
            return f"order {order}, {worst:.1e}"
        return compute

    finish((case.name, described(case)) for case in cases() if not parts or any(part in case.name for part in parts))


if __name__ == "__main__":
    main()
