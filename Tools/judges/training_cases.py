"""The trainings of Tests/Trainings, their sizes and what they are given; without PyTorch, so that JAX needs none of it."""
import numpy as np

DRAWN = np.random.default_rng(4)


def normal(*shape):
    return DRAWN.standard_normal(shape, np.float32)


def picture(*shape):
    """Pixels from 0 to 1."""
    return DRAWN.random(shape, np.float32)


def whole(limit, *shape):
    return DRAWN.integers(0, limit, shape)


class Training:
    """A training of Tests/Trainings at one size.

    - network: the name of PyTorch's in training_networks.
    - settings: what `--set` gives to dlc; all but the symbols are arguments of PyTorch's network too.
    - batch: draws what one step is given, by the names of the training's inputs.
    - losses: the training's outputs that are losses, one of each `minimize`.
    """

    def __init__(self, file, network, settings, batch, rate=1e-3, beta1=0.9, losses=("loss",), places=None, optimiser="Adam", name="Learn"):
        self.file, self.network, self.settings, self.batch = file, network, settings, batch
        self.rate, self.beta1, self.losses, self.optimiser, self.name = rate, beta1, losses, optimiser, name
        self.given = {name: value for name, value in settings.items() if name not in ("N", "T", "S", "rate")}
        if places:
            self.given["places"] = places

    def flags(self):
        """The arguments of `dlc build` that say the sizes."""
        flags = ["--training", self.name]
        for name, value in self.settings.items():
            flags += ["--set", f"{name}={str(value).lower() if isinstance(value, bool) else value}"]
        return flags


def labelled(n, classes, *shape):
    return lambda: {"image": normal(n, *shape), "label": whole(classes, n)}


# What Tools/bench train measures.
FULL = {
    "mlp": Training("mlp", "MLP", {"N": 64}, labelled(64, 10, 784)),
    "lenet5": Training("lenet5", "LeNet5", {"N": 64}, labelled(64, 10, 1, 32, 32)),
    "resnet20": Training("resnet", "ResNet", {"N": 64}, labelled(64, 10, 3, 32, 32)),
    "resnet18": Training("resnet", "ResNet", {"N": 8, "size": 224, "counts": [2, 2, 2, 2], "width": 64, "classes": 1000, "large": True},
                         labelled(8, 1000, 3, 224, 224)),
    "mobilenet_v2": Training("mobilenet_v2", "MobileNetV2", {"N": 8}, labelled(8, 1000, 3, 224, 224)),
    "unet": Training("unet", "UNet", {"N": 2}, lambda: {"image": normal(2, 3, 128, 128), "mask": picture(2, 1, 128, 128)}),
    "char_lstm": Training("char_lstm", "CharLSTM", {"N": 4, "T": 100},
                          lambda: {"symbols": whole(83, 4, 100), "following": whole(83, 4, 100)}),
    "gpt": Training("gpt", "GPT", {"N": 8, "T": 128}, lambda: {"tokens": whole(256, 8, 128), "following": whole(256, 8, 128)}),
    "vae": Training("vae", "VAE", {"N": 64}, lambda: {"image": picture(64, 1, 28, 28), "noise": normal(64, 20)}),
    "dcgan": Training("dcgan", "DCGAN", {"N": 32}, lambda: {"image": 2 * picture(32, 3, 64, 64) - 1, "noise": normal(32, 100, 1, 1)},
                      rate=2e-4, beta1=0.5, losses=("loss", "deceit")),
}

ROWS = [[1, 16, 1, 1], [6, 24, 2, 2], [6, 24, 1, 1]]

# What Tools/judges/training.py compares with PyTorch, step by step.
SMALL = {
    "perceptron": Training("perceptron", "Perceptron", {"N": 16, "inputs": 64},
                           lambda: {"x": normal(16, 64), "target": np.float32(2 * whole(2, 16, 1) - 1)}, rate=0.1, optimiser="SGD"),
    "mlp": Training("mlp", "MLP", {"N": 16, "width": 64}, labelled(16, 10, 784)),
    "lenet5": Training("lenet5", "LeNet5", {"N": 8}, labelled(8, 10, 1, 32, 32)),
    "resnet": Training("resnet", "ResNet", {"N": 16, "size": 16, "counts": [1, 1, 1], "width": 8}, labelled(16, 10, 3, 16, 16)),
    "mobilenet_v2": Training("mobilenet_v2", "MobileNetV2",
                             {"N": 16, "size": 32, "rows": ROWS, "first": 16, "last": 64, "classes": 10}, labelled(16, 10, 3, 32, 32)),
    "unet": Training("unet", "UNet", {"N": 4, "size": 32, "width": 8, "depth": 2, "rate": 2e-4},
                     lambda: {"image": normal(4, 3, 32, 32), "mask": picture(4, 1, 32, 32)}, rate=2e-4),
    "autoencoder": Training("autoencoder", "Autoencoder", {"N": 16, "widths": [64, 32], "code": 8}, lambda: {"image": picture(16, 784)}),
    "vae": Training("vae", "VAE", {"N": 8, "width": 8, "code": 6}, lambda: {"image": picture(8, 1, 28, 28), "noise": normal(8, 6)}),
    # At the paper's rate PyTorch differs from itself by 1e-2 in 20 steps where weights differ by 1e-7.
    "dcgan": Training("dcgan", "DCGAN", {"N": 16, "width": 8, "rate": 5e-6},
                      lambda: {"image": 2 * picture(16, 3, 64, 64) - 1, "noise": normal(16, 100, 1, 1)},
                      rate=5e-6, beta1=0.5, losses=("loss", "deceit")),
    "char_lstm": Training("char_lstm", "CharLSTM", {"N": 4, "T": 12, "vocabulary": 40, "width": 16, "hidden": 32},
                          lambda: {"symbols": whole(40, 4, 12), "following": whole(40, 4, 12)}),
    "gru": Training("gru", "Sentiment", {"N": 8, "T": 10}, lambda: {"symbols": whole(40, 8, 10), "label": whole(2, 8)}),
    "translator": Training("translator", "Translator", {"N": 8, "S": 7, "T": 6},
                           lambda: {"source": whole(30, 8, 7), "target": whole(30, 8, 6), "following": whole(30, 8, 6)}),
    "encoder": Training("encoder", "Encoder", {"N": 8, "T": 12},
                        lambda: {"symbols": whole(40, 8, 12), "mask": np.float32(np.arange(12) < 4 + whole(9, 8, 1)), "label": whole(2, 8)},
                        places=12),
    "gpt": Training("gpt", "GPT", {"N": 4, "T": 16, "vocabulary": 50, "width": 32},
                    lambda: {"tokens": whole(50, 4, 16), "following": whole(50, 4, 16)}, places=16),
}

# What draws random numbers in its steps; runs are compared with one another.
DRAWING = {
    "drawing": Training("mlp", "MLP", {"N": 64, "width": 256}, labelled(64, 10, 784), name="Drawing"),
}
