"""The six largest trainings of the course in PyTorch, on the same data, for the same steps, with one thread.

    .build/torch/bin/python Tools/course/peers.py [NAME ...]

Prints the result and the seconds of processor time of each. The networks, initialisers and schedules are those of the
files in Models/course; what is drawn differs.
"""
import os
import sys
import time

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

torch.set_num_threads(1)
PEERS = {}


def data_of(name):
    parts = []
    for part in ("train", "test"):
        with np.load(os.path.join(".build", "data", name, part + ".npz")) as file:
            parts.append({key: torch.from_numpy(file[key]) for key in file.files})
    return parts


def peer(run):
    PEERS[run.__name__] = run
    return run


def batches(data, batch, epochs, seed=1):
    draw = torch.Generator().manual_seed(seed)
    count = len(next(iter(data.values())))
    for _ in range(epochs):
        for rows in torch.randperm(count, generator=draw)[:count // batch * batch].reshape(-1, batch):
            yield {key: values[rows] for key, values in data.items()}


def cosine(optimiser, rate, steps, warmup=0, end=0.0):
    def factor(t):
        if t < warmup:
            return (t + 1) / warmup
        return (end + (rate - end) * (1 + np.cos(np.pi * (t - warmup) / (steps - warmup))) / 2) / rate
    return torch.optim.lr_scheduler.LambdaLR(optimiser, factor)


def learn(parameters, optimiser, schedule, steps, clip=None):
    """Takes an update for every loss that `steps` yields."""
    for loss in steps:
        optimiser.zero_grad()
        loss.backward()
        if clip:
            nn.utils.clip_grad_norm_(parameters, clip)
        optimiser.step()
        if schedule:
            schedule.step()


class Layer(nn.Module):
    def __init__(self, width, heads, layers):
        super().__init__()
        self.heads = heads
        self.norm1, self.norm2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.attention, self.mixed = nn.Linear(width, 3 * width, bias=False), nn.Linear(width, width, bias=False)
        self.wide, self.narrow = nn.Linear(width, 4 * width, bias=False), nn.Linear(4 * width, width, bias=False)
        for layer, deviation in ((self.attention, 0.02), (self.wide, 0.02), (self.mixed, 0.02 / (2 * layers) ** 0.5),
                                 (self.narrow, 0.02 / (2 * layers) ** 0.5)):
            nn.init.normal_(layer.weight, 0, deviation)

    def forward(self, x):
        n, t, c = x.shape
        q, k, v = (part.view(n, t, self.heads, -1).transpose(1, 2) for part in self.attention(self.norm1(x)).split(c, 2))
        x = x + self.mixed(F.scaled_dot_product_attention(q, k, v, is_causal=True).transpose(1, 2).reshape(n, t, c))
        return x + self.narrow(F.gelu(self.wide(self.norm2(x))))


@peer
def gpt():
    train, test = data_of("shakespeare")
    with open(".build/data/shakespeare/symbols.txt", encoding="utf-8", newline="") as file:
        count = len(file.read())
    symbols, places = nn.Embedding(count, 128), nn.Embedding(64, 128)
    nn.init.normal_(symbols.weight, 0, 0.02)
    nn.init.normal_(places.weight, 0, 0.02)
    layers, norm = nn.Sequential(*(Layer(128, 4, 4) for _ in range(4))), nn.LayerNorm(128)
    model = nn.ModuleList([symbols, places, layers, norm])

    def losses(data):
        x = norm(layers(symbols(data["tokens"]) + places.weight))
        return F.cross_entropy((x @ symbols.weight.T).flatten(0, 1), data["label"].flatten())
    decayed = [p for p in model.parameters() if p.dim() > 1]
    others = [p for p in model.parameters() if p.dim() <= 1]
    optimiser = torch.optim.AdamW([{"params": decayed, "weight_decay": 0.1}, {"params": others, "weight_decay": 0}], 1e-3, betas=(0.9, 0.99))
    rows = torch.randperm(len(train["label"]))[:12 * 2000]
    learn(list(model.parameters()), optimiser, cosine(optimiser, 1e-3, 2000, 100, 1e-4),
          (losses(batch) for batch in batches({k: v[rows] for k, v in train.items()}, 12, 1)), clip=1)
    with torch.no_grad():
        return f"validation loss {np.mean([float(losses({k: v[i:i + 120] for k, v in test.items()})) for i in range(0, 1200, 120)]):.3f}"


@peer
def folk_tunes():
    train, test = data_of("folk-tunes")
    embed, lstm, output = nn.Embedding(66, 64), nn.LSTM(64, 192, 2, batch_first=True), nn.Linear(192, 66)
    parameters = [p for part in (embed, lstm, output) for p in part.parameters()]

    def loss_of(data):
        logits = output(lstm(embed(data["symbols"]))[0])
        losses = F.cross_entropy(logits.flatten(0, 1), data["label"].flatten(), reduction="none")
        return (losses * data["counted"].flatten()).sum() / data["counted"].sum()
    optimiser = torch.optim.Adam(parameters, 3e-3)
    learn(parameters, optimiser, cosine(optimiser, 3e-3, 622, 50), (loss_of(batch) for batch in batches(train, 32, 2)), clip=1)
    with torch.no_grad():
        parts = [float(loss_of({k: v[i:i + 64] for k, v in test.items()})) for i in range(0, len(test["label"]), 64)]
    return f"{np.mean(parts) / np.log(2):.2f} bits per symbol"


class UNet(nn.Module):
    def __init__(self, width, classes):
        super().__init__()

        def unit(a, b):
            return nn.Sequential(nn.Conv2d(a, b, 3, padding=1, bias=False), nn.BatchNorm2d(b), nn.ReLU())
        widths = [width, 2 * width, 4 * width]
        self.down = nn.ModuleList(nn.Sequential(unit(a, b), unit(b, b)) for a, b in zip([3] + widths, widths))
        self.bottom = unit(4 * width, 8 * width)
        self.larger = nn.ModuleList(nn.ConvTranspose2d(2 * w, w, 2, stride=2) for w in widths[::-1])
        self.up = nn.ModuleList(unit(2 * w, w) for w in widths[::-1])
        self.output = nn.Conv2d(width, classes, 1)

    def forward(self, x):
        skips, x = [], 2 * x - 1
        for stage in self.down:
            x = stage(x)
            skips.append(x)
            x = F.max_pool2d(x, 2)
        x = self.bottom(x)
        for larger, up, skip in zip(self.larger, self.up, skips[::-1]):
            x = up(torch.cat([skip, larger(x)], 1))
        return self.output(x)


@peer
def segmentation():
    train, test = data_of("scenes")
    model = UNet(12, 4)
    optimiser = torch.optim.Adam(model.parameters(), 4e-3)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, 4e-3, total_steps=800, cycle_momentum=False)
    learn(None, optimiser, schedule, (F.cross_entropy(model(batch["image"]), batch["mask"]) for batch in batches(train, 20, 8)))
    model.eval()
    with torch.no_grad():
        found = torch.cat([model(test["image"][i:i + 100]).argmax(1) for i in range(0, 300, 100)])
    truth = test["mask"]
    iou = np.mean([float(((found == k) & (truth == k)).sum() / ((found == k) | (truth == k)).sum()) for k in range(4)])
    return f"U-Net: mean IoU {iou:.3f}"


