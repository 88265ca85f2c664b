"""Holds `dlc explain` to Captum, which computes the same attributions with PyTorch.

    python explained.py DLC

A small network of two convolutions with random weights and a random picture; every method's numbers (-o heat.npy) must agree
within 1e-4 of the largest magnitude.
"""
import sys

import captum.attr
import numpy as np
import torch

from running import Unequal, difference, finish, run

LIMIT = 1e-4  # of an output's largest magnitude
CLASS = 3
MODEL = """
model Small(image: f32[N, 3, 16, 12]) {
    x = image.conv(4, kernel: 3, padding: 1, name: "first").relu(name: "maps").maxPool(2)
    x = x.conv(6, kernel: 3, stride: 2, padding: 1, name: "second").relu(name: "last").flatten()
    return probabilities: x.dense(8, name: "hidden").relu().dense(5, name: "output").softmax()
}
"""


class Small(torch.nn.Module):
    """The scores of MODEL, before its softmax."""

    def __init__(self):
        super().__init__()
        self.first = torch.nn.Conv2d(3, 4, 3, padding=1)
        self.second = torch.nn.Conv2d(4, 6, 3, stride=2, padding=1)
        self.hidden = torch.nn.Linear(6 * 4 * 3, 8)
        self.output = torch.nn.Linear(8, 5)
        self.maps, self.last, self.third = torch.nn.ReLU(), torch.nn.ReLU(), torch.nn.ReLU()

    def forward(self, x):
        x = torch.nn.functional.max_pool2d(self.maps(self.first(x)), 2)
        x = self.last(self.second(x)).flatten(1)
        return self.output(self.third(self.hidden(x)))


def integrated(network, image):
    """By midpoints of 64 steps from black, as dlc sums."""
    return captum.attr.IntegratedGradients(network).attribute(
        image, torch.zeros_like(image), target=CLASS, n_steps=64, method="riemann_middle")


def occlusion(network, image):
    grey = captum.attr.Occlusion(network).attribute(
        image, sliding_window_shapes=(3, 5, 5), strides=(3, 2, 2), baselines=0.5, target=CLASS)
    return grey[0, 0]


def grad_cam(network, image):
    """Rectified, as the paper says."""
    return captum.attr.LayerGradCam(network, network.last).attribute(image, CLASS, relu_attributions=True)[0, 0]


METHODS = {
    "saliency": ([], lambda network, image: captum.attr.Saliency(network).attribute(image, CLASS, abs=False)),
    "guided": ([], lambda network, image: captum.attr.GuidedBackprop(network).attribute(image, CLASS)),
    "gradcam": (["--layer", "last"], grad_cam),
    "integrated": (["--steps", "64"], integrated),
    "occlusion": (["--window", "5", "--stride", "2"], occlusion),
}


def judge(dlc, method):
    def compare(folder):
        torch.manual_seed(7)
        network, image = Small().double(), torch.rand(1, 3, 16, 12, dtype=torch.float64)
        options, expected = METHODS[method]
        with open(f"{folder}/small.dlm", "w") as file:
            file.write(MODEL)
        np.savez(f"{folder}/weights.npz", **{name: value.detach().float().numpy() for name, value in network.state_dict().items()})
        np.save(f"{folder}/image.npy", image.float().numpy())
        run(dlc, "explain", f"{folder}/small.dlm", "--weights", f"{folder}/weights.npz", "--input", f"{folder}/image.npy",
            "--class", str(CLASS), "--method", method, *options, "-o", f"{folder}/heat.npy")
        apart = difference(method, method, np.load(f"{folder}/heat.npy"), expected(network, image).detach().float().numpy())
        if apart > LIMIT:
            raise Unequal(f"differs by {apart:.2g} of the largest magnitude")
        return f"{apart:.1e}"
    return compare


finish([(method, judge(sys.argv[1], method)) for method in METHODS])
