"""Networks of the zoo that no package has, spelled in PyTorch with the zoo's names for parameters, inputs and outputs.

NETWORKS lists (file, parameters as published or None, network, inputs by name); published.py compares them.
"""
import torch
import torchvision
from torch import nn
from torch.nn import functional as F


class Characters(nn.Module):
    def __init__(self, kind, vocabulary=83, width=256, hidden=1024):
        super().__init__()
        self.kind = kind
        self.embedding = nn.Embedding(vocabulary, width)
        self.add_module(kind, {"rnn": nn.RNN, "gru": nn.GRU, "lstm": nn.LSTM}[kind](width, hidden, batch_first=True))
        self.output = nn.Linear(hidden, vocabulary)

    def forward(self, symbols):
        return {"logits": self.output(self.get_submodule(self.kind)(self.embedding(symbols))[0])}


class Sentiment(nn.Module):
    def __init__(self, classes=2, vocabulary=20000, width=128, hidden=128):
        super().__init__()
        self.embedding = nn.Embedding(vocabulary, width)
        self.lstm = nn.LSTM(width, hidden, batch_first=True, bidirectional=True)
        self.output = nn.Linear(2 * hidden, classes)

    def forward(self, words):
        _, (h, _) = self.lstm(self.embedding(words))
        return {"logits": self.output(torch.cat([h[0], h[1]], 1))}


class Attention(nn.Module):
    """Bahdanau's: which rows of a memory [N, S, M] a query [N, Q] asks for."""

    def __init__(self, query, memory, width):
        super().__init__()
        self.query = nn.Linear(query, width, bias=False)
        self.key = nn.Linear(memory, width)
        self.energy = nn.Linear(width, 1, bias=False)

    def forward(self, query, memory):
        weights = self.energy(torch.tanh(self.query(query)[:, None] + self.key(memory)))[..., 0].softmax(1)
        return (weights[..., None] * memory).sum(1), weights


