"""Classifiers of the zoo that torchvision does not have, spelled in PyTorch with the zoo's names.

NETWORKS lists (file, parameters as published or None, network, inputs by name); forward gives outputs by name.
"""
import torch
from torch import nn
from torch.nn import functional as F


class Perceptron(nn.Linear):
    def forward(self, x):
        return {"fires": (super().forward(x) >= 0).float()}


class Softmax(nn.Linear):
    def forward(self, image):
        return {"probabilities": super().forward(image.flatten(1)).softmax(1)}


class SVM(nn.Linear):
    def forward(self, image):
        return {"scores": super().forward(image.flatten(1))}


class NearestNeighbours(nn.Module):
    """By distances in double precision; `order` is 1 or 2."""

    def __init__(self, order, count=5000, k=5, classes=10):
        super().__init__()
        self.order, self.k, self.classes = order, k, classes
        self.images = nn.Parameter(torch.rand(count, 3, 32, 32))
        self.labels = nn.Parameter(torch.randint(classes, (count,)), requires_grad=False)

    def forward(self, image):
        apart = torch.cdist(image.flatten(1).double(), self.images.flatten(1).double(), self.order)
        nearest = self.labels[apart.topk(self.k, largest=False).indices]
        votes = F.one_hot(nearest, self.classes).sum(1)
        # The first of equal numbers of votes, which torch.argmax does not promise.
        first = votes - torch.arange(self.classes) / (2 * self.classes)
        return {"label": first.argmax(1), "votes": votes.float()}


class MLP(nn.Module):
    def __init__(self):
        super().__init__()
        self.hidden1, self.hidden2, self.output = nn.Linear(784, 256), nn.Linear(256, 128), nn.Linear(128, 10)

    def forward(self, image):
        return {"logits": self.output(F.relu(self.hidden2(F.relu(self.hidden1(image.flatten(1))))))}


class LeNet5(nn.Module):
    def __init__(self):
        super().__init__()
        self.c1, self.c3 = nn.Conv2d(1, 6, 5), nn.Conv2d(6, 16, 5)
        self.c5, self.f6, self.output = nn.Linear(400, 120), nn.Linear(120, 84), nn.Linear(84, 10)

    def forward(self, image):
        x = F.avg_pool2d(torch.tanh(self.c1(image)), 2)
        x = F.avg_pool2d(torch.tanh(self.c3(x)), 2).flatten(1)
        return {"logits": self.output(torch.tanh(self.f6(torch.tanh(self.c5(x)))))}


class ZFNet(nn.Module):
    """Zeiler and Fergus, 2013, figure 3."""

    def __init__(self):
        super().__init__()
        self.conv1, self.conv2 = nn.Conv2d(3, 96, 7, 2, 1), nn.Conv2d(96, 256, 5, 2)
        self.conv3, self.conv4, self.conv5 = (nn.Conv2d(a, b, 3, 1, 1) for a, b in [(256, 384), (384, 384), (384, 256)])
        self.fc6, self.fc7, self.fc8 = nn.Linear(9216, 4096), nn.Linear(4096, 4096), nn.Linear(4096, 1000)

    def forward(self, image):
        x = image
        for conv in (self.conv1, self.conv2):
            x = F.local_response_norm(F.max_pool2d(F.relu(conv(x)), 3, 2, ceil_mode=True), 5, 5e-4, 0.75, 2)
        for conv in (self.conv3, self.conv4, self.conv5):
            x = F.relu(conv(x))
        x = F.max_pool2d(x, 3, 2).flatten(1)
        return {"logits": self.fc8(F.relu(self.fc7(F.relu(self.fc6(x)))))}


NETWORKS = [
    ("perceptron", None, lambda: Perceptron(400, 1), lambda: {"x": torch.randn(64, 400)}),
    ("softmax_classifier", None, lambda: Softmax(3072, 10), lambda: {"image": torch.rand(4, 3, 32, 32)}),
    ("svm", None, lambda: SVM(3072, 10), lambda: {"image": torch.rand(4, 3, 32, 32)}),
    ("nearest_neighbours", None, lambda: NearestNeighbours(2), lambda: {"image": torch.rand(40, 3, 32, 32)}),
    ("mlp", None, MLP, lambda: {"image": torch.randn(4, 1, 28, 28)}),
    ("lenet5", 61_706, LeNet5, lambda: {"image": torch.randn(4, 1, 32, 32)}),
    ("zfnet", None, ZFNet, lambda: {"image": torch.randn(2, 3, 224, 224)}),
]