class Residual(nn.Module):
    def __init__(self, a, b, stride):
        super().__init__()
        self.main = nn.Sequential(nn.Conv2d(a, b, 3, stride, 1, bias=False), nn.BatchNorm2d(b), nn.ReLU(),
                                  nn.Conv2d(b, b, 3, 1, 1, bias=False), nn.BatchNorm2d(b))
        self.side = nn.Identity() if stride == 1 and a == b else nn.Conv2d(a, b, 1, stride, bias=False)

    def forward(self, x):
        return F.relu(self.main(x) + self.side(x))


def shifted(x, most):
    """Every picture moved by whole pixels of its own, zeros behind."""
    n, _, h, w = x.shape
    padded = F.pad(x, (most,) * 4)
    rows, columns = torch.randint(0, 2 * most + 1, (2, n))
    return torch.stack([padded[i, :, r:r + h, c:c + w] for i, (r, c) in enumerate(zip(rows.tolist(), columns.tolist()))])


@peer
def stamps():
    train, test = data_of("tuxpaint")
    model = nn.Sequential(nn.Conv2d(3, 16, 3, 2, 1, bias=False), nn.BatchNorm2d(16), nn.ReLU(), Residual(16, 16, 1), Residual(16, 32, 2),
                          Residual(32, 64, 2), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Dropout(0.2), nn.Linear(64, 7))

    def loss_of(batch):
        x = 2 * batch["image"] - 1
        flip = torch.rand(len(x)) < 0.5
        x = torch.where(flip[:, None, None, None], x.flip(3), x)
        return F.cross_entropy(model(shifted(x, 4)), batch["label"])
    decayed = [p for p in model.parameters() if p.dim() > 1]
    optimiser = torch.optim.AdamW([{"params": decayed, "weight_decay": 0.05},
                                   {"params": [p for p in model.parameters() if p.dim() <= 1], "weight_decay": 0}], 3e-3)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, 3e-3, total_steps=600, cycle_momentum=False)
    learn(None, optimiser, schedule, (loss_of(batch) for batch in batches(train, 50, 60)))
    model.eval()
    with torch.no_grad():
        return f"{100 * float((model(2 * test['image'] - 1).argmax(1) == test['label']).float().mean()):.1f} % of held-out stamps"


