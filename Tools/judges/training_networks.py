"""The networks of Tests/Trainings in PyTorch, with the names of their parameters, and what they are given.

A network has `halves`: for each `minimize` of the training the parameters that it moves. Called with a batch it gives the
loss of each. Dropout is off everywhere.
"""
import torch
import torch.nn.functional as F
from torch import nn


class Network(nn.Module):
    images = False  # whether PyTorch may like its images' channels last
    clip = None  # the bound of the gradients' global norm

    def halves(self):
        return [list(self.parameters())]


class Perceptron(Network):
    def __init__(self, inputs=400):
        super().__init__()
        self.unit = nn.Linear(inputs, 1)

    def forward(self, x, target):
        return [F.relu(-target * self.unit(x)).mean()]


class MLP(Network):
    def __init__(self, width=512):
        super().__init__()
        self.hidden1, self.hidden2, self.output = nn.Linear(784, width), nn.Linear(width, width), nn.Linear(width, 10)

    def forward(self, image, label):
        return [F.cross_entropy(self.output(F.relu(self.hidden2(F.relu(self.hidden1(image))))), label)]


class LeNet5(Network):
    images = True

    def __init__(self):
        super().__init__()
        self.c1, self.c3 = nn.Conv2d(1, 6, 5), nn.Conv2d(6, 16, 5)
        self.c5, self.f6, self.output = nn.Linear(400, 120), nn.Linear(120, 84), nn.Linear(84, 10)

    def forward(self, image, label):
        x = F.avg_pool2d(torch.tanh(self.c1(image)), 2)
        x = F.avg_pool2d(torch.tanh(self.c3(x)), 2).flatten(1)
        return [F.cross_entropy(self.output(torch.tanh(self.f6(torch.tanh(self.c5(x))))), label)]


