"""The networks of Tools/bench train in JAX, under jit with parameters and moments donated; images have channels last.

A network is a function of a `Scope`, which makes a parameter where it is first asked for, and of what a step is given.
Batch norm gives the batch's statistics and, as PyTorch does, moves the running ones.
"""
import math

import jax
import jax.numpy as jnp
from jax import lax, nn

import training_cases

# Table 2 of MobileNetV2: expansion, width, how many, stride of the first.
ROWS = [(1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1), (6, 160, 3, 2), (6, 320, 1, 1)]


class Scope:
    """Parameters and statistics by name. `made` collects their shapes while the network is first traced."""

    def __init__(self, parameters=None, statistics=None):
        self.parameters, self.statistics, self.shapes, self.moved = parameters, statistics, {}, {}

    def get(self, name, *shape):
        if self.parameters is not None:
            return self.parameters[name]
        self.shapes[name] = shape
        return jnp.zeros(shape)

    def dense(self, name, x, units, bias=True):
        y = x @ self.get(name + ".weight", x.shape[-1], units)
        return y + self.get(name + ".bias", units) if bias else y

    def conv(self, name, x, width, kernel, stride=1, padding=0, groups=1, bias=False):
        weight = self.get(name + ".weight", kernel, kernel, x.shape[-1] // groups, width)
        y = lax.conv_general_dilated(x, weight, (stride, stride), [(padding, padding)] * 2, feature_group_count=groups,
                                     dimension_numbers=("NHWC", "HWIO", "NHWC"))
        return y + self.get(name + ".bias", width) if bias else y

    def grow(self, name, x, width, kernel, stride, padding=0, bias=False):
        """A transposed convolution."""
        weight = self.get(name + ".weight", kernel, kernel, x.shape[-1], width)
        y = lax.conv_transpose(x, weight, (stride, stride), [(kernel - 1 - padding,) * 2] * 2, dimension_numbers=("NHWC", "HWIO", "NHWC"))
        return y + self.get(name + ".bias", width) if bias else y

    def norm(self, name, x):
        axes = (0, 1, 2)
        mean, variance = x.mean(axes), x.var(axes)
        count = x.size // x.shape[-1]
        old = self.statistics.get(name) if self.statistics else None
        old = old or (jnp.zeros_like(mean), jnp.ones_like(mean))
        self.moved[name] = (0.9 * old[0] + 0.1 * lax.stop_gradient(mean),
                            0.9 * old[1] + 0.1 * lax.stop_gradient(variance) * (count / (count - 1)))
        scale, shift = self.get(name + ".scale", x.shape[-1]), self.get(name + ".bias", x.shape[-1])
        return (x - mean) * (lax.rsqrt(variance + 1e-5) * scale) + shift

    def layer_norm(self, name, x):
        mean, variance = x.mean(-1, keepdims=True), x.var(-1, keepdims=True)
        return (x - mean) * lax.rsqrt(variance + 1e-5) * self.get(name + ".scale", x.shape[-1]) + self.get(name + ".bias", x.shape[-1])


def cross_entropy(logits, labels):
    chosen = jnp.take_along_axis(nn.log_softmax(logits), labels[..., None], -1)
    return -chosen.mean()


def binary(logits, target):
    return jnp.maximum(logits, 0) - logits * target + jnp.log1p(jnp.exp(-jnp.abs(logits)))


def pooled(x, size, stride, padding, kind):
    window, steps, edges = (1, size, size, 1), (1, stride, stride, 1), [(0, 0), (padding, padding), (padding, padding), (0, 0)]
    if kind == "max":
        return lax.reduce_window(x, -jnp.inf, lax.max, window, steps, edges)
    return lax.reduce_window(x, 0.0, lax.add, window, steps, edges) / (size * size)


def mlp(s, image, label):
    x = nn.relu(s.dense("2", nn.relu(s.dense("1", image, 512)), 512))
    return cross_entropy(s.dense("3", x, 10), label)


def lenet5(s, image, label):
    x = pooled(jnp.tanh(s.conv("c1", image, 6, 5, bias=True)), 2, 2, 0, "average")
    x = pooled(jnp.tanh(s.conv("c3", x, 16, 5, bias=True)), 2, 2, 0, "average").reshape(len(x), -1)
    return cross_entropy(s.dense("o", jnp.tanh(s.dense("f6", jnp.tanh(s.dense("c5", x, 120)), 84)), 10), label)


def resnet(s, image, label, counts=(3, 3, 3), width=16, classes=10, large=False):
    x = nn.relu(s.norm("bn", s.conv("c", image, width, 7 if large else 3, 2 if large else 1, 3 if large else 1)))
    x = pooled(x, 3, 2, 1, "max") if large else x
    for i, count in enumerate(counts):
        for j in range(count):
            name, channels, stride = f"{i}.{j}.", width * 2 ** i, 2 if i > 0 and j == 0 else 1
            y = nn.relu(s.norm(name + "n1", s.conv(name + "c1", x, channels, 3, stride, 1)))
            y = s.norm(name + "n2", s.conv(name + "c2", y, channels, 3, 1, 1))
            if stride != 1 or x.shape[-1] != channels:
                x = s.norm(name + "n3", s.conv(name + "c3", x, channels, 1, stride))
            x = nn.relu(x + y)
    return cross_entropy(s.dense("o", x.mean((1, 2)), classes), label)


def mobilenet_v2(s, image, label):
    def unit(name, x, width, kernel=1, stride=1, groups=1):
        return nn.relu6(s.norm(name + "n", s.conv(name + "c", x, width, kernel, stride, kernel // 2, groups)))

    x = unit("first", image, 32, 3, 2)
    for r, (expansion, width, count, stride) in enumerate(ROWS):
        for i in range(count):
            name, step, wide = f"{r}.{i}.", stride if i == 0 else 1, x.shape[-1] * expansion
            y = unit(name + "w", x, wide) if expansion > 1 else x
            y = unit(name + "d", y, wide, 3, step, wide)
            y = s.norm(name + "n", s.conv(name + "p", y, width, 1))
            x = x + y if step == 1 and x.shape[-1] == width else y
    return cross_entropy(s.dense("o", unit("last", x, 1280).mean((1, 2)), 1000), label)


def unet(s, image, mask):
    def double(name, x, width):
        for i in "12":
            x = nn.relu(s.norm(name + "n" + i, s.conv(name + "c" + i, x, width, 3, 1, 1)))
        return x

    x, skips = image, []
    for level in range(4):
        skips.append(double(f"d{level}", x, 64 * 2 ** level))
        x = pooled(skips[-1], 2, 2, 0, "max")
    x = double("bottom", x, 1024)
    for level in range(4):
        skip = skips.pop()
        x = s.grow(f"g{level}", x, skip.shape[-1], 2, 2, bias=True)
        x = double(f"u{level}", jnp.concatenate([skip, x], -1), skip.shape[-1])
    return binary(s.conv("o", x, 1, 1, bias=True), mask).mean()


def gpt(s, tokens, following):
    x = s.get("tokens", 256, 256)[tokens] + s.get("positions", 128, 256)
    seen = jnp.tril(jnp.ones((128, 128), bool))
    for i in range(4):
        y = s.dense(f"{i}.in", s.layer_norm(f"{i}.n1", x), 768)
        q, k, v = (part.reshape(len(x), 128, 4, 64) for part in jnp.split(y, 3, -1))
        weights = nn.softmax(jnp.where(seen, jnp.einsum("nlhd,nshd->nhls", q, k) / 8, -jnp.inf))
        x = x + s.dense(f"{i}.out", jnp.einsum("nhls,nshd->nlhd", weights, v).reshape(x.shape), 256)
        y = nn.gelu(s.dense(f"{i}.1", s.layer_norm(f"{i}.n2", x), 1024), approximate=False)
        x = x + s.dense(f"{i}.2", y, 256)
    return cross_entropy(s.dense("o", s.layer_norm("n", x), 256, bias=False), following)


def char_lstm(s, symbols, following, state):
    x = s.dense("in", s.get("embedding", 83, 256)[symbols], 4096)
    weight, bias = s.get("hidden.weight", 1024, 4096), s.get("hidden.bias", 4096)

    def cell(carry, x):
        h, c = carry
        i, f, g, o = jnp.split(x + h @ weight + bias, 4, -1)
        c = nn.sigmoid(f) * c + nn.sigmoid(i) * jnp.tanh(g)
        h = nn.sigmoid(o) * jnp.tanh(c)
        return (h, c), h

    state, y = lax.scan(cell, state, x.swapaxes(0, 1))
    return cross_entropy(s.dense("o", y.swapaxes(0, 1), 83), following), state


def vae(s, image, noise):
    x = nn.relu(s.conv("e1", image, 32, 4, 2, 1, bias=True))
    x = nn.relu(s.conv("e2", x, 64, 4, 2, 1, bias=True)).reshape(64, -1)
    mean, log_variance = s.dense("mean", x, 20), s.dense("variance", x, 20)
    x = nn.relu(s.dense("d0", mean + jnp.exp(0.5 * log_variance) * noise, 3136)).reshape(64, 7, 7, 64)
    logits = s.grow("d2", nn.relu(s.grow("d1", x, 32, 4, 2, 1, bias=True)), 1, 4, 2, 1, bias=True)
    divergence = -0.5 * (1 + log_variance - mean ** 2 - jnp.exp(log_variance)).sum()
    return (binary(logits, image).sum() + divergence) / 64


def generator(s, noise):
    x = s.grow("g0", noise, 512, 4, 1)
    for i in range(1, 4):
        x = s.grow(f"g{i}", nn.relu(s.norm(f"gn{i}", x)), 512 // 2 ** i, 4, 2, 1)
    return jnp.tanh(s.grow("g4", nn.relu(s.norm("gn4", x)), 3, 4, 2, 1))


def discriminator(s, image):
    x = nn.leaky_relu(s.conv("d0", image, 64, 4, 2, 1), 0.2)
    for i in range(1, 4):
        x = nn.leaky_relu(s.norm(f"dn{i}", s.conv(f"d{i}", x, 64 * 2 ** i, 4, 2, 1)), 0.2)
    return s.conv("d4", x, 1, 4)


def dcgan(s, image, noise):
    """The sum of both halves' losses, each with the other half's parameters held."""
    made, held = generator(s, noise), Scope()
    held.statistics, held.moved, held.shapes = s.statistics, s.moved, s.shapes
    held.parameters = None if s.parameters is None else lax.stop_gradient(s.parameters)
    loss = binary(discriminator(s, image), 1.0).mean() + binary(discriminator(s, lax.stop_gradient(made)), 0.0).mean()
    return loss + binary(discriminator(held, made), 1.0).mean()


NETWORKS = {
    "mlp": mlp, "lenet5": lenet5, "resnet20": resnet, "mobilenet_v2": mobilenet_v2, "unet": unet, "gpt": gpt, "vae": vae,
    "char_lstm": char_lstm, "dcgan": dcgan,
    "resnet18": lambda s, image, label: resnet(s, image, label, (2, 2, 2, 2), 64, 1000, True),
}


def drawn(shapes):
    """Kaiming's deviations for weights, ones for scales, zeros for biases."""
    key, parameters = jax.random.key(0), {}
    for name, shape in shapes.items():
        key, mine = jax.random.split(key)
        fan = math.prod(shape[:-1]) or 1
        parameters[name] = (jnp.zeros(shape) if name.endswith("bias") else jnp.ones(shape) if name.endswith("scale")
                            else jax.random.normal(mine, shape) / math.sqrt(fan))
    return parameters


def adam(parameters, gradients, moments, t, rate, beta1, beta2=0.999, epsilon=1e-8):
    first = jax.tree.map(lambda m, g: beta1 * m + (1 - beta1) * g, moments[0], gradients)
    second = jax.tree.map(lambda v, g: beta2 * v + (1 - beta2) * g * g, moments[1], gradients)
    size, root = rate / (1 - beta1 ** t), jnp.sqrt(1 - beta2 ** t)
    moved = jax.tree.map(lambda p, m, v: p - size * m / (jnp.sqrt(v) / root + epsilon), parameters, first, second)
    return moved, (first, second)


def step_of(name):
    """A function that takes a step and waits for it."""
    training, network = training_cases.FULL[name], NETWORKS[name]
    batch = list(training.batch().values())
    batch = [jnp.asarray(part.transpose(0, 2, 3, 1) if part.ndim == 4 else part) for part in batch]
    carried = name == "char_lstm"
    carry = (jnp.zeros((4, 1024)), jnp.zeros((4, 1024))) if carried else None
    scope = Scope()
    jax.eval_shape(lambda *given: network(scope, *given), *batch, *([carry] if carried else []))
    parameters = drawn(scope.shapes)
    statistics = {key: (jnp.zeros(value[0].shape), jnp.ones(value[0].shape)) for key, value in scope.moved.items()}
    zeros = jax.tree.map(jnp.zeros_like, parameters)
    held = [parameters, statistics, (zeros, jax.tree.map(jnp.copy, zeros)), carry, jnp.float32(1)]

    def loss_of(parameters, statistics, carry):
        scope = Scope(parameters, statistics)
        loss, state = network(scope, *batch, carry) if carried else (network(scope, *batch), None)
        return loss, (scope.moved, state)

    def step(parameters, statistics, moments, carry, t):
        (loss, (statistics, carry)), gradients = jax.value_and_grad(loss_of, has_aux=True)(parameters, statistics, carry)
        if carried:
            norm = jnp.sqrt(sum((g * g).sum() for g in jax.tree.leaves(gradients)))
            gradients = jax.tree.map(lambda g: g * jnp.minimum(1, 1 / (norm + 1e-6)), gradients)
        parameters, moments = adam(parameters, gradients, moments, t, training.rate, training.beta1)
        return loss, parameters, statistics, moments, carry, t + 1

    compiled = jax.jit(step, donate_argnums=(0, 1, 2, 3))

    def run():
        loss, *held[:] = compiled(*held)
        jax.block_until_ready(held)
        return float(loss)

    return run
