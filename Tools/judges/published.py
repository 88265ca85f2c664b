"""Holds the zoo to the networks of torchvision and transformers, and to PyTorch's layers where no package has a network.

    python published.py MODELS DLC [NAME ...]

A network is made with random weights and statistics, its state dict is saved as safetensors and given to the .dlm file
of the same network: names and shapes must fit with nothing missing and nothing unused, the number of parameters must
be the published one, and the outputs must agree within 1e-4 of their largest magnitude.
"""
import json
import os
import sys
import warnings

import numpy as np
import torch
import torchvision
import transformers
from safetensors.torch import save_file
from torch import nn

import detectors
import spelled
import spelled_classics
import spelled_vision
from running import difference, finish, run, Unequal

LIMIT = 1e-4  # of an output's largest magnitude
DRAWN = torch.Generator().manual_seed(4)


def normal(*shape):
    return torch.randn(shape, generator=DRAWN)


def whole(limit, *shape):
    return torch.randint(0, limit, shape, generator=DRAWN)


def randomised(network, call=None):
    """The network with random numbers where a fresh one has constants, and random running statistics: those of a training
    batch with `call`, for networks whose results would vanish otherwise. (Deep residual networks have none of this: with
    such statistics they multiply every rounding by thousands, PyTorch's and dlc's alike.)"""
    for value in network.parameters():
        if value.numel() > 0 and value.min() == value.max():
            value += 0.1 * normal(*value.shape) if value.min() == 0 else torch.rand(value.shape, generator=DRAWN) - 0.5
    for module in network.modules():
        if isinstance(module, (nn.BatchNorm1d, nn.BatchNorm2d)):
            module.running_mean.copy_(0.1 * normal(*module.running_mean.shape))
            module.running_var.copy_(torch.rand(module.running_var.shape, generator=DRAWN) + 0.5)
            module.momentum = 1
    if call:
        network.train()
        call()
    return network.eval()


class Case:
    """A network and how it is called.

    - count: trainable parameters as published; None where nobody did.
    - inputs: the .dlm file's inputs by name.
    - answer: from the network and the inputs to the .dlm file's outputs by name.
    - trained: whether running statistics are those of a training batch.
    """

    def __init__(self, file, count, make, inputs, answer=None, trained=False):
        self.file, self.count, self.make, self.inputs, self.trained = file, count, make, inputs, trained
        self.answer = answer or (lambda network, *inputs: network(*inputs))


def classifier(file, count, size=224, trained=False, **options):
    return Case(file, count, lambda: torchvision.models.get_model(file, weights=None, **options),
                lambda: {"image": normal(2, 3, size, size)}, lambda network, image: {"logits": network(image)}, trained)


def segmenter(file, count):
    def answer(network, image):
        maps = network(image)
        return {"logits": maps["out"], "aux": maps["aux"]}

    return Case(file, count,
                lambda: getattr(torchvision.models.segmentation, file)(weights=None, weights_backbone=None, aux_loss=True),
                lambda: {"image": normal(2, 3, 520, 520)}, answer)


def bert():
    def answer(network, tokens, types, mask):
        out = network(input_ids=tokens, token_type_ids=types, attention_mask=mask)
        return {"hidden": out.last_hidden_state, "pooled": out.pooler_output}

    mask = torch.ones(2, 48, dtype=torch.int64)
    mask[1, 31:] = 0
    return Case("bert_base", 109_482_240, lambda: transformers.BertModel(transformers.BertConfig()),
                lambda: {"tokens": whole(30522, 2, 48), "types": whole(2, 2, 48), "mask": mask}, answer)


def gpt2():
    def answer(network, tokens):
        return {"logits": network(input_ids=tokens).last_hidden_state @ network.wte.weight.T}

    return Case("gpt2", 124_439_808, lambda: transformers.GPT2Model(transformers.GPT2Config()),
                lambda: {"tokens": whole(50257, 2, 40)}, answer)


CASES = [
    classifier("alexnet", 61_100_840),
    classifier("vgg16", 138_357_544),
    classifier("vgg19", 143_667_240),
    classifier("googlenet", 6_624_904, aux_logits=False, init_weights=False),
    classifier("inception_v3", 23_834_568, size=299, aux_logits=False, init_weights=False),
    classifier("resnet18", 11_689_512),
    classifier("resnet34", 21_797_672),
    classifier("resnet50", 25_557_032),
    classifier("resnet101", 44_549_160),
    classifier("resnet152", 60_192_808),
    classifier("densenet121", 7_978_856),
    classifier("mobilenet_v2", 3_504_872, trained=True),
    classifier("squeezenet1_1", 1_235_496),
    classifier("efficientnet_b0", 5_288_548, trained=True),
    classifier("vit_b_16", 86_567_656),
    segmenter("fcn_resnet50", 35_322_218),
    segmenter("deeplabv3_resnet50", 42_004_074),
    bert(),
    gpt2(),
] + [Case(*network) for network in spelled.NETWORKS + spelled_classics.NETWORKS + spelled_vision.NETWORKS]


def judge(case, models, dlc, folder):
    """What was found to agree.

    - Raises: Unequal.
    """
    path = os.path.join(models, case.file + ".dlm")
    network, inputs = case.make(), case.inputs()
    with torch.no_grad():
        call = lambda: case.answer(network, *inputs.values())
        randomised(network, call if case.trained else None)
        expected = call()
    trainable = sum(p.numel() for p in network.parameters())
    weights = os.path.join(folder, "weights.safetensors")
    state = {name: value.contiguous() for name, value in network.state_dict().items()}
    save_file(state, weights)
    del network, state
    count = json.loads(run(dlc, "inspect", path, "--json"))["parameters"]
    if {count, trainable} != {case.count or count}:
        raise Unequal(f"{count} parameters, {trainable} in PyTorch, {case.count or 'none'} published")
    command = [dlc, "run", path, "--weights", weights, "--output-dir", folder]
    for name, value in inputs.items():
        np.save(os.path.join(folder, "in_" + name), value.numpy())
        command += ["--input", f"{name}={folder}/in_{name}.npy"]
    run(*command)
    worst = 0.0
    for name, value in expected.items():
        worst = max(worst, difference(case.file, name, np.load(os.path.join(folder, name + ".npy")), value.numpy()))
    if not worst <= LIMIT:
        raise Unequal(f"differs by {worst:.1e}")
    return f"{count} parameters, outputs agree within {worst:.1e}"


def main():
    models, dlc, *names = sys.argv[1:]
    warnings.simplefilter("ignore")
    torch.manual_seed(4)
    judges = [(case.file, lambda folder, case=case: judge(case, models, dlc, folder)) for case in CASES]
    judges += [(name, lambda folder, name=name: detectors.judge(name, models, dlc, folder)) for name in detectors.NETWORKS]
    finish((name, compute) for name, compute in judges if not names or name in names)


if __name__ == "__main__":
    main()
