"""Layers with hand-written gradients: enough numpy to train a small convolutional network.

Activations are [N, H, W, C]. A layer's `forward(x, training)` remembers what its `backward(dy)` needs;
`backward` returns the gradient of the input and leaves those of its parameters in `gradients`, in the
order of `parameters`.
"""
import numpy as np


class Layer:
    parameters = ()
    gradients = ()


class Conv3x3(Layer):
    """3×3 convolution with zero padding of 1 and no bias: weight [3, 3, C, M], as a product over patches."""

    def __init__(self, channels, filters, rng):
        scale = np.sqrt(2 / (9 * channels))  # He et al., ICCV 2015
        self.parameters = [rng.normal(0, scale, (3, 3, channels, filters)).astype(np.float32)]

    def forward(self, x, training):
        padded = np.pad(x, ((0, 0), (1, 1), (1, 1), (0, 0)))
        height, width = x.shape[1:3]
        self.patches = np.concatenate(
            [padded[:, i:i + height, j:j + width] for i in range(3) for j in range(3)], axis=-1)
        weight = self.parameters[0]
        return self.patches @ weight.reshape(-1, weight.shape[-1])

    def backward(self, dy):
        weight = self.parameters[0]
        channels, filters = weight.shape[2:]
        columns = self.patches.reshape(-1, 9 * channels)
        self.gradients = [(columns.T @ dy.reshape(-1, filters)).reshape(weight.shape)]
        dpatches = dy @ weight.reshape(-1, filters).T
        count, height, width = dy.shape[:3]
        dx = np.zeros((count, height + 2, width + 2, channels), np.float32)
        for tap in range(9):
            i, j = divmod(tap, 3)
            dx[:, i:i + height, j:j + width] += dpatches[..., tap * channels:(tap + 1) * channels]
        return dx[:, 1:-1, 1:-1]


class BatchNorm(Layer):
    """Batch normalization over N, H and W (Ioffe and Szegedy, ICML 2015), with running statistics for inference."""

    epsilon = 1e-5
    momentum = 0.9

    def __init__(self, channels):
        self.parameters = [np.ones(channels, np.float32), np.zeros(channels, np.float32)]
        self.mean = np.zeros(channels, np.float32)
        self.variance = np.ones(channels, np.float32)

    def forward(self, x, training):
        mean, variance = self.mean, self.variance
        if training:
            mean, variance = x.mean((0, 1, 2)), x.var((0, 1, 2))
            self.mean = self.momentum * self.mean + (1 - self.momentum) * mean
            self.variance = self.momentum * self.variance + (1 - self.momentum) * variance
        self.inverse = 1 / np.sqrt(variance + self.epsilon)
        self.normalized = (x - mean) * self.inverse
        scale, shift = self.parameters
        return self.normalized * scale + shift

    def backward(self, dy):
        axes = (0, 1, 2)
        scale = self.parameters[0]
        self.gradients = [(dy * self.normalized).sum(axes), dy.sum(axes)]
        count = dy.size // dy.shape[-1]
        dscale, dshift = self.gradients
        return scale * self.inverse * (dy - dshift / count - self.normalized * dscale / count)


class ReLU(Layer):
    def forward(self, x, training):
        self.positive = x > 0
        return x * self.positive

    def backward(self, dy):
        return dy * self.positive


class MaxPool2x2(Layer):
    def forward(self, x, training):
        count, height, width, channels = x.shape
        windows = x.reshape(count, height // 2, 2, width // 2, 2, channels)
        y = windows.max((2, 4), keepdims=True)
        self.chosen = windows == y
        self.shape = x.shape
        return y[:, :, 0, :, 0]

    def backward(self, dy):
        shares = self.chosen / self.chosen.sum((2, 4), keepdims=True, dtype=np.float32)
        return (shares * dy[:, :, None, :, None]).reshape(self.shape)


class GlobalAveragePool(Layer):
    def forward(self, x, training):
        self.shape = x.shape
        return x.mean((1, 2))

    def backward(self, dy):
        area = self.shape[1] * self.shape[2]
        return np.broadcast_to((dy / area)[:, None, None], self.shape)


class Dense(Layer):
    """x·W + b with W [K, M]."""

    def __init__(self, inputs, outputs, rng):
        weight = rng.normal(0, np.sqrt(1 / inputs), (inputs, outputs)).astype(np.float32)
        self.parameters = [weight, np.zeros(outputs, np.float32)]

    def forward(self, x, training):
        self.x = x
        return x @ self.parameters[0] + self.parameters[1]

    def backward(self, dy):
        self.gradients = [self.x.T @ dy, dy.sum(0)]
        return dy @ self.parameters[0].T


def softmax(logits):
    exponentials = np.exp(logits - logits.max(1, keepdims=True))
    return exponentials / exponentials.sum(1, keepdims=True)


def forward(layers, x, training=False):
    for layer in layers:
        x = layer.forward(x, training)
    return x


def backward(layers, dy):
    for layer in reversed(layers):
        dy = layer.backward(dy)
    return dy


class Adam:
    """Kingma and Ba, ICLR 2015, with decoupled weight decay on matrices (Loshchilov and Hutter, ICLR 2019)."""

    def __init__(self, decay):
        self.decay = decay
        self.step_count = 0
        self.moments = {}

    def step(self, layers, rate):
        self.step_count += 1
        correction = np.sqrt(1 - 0.999 ** self.step_count) / (1 - 0.9 ** self.step_count)
        for index, layer in enumerate(layers):
            for slot, (parameter, gradient) in enumerate(zip(layer.parameters, layer.gradients)):
                first, second = self.moments.get((index, slot), (0.0, 0.0))
                first = 0.9 * first + 0.1 * gradient
                second = 0.999 * second + 0.001 * gradient * gradient
                self.moments[index, slot] = first, second
                if parameter.ndim > 1:
                    parameter *= 1 - rate * self.decay
                parameter -= rate * correction * first / (np.sqrt(second) + 1e-8)