class Translator(nn.Module):
    def __init__(self, length=20, first=1, vocabulary=30000, width=620, hidden=1000):
        super().__init__()
        self.length, self.first, self.hidden = length, first, hidden
        self.source = nn.Embedding(vocabulary, width)
        self.encoder = nn.GRU(width, hidden, batch_first=True, bidirectional=True)
        self.initial = nn.Linear(hidden, hidden)
        self.target = nn.Embedding(vocabulary, width)
        self.attention = Attention(hidden, 2 * hidden, hidden)
        self.decoder = nn.GRU(width + 2 * hidden, hidden, batch_first=True)
        self.deep = nn.Linear(width + 3 * hidden, hidden)
        self.output = nn.Linear(hidden // 2, vocabulary, bias=False)

    def forward(self, source):
        memory, _ = self.encoder(self.source(source))
        h = self.initial(memory[:, 0, self.hidden:]).tanh()
        word = torch.full((len(source),), self.first)
        steps = []
        for _ in range(self.length):
            context, weights = self.attention(h, memory)
            x = torch.cat([self.target(word), context], 1)
            logits = self.output(self.deep(torch.cat([h, x], 1)).unflatten(1, (-1, 2)).amax(2))
            word = logits.argmax(1)
            steps.append((word, logits, weights))
            h = self.decoder(x[:, None], h[None])[1][0]
        return {name: torch.stack(parts, 1) for name, parts in zip(("words", "logits", "weights"), zip(*steps))}


class Captioner(nn.Module):
    def __init__(self, length=20, first=1, vocabulary=12000, width=512):
        super().__init__()
        self.length, self.first = length, first
        self.encoder = torchvision.models.resnet50(num_classes=width)
        self.words = nn.Embedding(vocabulary, width)
        self.decoder = nn.LSTM(width, width, batch_first=True)
        self.output = nn.Linear(width, vocabulary)

    def forward(self, image):
        _, state = self.decoder(self.encoder(image)[:, None])
        word = torch.full((len(image),), self.first)
        steps = []
        for _ in range(self.length):
            y, state = self.decoder(self.words(word)[:, None], state)
            logits = self.output(y[:, 0])
            word = logits.argmax(1)
            steps.append((word, logits))
        return {name: torch.stack(parts, 1) for name, parts in zip(("words", "logits"), zip(*steps))}


class Autoencoder(nn.Module):
    """Layers are named dense, dense2, ... in the order of the .dlm file, the code between them."""

    def __init__(self, widths=(784, 1000, 500, 250), code=30):
        super().__init__()
        self.depth = len(widths) - 1
        pairs = list(zip(widths, widths[1:]))
        backwards = [(code, widths[-1])] + [(b, a) for a, b in reversed(pairs)]
        for index, (inputs, outputs) in enumerate(pairs + backwards):
            self.add_module(f"dense{index + 1}" if index else "dense", nn.Linear(inputs, outputs))
        self.code = nn.Linear(widths[-1], code)

    def forward(self, image):
        layers = [layer for name, layer in self.named_children() if name != "code"]
        x = image
        for layer in layers[:self.depth]:
            x = layer(x).sigmoid()
        x = code = self.code(x)
        for layer in layers[self.depth:]:
            x = layer(x).sigmoid()
        return {"reconstruction": x, "code": code}


class VAEDecoder(nn.Module):
    def __init__(self, code=20, width=32):
        super().__init__()
        self.width = width
        self.decoder = nn.ModuleList([
            nn.Linear(code, 2 * width * 7 * 7), nn.ConvTranspose2d(2 * width, width, 4, 2, 1), nn.ConvTranspose2d(width, 1, 4, 2, 1)])

    def forward(self, z):
        x = self.decoder[0](z).relu().view(-1, 2 * self.width, 7, 7)
        return {"image": self.decoder[2](self.decoder[1](x).relu()).sigmoid()}


class VAE(VAEDecoder):
    def __init__(self, code=20, width=32):
        super().__init__(code, width)
        self.encoder = nn.ModuleList([nn.Conv2d(1, width, 4, 2, 1), nn.Conv2d(width, 2 * width, 4, 2, 1)])
        self.mean, self.log_variance = (nn.Linear(2 * width * 7 * 7, code) for _ in range(2))

    def forward(self, image, noise):
        x = self.encoder[1](self.encoder[0](image).relu()).relu().flatten(1)
        mean, log_variance = self.mean(x), self.log_variance(x)
        z = mean + torch.exp(log_variance / 2) * noise
        return {"reconstruction": super().forward(z)["image"], "mean": mean, "logVariance": log_variance}


class Generator(nn.Module):
    """PyTorch's DCGAN example: `main` holds convolutions, norms and functions in turn."""

    def __init__(self, noise=100, width=64, channels=3):
        super().__init__()
        widths = [noise, 8 * width, 4 * width, 2 * width, width, channels]
        parts = []
        for i, (a, b) in enumerate(zip(widths, widths[1:])):
            parts.append(nn.ConvTranspose2d(a, b, 4, 2 if i else 1, 1 if i else 0, bias=False))
            parts += [nn.BatchNorm2d(b), nn.ReLU()] if i < 4 else [nn.Tanh()]
        self.main = nn.Sequential(*parts)

    def forward(self, noise):
        return {"image": self.main(noise)}


class Discriminator(nn.Module):
    def __init__(self, width=64, channels=3):
        super().__init__()
        widths = [channels, width, 2 * width, 4 * width, 8 * width]
        parts = []
        for i, (a, b) in enumerate(zip(widths, widths[1:])):
            parts += [nn.Conv2d(a, b, 4, 2, 1, bias=False)] + ([nn.BatchNorm2d(b)] if i else []) + [nn.LeakyReLU(0.2)]
        self.main = nn.Sequential(*parts, nn.Conv2d(8 * width, 1, 4, bias=False), nn.Sigmoid())

    def forward(self, image):
        return {"real": self.main(image).flatten(1)}


class MaskedConv(nn.Conv2d):
    """A kernel that sees rows above and places to the left, and at its middle earlier colours (mask B: and its own)."""

    def __init__(self, inputs, outputs, kernel=(1, 1), mask="B", colours=1):
        super().__init__(inputs, outputs, kernel, padding=(kernel[0] // 2, kernel[1] // 2))
        self.seen = torch.zeros_like(self.weight)
        row, column = kernel[0] // 2, kernel[1] // 2
        self.seen[:, :, :row] = 1
        self.seen[:, :, row, :column] = 1
        own = torch.arange(outputs)[:, None] * colours // outputs
        other = torch.arange(inputs) * colours // inputs
        self.seen[:, :, row, column] = (other < own if mask == "A" else other <= own).float()

    def forward(self, x):
        return F.conv2d(x, self.weight * self.seen, self.bias, padding=self.padding)


class PixelResidual(nn.Module):
    def __init__(self, width, colours):
        super().__init__()
        self.conv1 = MaskedConv(2 * width, width, colours=colours)
        self.conv2 = MaskedConv(width, width, (3, 3), colours=colours)
        self.conv3 = MaskedConv(width, 2 * width, colours=colours)

    def forward(self, x):
        return x + self.conv3(self.conv2(self.conv1(x.relu()).relu()).relu())


class RowLSTM(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.width = width
        self.input_to_state = MaskedConv(2 * width, 4 * width, (1, 3))
        self.state_to_state = nn.Conv2d(width, 4 * width, (1, 3), padding=(0, 1), bias=False)
        self.output = MaskedConv(width, 2 * width)

    def forward(self, x):
        inputs = self.input_to_state(x)
        h = c = torch.zeros(len(x), self.width, 1, x.shape[3])
        rows = []
        for row in inputs.split(1, 2):
            o, f, i, g = (row + self.state_to_state(h)).chunk(4, 1)
            c = f.sigmoid() * c + i.sigmoid() * g.tanh()
            h = o.sigmoid() * c.tanh()
            rows.append(h)
        return x + self.output(torch.cat(rows, 2))


class Pixels(nn.Module):
    def __init__(self, layers, colours, width, hidden, levels=256):
        super().__init__()
        self.colours, self.levels = colours, levels
        self.input = MaskedConv(colours, 2 * width, (7, 7), "A", colours)
        self.layers = nn.ModuleList(layers)
        self.output = nn.ModuleList([
            MaskedConv(2 * width, hidden, colours=colours), MaskedConv(hidden, colours * levels, colours=colours)])

    def forward(self, image):
        x = self.input(image)
        for layer in self.layers:
            x = layer(x)
        return {"logits": self.output[1](self.output[0](x.relu()).relu()).unflatten(1, (self.colours, self.levels))}


class DQN(nn.Module):
    def __init__(self, actions=18):
        super().__init__()
        self.conv1, self.conv2, self.conv3 = nn.Conv2d(4, 32, 8, 4), nn.Conv2d(32, 64, 4, 2), nn.Conv2d(64, 64, 3)
        self.fc1, self.fc2 = nn.Linear(64 * 7 * 7, 512), nn.Linear(512, actions)

    def forward(self, frames):
        x = self.conv3(self.conv2(self.conv1(frames).relu()).relu()).relu()
        return {"values": self.fc2(self.fc1(x.flatten(1)).relu())}


class Transformer(nn.Transformer):
    """torch.nn.Transformer between an embedding, positions and the embedding again."""

    def __init__(self, vocabulary=37000, width=512):
        super().__init__(width, dropout=0, batch_first=True)
        self.embedding = nn.Embedding(vocabulary, width)

    def embedded(self, words):
        width = self.embedding.embedding_dim
        angles = torch.arange(words.shape[1])[:, None] / 10000 ** (torch.arange(0, width, 2, dtype=torch.float64) / width)
        waves = torch.stack([angles.sin(), angles.cos()], 2).flatten(1)
        return self.embedding(words) * width ** 0.5 + waves.float()

    def forward(self, source, target, mask):
        later = torch.ones(target.shape[1], target.shape[1]).triu(1).bool()
        y = super().forward(
            self.embedded(source), self.embedded(target), tgt_mask=later, src_key_padding_mask=mask == 0, memory_key_padding_mask=mask == 0)
        return {"logits": y @ self.embedding.weight.T}


def words(vocabulary, *shape):
    return torch.randint(0, vocabulary, shape)


def padded(rows, length):
    """A mask of ones, the last row with a quarter of zeros at its end."""
    mask = torch.ones(rows, length, dtype=torch.int64)
    mask[-1, length - length // 4:] = 0
    return mask


NETWORKS = [
    ("char_rnn", None, lambda: Characters("rnn"), lambda: {"symbols": words(83, 1, 30)}),
    ("char_gru", None, lambda: Characters("gru"), lambda: {"symbols": words(83, 1, 30)}),
    ("char_lstm", None, lambda: Characters("lstm"), lambda: {"symbols": words(83, 1, 30)}),
    ("sentiment", None, Sentiment, lambda: {"words": words(20000, 2, 40)}),
    ("translator", None, Translator, lambda: {"source": words(30000, 2, 12)}),
    ("captioner", None, Captioner, lambda: {"image": torch.randn(2, 3, 224, 224)}),
    ("autoencoder", None, Autoencoder, lambda: {"image": torch.rand(2, 784)}),
    ("vae", None, VAE, lambda: {"image": torch.rand(2, 1, 28, 28), "noise": torch.randn(2, 20)}),
    ("vae_decoder", None, VAEDecoder, lambda: {"z": torch.randn(2, 20)}),
    ("dcgan_generator", 3_576_704, Generator, lambda: {"noise": torch.randn(2, 100, 1, 1)}),
    ("dcgan_discriminator", 2_765_568, Discriminator, lambda: {"image": torch.randn(2, 3, 64, 64)}),
    ("pixelcnn", None, lambda: Pixels([PixelResidual(128, 3) for _ in range(15)], 3, 128, 1024), lambda: {"image": torch.rand(1, 3, 32, 32)}),
    ("pixelrnn", None, lambda: Pixels([RowLSTM(16) for _ in range(7)], 1, 16, 32), lambda: {"image": torch.rand(2, 1, 28, 28)}),
    ("dqn", None, DQN, lambda: {"frames": torch.rand(2, 4, 84, 84)}),
    ("transformer", None, Transformer,
     lambda: {"source": words(37000, 2, 12), "target": words(37000, 2, 9), "mask": padded(2, 12)}),
]