def convolution(inputs, width, kernel, stride=1, groups=1):
    return nn.Conv2d(inputs, width, kernel, stride, kernel // 2, groups=groups, bias=False)


class Basic(nn.Module):
    def __init__(self, inputs, width, stride):
        super().__init__()
        self.conv1, self.bn1 = convolution(inputs, width, 3, stride), nn.BatchNorm2d(width)
        self.conv2, self.bn2 = convolution(width, width, 3), nn.BatchNorm2d(width)
        self.downsample = None
        if stride != 1 or inputs != width:
            self.downsample = nn.Sequential(convolution(inputs, width, 1, stride), nn.BatchNorm2d(width))

    def forward(self, x):
        y = self.bn2(self.conv2(F.relu(self.bn1(self.conv1(x)))))
        return F.relu(y + (self.downsample(x) if self.downsample else x))


class ResNet(Network):
    images = True

    def __init__(self, size=32, counts=(3, 3, 3), width=16, classes=10, large=False):
        super().__init__()
        self.large = large
        self.conv = convolution(3, width, 7, 2) if large else convolution(3, width, 3)
        self.bn = nn.BatchNorm2d(width)
        self.stages = nn.ModuleList()
        inputs = width
        for i, count in enumerate(counts):
            stage = nn.Sequential()
            for j in range(count):
                stage.append(Basic(inputs, width * 2 ** i, 2 if i > 0 and j == 0 else 1))
                inputs = width * 2 ** i
            self.stages.append(stage)
        self.output = nn.Linear(inputs, classes)

    def forward(self, image, label):
        x = F.relu(self.bn(self.conv(image)))
        if self.large:
            x = F.max_pool2d(x, 3, 2, 1)
        for stage in self.stages:
            x = stage(x)
        return [F.cross_entropy(self.output(x.mean((2, 3))), label)]


class Unit(nn.Module):
    def __init__(self, inputs, width, kernel=1, stride=1, groups=1):
        super().__init__()
        self.conv, self.bn = convolution(inputs, width, kernel, stride, groups), nn.BatchNorm2d(width)

    def forward(self, x):
        return F.relu6(self.bn(self.conv(x)))


class Residual(nn.Module):
    def __init__(self, inputs, width, expansion, stride):
        super().__init__()
        wide = inputs * expansion
        self.adds = stride == 1 and inputs == width
        self.widen = Unit(inputs, wide) if expansion > 1 else None
        self.deep = Unit(wide, wide, 3, stride, wide)
        self.narrow, self.bn = convolution(wide, width, 1), nn.BatchNorm2d(width)

    def forward(self, x):
        y = self.bn(self.narrow(self.deep(self.widen(x) if self.widen else x)))
        return x + y if self.adds else y


ROWS = [[1, 16, 1, 1], [6, 24, 2, 2], [6, 32, 3, 2], [6, 64, 4, 2], [6, 96, 3, 1], [6, 160, 3, 2], [6, 320, 1, 1]]


class MobileNetV2(Network):
    images = True

    def __init__(self, size=224, rows=ROWS, first=32, last=1280, classes=1000):
        super().__init__()
        self.first, self.blocks, inputs = Unit(3, first, 3, 2), nn.Sequential(), first
        for expansion, width, count, stride in rows:
            for i in range(count):
                self.blocks.append(Residual(inputs, width, expansion, stride if i == 0 else 1))
                inputs = width
        self.last, self.output = Unit(inputs, last), nn.Linear(last, classes)

    def forward(self, image, label):
        x = self.last(self.blocks(self.first(image)))
        return [F.cross_entropy(self.output(x.mean((2, 3))), label)]


class Double(nn.Module):
    def __init__(self, inputs, width):
        super().__init__()
        self.conv1, self.bn1 = convolution(inputs, width, 3), nn.BatchNorm2d(width)
        self.conv2, self.bn2 = convolution(width, width, 3), nn.BatchNorm2d(width)

    def forward(self, x):
        return F.relu(self.bn2(self.conv2(F.relu(self.bn1(self.conv1(x))))))


class UNet(Network):
    images = True

    def __init__(self, size=128, width=64, depth=4):
        super().__init__()
        widths = [width * 2 ** level for level in range(depth + 1)]
        self.down = nn.ModuleList(Double(a, b) for a, b in zip([3] + widths, widths[:-1]))
        self.bottom = Double(widths[-2], widths[-1])
        self.grow = nn.ModuleList(nn.ConvTranspose2d(b, a, 2, 2) for a, b in zip(widths[-2::-1], widths[:0:-1]))
        self.up = nn.ModuleList(Double(2 * a, a) for a in widths[-2::-1])
        self.output = nn.Conv2d(width, 1, 1)

    def forward(self, image, mask):
        x, skips = image, []
        for double in self.down:
            skips.append(double(x))
            x = F.max_pool2d(skips[-1], 2)
        x = self.bottom(x)
        for grow, double in zip(self.grow, self.up):
            x = double(torch.cat([skips.pop(), grow(x)], 1))
        return [F.binary_cross_entropy_with_logits(self.output(x), mask)]


class Autoencoder(Network):
    def __init__(self, widths=(1000, 500, 250), code=30):
        super().__init__()
        self.encoder = nn.ModuleList(nn.Linear(a, b) for a, b in zip([784, *widths], widths))
        self.code = nn.Linear(widths[-1], code)
        back = list(reversed(widths))
        self.decoder = nn.ModuleList(nn.Linear(a, b) for a, b in zip([code] + back, back))
        self.output = nn.Linear(widths[0], 784)

    def forward(self, image):
        x = image
        for dense in self.encoder:
            x = torch.sigmoid(dense(x))
        x = self.code(x)
        for dense in self.decoder:
            x = torch.sigmoid(dense(x))
        return [F.mse_loss(torch.sigmoid(self.output(x)), image)]


class VAE(Network):
    images = True

    def __init__(self, code=20, width=32):
        super().__init__()
        self.width = width
        self.encoder = nn.ModuleList([nn.Conv2d(1, width, 4, 2, 1), nn.Conv2d(width, 2 * width, 4, 2, 1)])
        self.mean, self.log_variance = nn.Linear(98 * width, code), nn.Linear(98 * width, code)
        self.decoder = nn.ModuleList([nn.Linear(code, 98 * width), nn.ConvTranspose2d(2 * width, width, 4, 2, 1),
                                      nn.ConvTranspose2d(width, 1, 4, 2, 1)])

    def forward(self, image, noise):
        x = F.relu(self.encoder[1](F.relu(self.encoder[0](image)))).flatten(1)
        mean, log_variance = self.mean(x), self.log_variance(x)
        x = F.relu(self.decoder[0](mean + torch.exp(0.5 * log_variance) * noise)).view(-1, 2 * self.width, 7, 7)
        logits = self.decoder[2](F.relu(self.decoder[1](x)))
        restored = F.binary_cross_entropy_with_logits(logits, image, reduction="sum")
        divergence = -0.5 * (1 + log_variance - mean.square() - log_variance.exp()).sum()
        return [(restored + divergence) / len(image)]


class DCGAN(Network):
    images = True

    def __init__(self, width=64):
        super().__init__()
        made = [nn.ConvTranspose2d(100, 8 * width, 4, bias=False)]
        for i in range(1, 4):
            made += [nn.BatchNorm2d(2 ** (4 - i) * width), nn.ReLU(),
                     nn.ConvTranspose2d(2 ** (4 - i) * width, 2 ** (3 - i) * width, 4, 2, 1, bias=False)]
        self.generator = nn.Sequential(*made, nn.BatchNorm2d(width), nn.ReLU(), nn.ConvTranspose2d(width, 3, 4, 2, 1, bias=False),
                                       nn.Tanh())
        seen = [nn.Conv2d(3, width, 4, 2, 1, bias=False), nn.LeakyReLU(0.2)]
        for i in range(1, 4):
            seen += [nn.Conv2d(2 ** (i - 1) * width, 2 ** i * width, 4, 2, 1, bias=False), nn.BatchNorm2d(2 ** i * width),
                     nn.LeakyReLU(0.2)]
        self.discriminator = nn.Sequential(*seen, nn.Conv2d(8 * width, 1, 4, bias=False), nn.Flatten())

    def halves(self):
        return [list(self.discriminator.parameters()), list(self.generator.parameters())]

    def forward(self, image, noise):
        def says(image, truth):
            logits = self.discriminator(image)
            return F.binary_cross_entropy_with_logits(logits, torch.full_like(logits, truth))

        made = self.generator(noise)
        return [says(image, 1.0) + says(made.detach(), 0.0), says(made, 1.0)]


class CharLSTM(Network):
    clip = 1.0

    def __init__(self, vocabulary=83, width=256, hidden=1024):
        super().__init__()
        self.embedding, self.lstm = nn.Embedding(vocabulary, width), nn.LSTM(width, hidden, batch_first=True)
        self.output, self.state = nn.Linear(hidden, vocabulary), None

    def forward(self, symbols, following):
        if self.state is None:
            self.state = tuple(torch.zeros(1, len(symbols), self.lstm.hidden_size) for _ in range(2))
        y, state = self.lstm(self.embedding(symbols), self.state)
        self.state = tuple(part.detach() for part in state)
        return [F.cross_entropy(self.output(y).transpose(1, 2), following)]


class Sentiment(Network):
    def __init__(self, vocabulary=40, width=16, hidden=32):
        super().__init__()
        self.embedding, self.gru = nn.Embedding(vocabulary, width), nn.GRU(width, hidden, batch_first=True)
        self.output = nn.Linear(hidden, 2)

    def forward(self, symbols, label):
        return [F.cross_entropy(self.output(self.gru(self.embedding(symbols))[0][:, -1]), label)]


class AdditiveAttention(nn.Module):
    def __init__(self, query, memory, width):
        super().__init__()
        self.query, self.key = nn.Linear(query, width, bias=False), nn.Linear(memory, width)
        self.energy = nn.Linear(width, 1, bias=False)

    def forward(self, query, memory):
        weights = self.energy(torch.tanh(self.query(query)[:, None] + self.key(memory))).softmax(1)
        return (weights * memory).sum(1)


class Translator(Network):
    def __init__(self, vocabulary=30, width=16, hidden=24):
        super().__init__()
        self.hidden = hidden
        self.source, self.target = nn.Embedding(vocabulary, width), nn.Embedding(vocabulary, width)
        self.encoder = nn.GRU(width, hidden, batch_first=True, bidirectional=True)
        self.initial, self.attention = nn.Linear(hidden, hidden), AdditiveAttention(hidden, 2 * hidden, hidden)
        self.decoder = nn.GRU(width + 2 * hidden, hidden, batch_first=True)
        self.output = nn.Linear(hidden, vocabulary)

    def forward(self, source, target, following):
        memory, _ = self.encoder(self.source(source))
        h, words, logits = torch.tanh(self.initial(memory[:, 0, self.hidden:])), self.target(target), []
        for i in range(target.shape[1]):
            x = torch.cat([words[:, i], self.attention(h, memory)], 1)
            h = self.decoder(x[:, None], h[None])[1][0]
            logits.append(self.output(h))
        return [F.cross_entropy(torch.stack(logits, 2), following)]


class Encoder(Network):
    def __init__(self, vocabulary=40, width=32, heads=4, layers=2, places=12):
        super().__init__()
        self.embedding, self.positions = nn.Embedding(vocabulary, width), nn.Embedding(places, width)
        self.layers = nn.ModuleList(nn.TransformerEncoderLayer(width, heads, 4 * width, 0.0, batch_first=True) for _ in range(layers))
        self.output = nn.Linear(width, 2)

    def forward(self, symbols, mask, label):
        x = self.embedding(symbols) + self.positions.weight
        for layer in self.layers:
            x = layer(x, src_key_padding_mask=mask == 0)
        x = (x * mask[..., None]).sum(1) / mask.sum(1, keepdim=True)
        return [F.cross_entropy(self.output(x), label)]


class SelfAttention(nn.Module):
    def __init__(self, width, heads):
        super().__init__()
        self.heads = heads
        self.in_proj_weight = nn.Parameter(nn.init.xavier_uniform_(torch.empty(3 * width, width)))
        self.in_proj_bias = nn.Parameter(torch.zeros(3 * width))
        self.out_proj = nn.Linear(width, width)

    def forward(self, x):
        q, k, v = (part.unflatten(2, (self.heads, -1)).transpose(1, 2)
                   for part in F.linear(x, self.in_proj_weight, self.in_proj_bias).chunk(3, 2))
        return self.out_proj(F.scaled_dot_product_attention(q, k, v, is_causal=True).transpose(1, 2).flatten(2))


class Layer(nn.Module):
    def __init__(self, width, heads):
        super().__init__()
        self.ln1, self.attention, self.ln2 = nn.LayerNorm(width), SelfAttention(width, heads), nn.LayerNorm(width)
        self.fc1, self.fc2 = nn.Linear(width, 4 * width), nn.Linear(4 * width, width)

    def forward(self, x):
        x = x + self.attention(self.ln1(x))
        return x + self.fc2(F.gelu(self.fc1(self.ln2(x))))


class GPT(Network):
    def __init__(self, vocabulary=256, width=256, heads=4, layers=4, places=128):
        super().__init__()
        self.tokens, self.positions = nn.Embedding(vocabulary, width), nn.Embedding(places, width)
        nn.init.normal_(self.tokens.weight, std=0.02)
        nn.init.normal_(self.positions.weight, std=0.02)
        self.layers = nn.Sequential(*(Layer(width, heads) for _ in range(layers)))
        self.norm, self.output = nn.LayerNorm(width), nn.Linear(width, vocabulary, bias=False)

    def forward(self, tokens, following):
        x = self.layers(self.tokens(tokens) + self.positions.weight)
        return [F.cross_entropy(self.output(self.norm(x)).transpose(1, 2), following)]