@peer
def dcgan():
    train, _ = data_of("mnist-5k")
    generator = nn.Sequential(nn.Linear(64, 64 * 49), nn.Unflatten(1, (64, 7, 7)), nn.BatchNorm2d(64), nn.ReLU(),
                              nn.ConvTranspose2d(64, 32, 4, 2, 1, bias=False), nn.BatchNorm2d(32), nn.ReLU(),
                              nn.ConvTranspose2d(32, 1, 4, 2, 1), nn.Tanh())
    discriminator = nn.Sequential(nn.Conv2d(1, 32, 4, 2, 1), nn.LeakyReLU(0.2), nn.Conv2d(32, 64, 4, 2, 1, bias=False), nn.BatchNorm2d(64),
                                  nn.LeakyReLU(0.2), nn.Flatten(), nn.Linear(64 * 49, 1))
    for model in (generator, discriminator):
        for p in model.parameters():
            if p.dim() > 1:
                nn.init.normal_(p, 0, 0.02)
    ofG, ofD = (torch.optim.Adam(m.parameters(), 4e-4, betas=(0.5, 0.999)) for m in (generator, discriminator))
    loss = F.binary_cross_entropy_with_logits
    for batch in batches({"image": train["image"]}, 50, 20):
        made = generator(torch.randn(50, 64))
        real, fake = discriminator(2 * batch["image"] - 1), discriminator(made.detach())
        ofD.zero_grad()
        (loss(real, torch.full_like(real, 0.9)) + loss(fake, torch.zeros_like(fake))).backward()
        ofD.step()
        judged = discriminator(made)
        ofG.zero_grad()
        loss(judged, torch.ones_like(judged)).backward()
        ofG.step()
    return "20 epochs"


@peer
def vae():
    train, test = data_of("mnist-5k")
    encoder = nn.Sequential(nn.Conv2d(1, 16, 4, 2, 1), nn.ReLU(), nn.Conv2d(16, 32, 4, 2, 1), nn.ReLU(), nn.Flatten(), nn.Linear(32 * 49, 256),
                            nn.ReLU(), nn.Linear(256, 20))
    decoder = nn.Sequential(nn.Linear(10, 256), nn.ReLU(), nn.Linear(256, 32 * 49), nn.ReLU(), nn.Unflatten(1, (32, 7, 7)),
                            nn.ConvTranspose2d(32, 16, 4, 2, 1), nn.ReLU(), nn.ConvTranspose2d(16, 1, 4, 2, 1))

    def parts(x, draw):
        mean, variance = encoder(x).split(10, 1)
        z = mean + torch.exp(variance / 2) * torch.randn_like(mean) if draw else mean
        lost = F.binary_cross_entropy_with_logits(decoder(z), x, reduction="sum") / len(x)
        return lost, 0.5 * (mean ** 2 + variance.exp() - 1 - variance).sum(1).mean()
    parameters = [*encoder.parameters(), *decoder.parameters()]
    optimiser = torch.optim.Adam(parameters, 2e-3)
    learn(parameters, optimiser, None, (sum(parts(batch["image"], True)) for batch in batches({"image": train["image"]}, 50, 30)))
    with torch.no_grad():
        lost, divergence = parts(test["image"], False)
    return f"{float(lost):.1f} nats lost, {float(divergence):.1f} of divergence"


for name in sys.argv[1:] or PEERS:
    torch.manual_seed(1)
    begun = time.process_time()
    result = PEERS[name]()
    print(f"{name}: {result}, {time.process_time() - begun:.1f} s of processor time", flush=True)
