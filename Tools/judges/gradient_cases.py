"""Operators in the text form beside the functions of PyTorch that compute the same; see gradients.py."""
import torch
import torch.nn.functional as F
from torch import nn


class Case:
    """An operator: `text` computes %y from operands named x0, x1, …; `function` computes it from the same tensors."""

    def __init__(self, name, text, operands, function, order=2, drawn=None):
        self.name, self.text, self.function, self.order = name, text, function, order
        self.drawn = drawn or torch.Generator().manual_seed(len(name))
        self.inputs = {f"x{index}": operand for index, operand in enumerate(operands)}


DRAWN = torch.Generator().manual_seed(11)


def normal(*shape):
    return torch.randn(shape, generator=DRAWN)


def positive(*shape):
    return torch.rand(shape, generator=DRAWN) + 0.25


def within(limit, *shape):
    return (torch.rand(shape, generator=DRAWN) * 2 - 1) * limit


def whole(limit, *shape):
    return torch.randint(0, limit, shape, generator=DRAWN)


def windows(kernel, strides, pads, dilations=None, **further):
    numbers = lambda values: "[" + ", ".join(map(str, values)) + "]"
    text = f"kernel: {numbers(kernel)}, " if kernel else ""
    text += f"strides: {numbers(strides)}, dilations: {numbers(dilations or [1] * len(strides))}, pads: dims({'; '.join(map(str, pads))})"
    return "{" + text + "".join(f", {name}: {value}" for name, value in further.items()) + "}"


def elementwise():
    unary = {
        "relu": F.relu, "sigmoid": torch.sigmoid, "tanh": torch.tanh, "exp": torch.exp, "neg": torch.neg, "abs": torch.abs,
        "erf": torch.erf, "softplus": F.softplus, "softsign": F.softsign, "sin": torch.sin, "cos": torch.cos, "sinh": torch.sinh,
        "cosh": torch.cosh, "asinh": torch.asinh, "atan": torch.atan, "mish": F.mish, "hard_swish": F.hardswish,
        "floor": torch.floor, "ceil": torch.ceil, "round": torch.round, "sign": torch.sign,
    }
    for name, function in unary.items():
        yield name, f"%y = {name}(%x0)", [2 * normal(3, 5, 4)], function
    for name, function in {"log": torch.log, "sqrt": torch.sqrt, "reciprocal": torch.reciprocal}.items():
        yield name, f"%y = {name}(%x0)", [positive(3, 5, 4)], function
    for name, function in {"asin": torch.asin, "acos": torch.acos, "atanh": torch.atanh, "tan": torch.tan}.items():
        yield name, f"%y = {name}(%x0)", [within(0.9, 3, 5, 4)], function
    yield "acosh", "%y = acosh(%x0)", [positive(3, 5, 4) + 1], torch.acosh
    yield "elu", "%y = elu(%x0) {alpha: 0.7}", [normal(40)], lambda x: F.elu(x, 0.7)
    yield "celu", "%y = celu(%x0) {alpha: 0.7}", [normal(40)], lambda x: F.celu(x, 0.7)
    yield "selu", "%y = selu(%x0)", [normal(40)], F.selu
    yield "leaky relu", "%y = leaky_relu(%x0) {alpha: 0.1}", [normal(40)], lambda x: F.leaky_relu(x, 0.1)
    yield "thresholded relu", "%y = thresholded_relu(%x0) {alpha: 0.5}", [normal(40)], lambda x: F.threshold(x, 0.5, 0)
    yield "hard sigmoid", "%y = hard_sigmoid(%x0) {alpha: 0.16666667, beta: 0.5}", [4 * normal(40)], F.hardsigmoid
    yield "silu", "%y = swish(%x0)", [normal(40)], F.silu
    yield "gelu", "%y = gelu(%x0)", [normal(40)], F.gelu
    yield "gelu, tanh", '%y = gelu(%x0) {approximate: "tanh"}', [normal(40)], lambda x: F.gelu(x, approximate="tanh")
    yield "prelu", "%y = prelu(%x0, %x1)", [normal(2, 3, 4, 5), normal(3, 1, 1)], lambda x, slope: F.prelu(x, slope.flatten())
    yield "clip", "%y = clip(%x0) {min: -0.5, max: 0.75}", [normal(40)], lambda x: x.clip(-0.5, 0.75)
    binary = {"add": torch.add, "sub": torch.sub, "mul": torch.mul, "div": torch.div, "max": torch.maximum, "min": torch.minimum}
    for name, function in binary.items():
        yield name, f"%y = {name}(%x0, %x1)", [normal(2, 1, 5), normal(3, 1)], function
    yield "div by far", "%y = div(%x0, %x1)", [normal(4, 5), positive(5)], torch.div
    yield "pow", "%y = pow(%x0, %x1)", [positive(3, 4), 2 * normal(2, 1, 4)], torch.pow
    yield "square", "%two = constant {value: f32[] (2.0)}\n%y = pow(%x0, %two)", [normal(3, 4)], torch.square
    yield "equal maxima", "%y = max(%x0, %x1)", [whole(3, 20).float(), whole(3, 20).float()], torch.maximum
    yield "mod", "%y = mod(%x0, %x1)", [5 * normal(20), positive(20)], torch.remainder
    yield "fmod", "%y = mod(%x0, %x1) {fmod: 1}", [5 * normal(20), positive(20)], torch.fmod
    yield "where", "%y = where(%x0, %x1, %x2)", [whole(2, 3, 1).bool(), normal(2, 1, 4), normal(3, 4)], torch.where


def movement():
    yield "transpose", "%y = transpose(%x0) {perm: [2, 0, 1]}", [normal(2, 3, 4)], lambda x: x.permute(2, 0, 1)
    yield "reshape", "%y = reshape(%x0) {shape: dims(4; 6)}", [normal(2, 3, 4)], lambda x: x.reshape(4, 6)
    yield "expand", "%y = expand(%x0) {shape: dims(2; 3; 4)}", [normal(3, 1)], lambda x: x.expand(2, 3, 4)
    yield "concat", "%y = concat(%x0, %x1) {axis: 1}", [normal(2, 3), normal(2, 2)], lambda a, b: torch.cat([a, b], 1)
    yield ("slice", "%y = slice(%x0) {starts: dims(1; 5), sizes: dims(2; 3), steps: [2, -2]}", [normal(4, 6)],
           lambda x: x[1:4:2].flip(1)[:, 0:5:2])
    yield "tile", "%y = tile(%x0) {repeats: dims(2; 3)}", [normal(2, 3)], lambda x: x.tile(2, 3)
    pads = "pads: dims(0; 0; 2; 1; 0; 0; 1; 2)"
    for mode, name in {"constant": "constant", "reflect": "reflect", "edge": "replicate", "wrap": "circular"}.items():
        yield (f"pad, {mode}", f'%y = pad(%x0) {{{pads}, mode: "{mode}"}}', [normal(2, 3, 4, 5)],
               lambda x, name=name: F.pad(x, (1, 2, 2, 1), mode=name))
    yield "trilu", "%y = trilu(%x0) {upper: false, k: 1}", [normal(2, 3, 4)], lambda x: x.tril(1)
    yield "cumulative sum", "%y = cum_sum(%x0) {axis: 1}", [normal(2, 3, 4)], lambda x: x.cumsum(1)
    yield "gather", "%y = gather(%x0, %x1) {axis: 0}", [normal(7, 5), whole(7, 3, 4)], lambda x, i: F.embedding(i, x)
    yield "gather columns", "%y = gather(%x0, %x1) {axis: 1}", [normal(4, 7, 3), whole(7, 9)], lambda x, i: x.index_select(1, i)
    yield "gather elements", "%y = gather_elements(%x0, %x1) {axis: 1}", [normal(4, 7), whole(7, 4, 5)], lambda x, i: x.gather(1, i)
    yield "gather nd", "%y = gather_nd(%x0, %x1)", [normal(4, 7, 3), whole(4, 6, 2)], lambda x, i: x[i[:, 0], i[:, 1]]
    places = torch.stack([torch.randperm(7, generator=DRAWN) for _ in range(3)], 1)
    scattered = [normal(7, 3), places[:4], normal(4, 3)]
    yield "scatter", "%y = scatter_elements(%x0, %x1, %x2) {axis: 0}", scattered, lambda x, i, u: x.scatter(0, i, u)
    several = [normal(5, 3), whole(5, 8, 3), normal(8, 3)]
    for reduction, name in {"add": "sum", "mul": "prod", "max": "amax", "min": "amin"}.items():
        yield (f"scatter, {reduction}", f'%y = scatter_elements(%x0, %x1, %x2) {{axis: 0, reduction: "{reduction}"}}', several,
               lambda x, i, u, name=name: x.scatter_reduce(0, i, u, name), 1 if reduction in ("max", "min") else 2)
    yield ("scatter nd", '%y = scatter_nd(%x0, %x1, %x2) {reduction: "add"}', [normal(5, 3), whole(5, 8, 1), normal(8, 3)],
           lambda x, i, u: x.index_add(0, i[:, 0], u))
    yield "top k", "%y, %places = top_k(%x0) {k: dims(3), axis: 1}", [normal(4, 9)], lambda x: x.topk(3, 1).values


def reductions():
    kinds = {
        "sum": torch.sum, "mean": torch.mean, "max": torch.amax, "min": torch.amin, "log_sum_exp": torch.logsumexp,
        "l1": lambda x, axes: x.abs().sum(axes), "l2": lambda x, axes: torch.linalg.vector_norm(x, 2, axes),
        "sum_square": lambda x, axes: x.square().sum(axes), "prod": lambda x, axes: x.prod(2).prod(0),
    }
    for name, function in kinds.items():
        yield (f"reduce {name}", f"%y = reduce_{name}(%x0) {{axes: [0, 2], keepdims: false}}", [normal(3, 4, 5)],
               lambda x, f=function: f(x, (0, 2)))
    yield "reduce log_sum", "%y = reduce_log_sum(%x0) {axes: [1], keepdims: false}", [positive(3, 4)], lambda x: x.sum(1).log()
    yield "product with a zero", "%y = reduce_prod(%x0) {axes: [0]}", [torch.tensor([0.0, 2, 3])], lambda x: x.prod(0, keepdim=True), 1
    yield "equal extremes", "%y = reduce_max(%x0) {axes: [1]}", [whole(3, 4, 8).float()], lambda x: x.amax(1, keepdim=True)
    yield "softmax", "%y = softmax(%x0) {axis: 1}", [normal(3, 7, 2)], lambda x: x.softmax(1)
    yield "log softmax", "%y = log_softmax(%x0) {axis: -1}", [normal(3, 7)], lambda x: x.log_softmax(-1)
    yield ("cross entropy",
           "%l = log_softmax(%x0) {axis: 1}\n%p = gather_elements(%l, %x1) {axis: 1}\n%n = neg(%p)\n%y = reduce_mean(%n) {keepdims: false}",
           [normal(6, 10), whole(10, 6, 1)], lambda x, i: F.cross_entropy(x, i[:, 0]))


def products():
    yield "matmul", "%y = matmul(%x0, %x1)", [normal(5, 7), normal(7, 3)], torch.matmul
    yield "matmul, rows", "%y = matmul(%x0, %x1)", [normal(2, 5, 7), normal(7, 3)], torch.matmul
    yield "matmul, batches", "%y = matmul(%x0, %x1)", [normal(2, 1, 5, 7), normal(3, 7, 4)], torch.matmul
    yield "matmul, vectors", "%y = matmul(%x0, %x1)", [normal(7), normal(2, 7, 3)], torch.matmul
    yield ("gemm", "%y = gemm(%x0, %x1, %x2) {alpha: 0.5, beta: 2.0, transB: 1}", [normal(5, 7), normal(3, 7), normal(3)],
           lambda a, b, c: 0.5 * a @ b.T + 2 * c)
    yield "gemm, transposed", "%y = gemm(%x0, %x1) {transA: 1, transB: 1}", [normal(7, 5), normal(3, 7)], lambda a, b: a.T @ b.T
    conv = [normal(2, 4, 9, 8), normal(6, 4, 3, 3), normal(6)]
    for stride, pad, dilation in [(1, 1, 1), (2, 1, 1), (3, 0, 1), (1, 2, 2), (2, 0, 2)]:
        text = windows(None, [stride] * 2, [pad] * 4, [dilation] * 2)
        yield (f"conv, stride {stride}, padding {pad}, dilation {dilation}", f"%y = conv(%x0, %x1, %x2) {text}", conv,
               lambda x, w, b, s=stride, p=pad, d=dilation: F.conv2d(x, w, b, s, p, d))
    yield "conv 1x1", "%y = conv(%x0, %x1) " + windows(None, [1, 1], [0] * 4), [normal(2, 4, 5, 6), normal(3, 4, 1, 1)], F.conv2d
    yield ("conv, groups", "%y = conv(%x0, %x1) " + windows(None, [2, 1], [1] * 4, group=2), [normal(2, 4, 7, 6), normal(6, 2, 3, 3)],
           lambda x, w: F.conv2d(x, w, None, (2, 1), 1, 1, 2))
    yield ("conv, depthwise", "%y = conv(%x0, %x1) " + windows(None, [2, 2], [1] * 4, group=5), [normal(2, 5, 7, 6), normal(5, 1, 3, 3)],
           lambda x, w: F.conv2d(x, w, None, 2, 1, 1, 5))
    yield ("conv, 1-D", "%y = conv(%x0, %x1) " + windows(None, [2], [2, 2]), [normal(2, 3, 11), normal(4, 3, 5)],
           lambda x, w: F.conv1d(x, w, None, 2, 2))
    yield ("conv, 3-D", "%y = conv(%x0, %x1) " + windows(None, [1, 2, 1], [1] * 6), [normal(1, 2, 4, 5, 6), normal(3, 2, 3, 3, 3)],
           lambda x, w: F.conv3d(x, w, None, (1, 2, 1), 1))
    text = windows(None, [2, 2], [1] * 4, output_padding="[1, 0]")
    yield ("transposed conv", f"%y = conv_transpose(%x0, %x1, %x2) {text}", [normal(2, 4, 5, 6), normal(4, 3, 3, 3), normal(3)],
           lambda x, w, b: F.conv_transpose2d(x, w, b, 2, 1, (1, 0)))
    text = windows(None, [2, 2], [0] * 4, output_padding="[0, 0]", group=2)
    yield ("transposed conv, groups", f"%y = conv_transpose(%x0, %x1) {text}", [normal(2, 4, 5, 6), normal(4, 3, 2, 2)],
           lambda x, w: F.conv_transpose2d(x, w, None, 2, 0, 0, 2))


def layers():
    x = normal(2, 3, 9, 8)
    yield "max pool", "%y, %i = max_pool(%x0) " + windows([3, 3], [2, 2], [1] * 4), [x], lambda x: F.max_pool2d(x, 3, 2, 1)
    yield ("max pool, ceiling", "%y, %i = max_pool(%x0) " + windows([2, 2], [2, 2], [0] * 4, ceil_mode="true"), [x],
           lambda x: F.max_pool2d(x, 2, 2, ceil_mode=True))
    yield ("max pool, equal", "%y, %i = max_pool(%x0) " + windows([2, 2], [2, 2], [0] * 4), [whole(3, 2, 3, 8, 8).float()],
           lambda x: F.max_pool2d(x, 2, 2))
    yield ("average pool", "%y = average_pool(%x0) " + windows([3, 3], [2, 2], [1] * 4), [x],
           lambda x: F.avg_pool2d(x, 3, 2, 1, count_include_pad=False))
    yield ("average pool, padding counted",
           "%y = average_pool(%x0) " + windows([3, 2], [2, 2], [1, 0, 1, 0], count_include_pad="true", ceil_mode="true"), [x],
           lambda x: F.avg_pool2d(x, (3, 2), 2, (1, 0), ceil_mode=True))
    yield "lp pool", "%y = lp_pool(%x0) " + windows([2, 2], [2, 2], [0] * 4, p=3), [positive(2, 3, 8, 8)], lambda x: F.lp_pool2d(x, 3, 2)
    sizes = "sizes: dims(2; 3; 13; 5)"
    for name, attributes, mode, further in [
        ("nearest", 'coordinate_transformation_mode: "asymmetric", nearest_mode: "floor"', "nearest", {}),
        ("linear", 'mode: "linear"', "bilinear", {}),
        ("linear, corners", 'mode: "linear", coordinate_transformation_mode: "align_corners"', "bilinear", {"align_corners": True}),
        ("cubic", 'mode: "cubic"', "bicubic", {}),
        ("linear, antialias", 'mode: "linear", antialias: true, exclude_outside: true', "bilinear", {"antialias": True}),
    ]:
        yield (f"resize, {name}", f"%y = resize(%x0) {{{sizes}, {attributes}}}", [x],
               lambda x, mode=mode, further=further: F.interpolate(x, (13, 5), mode=mode, **further))
    channels = [normal(4, 3, 5, 4), normal(3), normal(3)]
    yield ("batch norm in training", "%y, %mean, %variance = batch_norm_training(%x0, %x1, %x2)", channels,
           lambda x, s, b: F.batch_norm(x, None, None, s, b, training=True))
    yield ("statistics of batch norm", "%n, %mean, %y = batch_norm_training(%x0, %x1, %x2)", channels,
           lambda x, s, b: x.var((0, 2, 3), correction=0))
    yield ("batch norm", "%y = batch_norm(%x0, %x1, %x2, %x3, %x4)", channels + [normal(3), positive(3)],
           lambda x, s, b, m, v: F.batch_norm(x, m, v, s, b) if not m.requires_grad else
           (x - m[:, None, None]) * (v[:, None, None] + 1e-5).rsqrt() * s[:, None, None] + b[:, None, None])
    yield ("layer norm", "%y, %m, %i = layer_norm(%x0, %x1, %x2)", [normal(4, 6, 16), normal(16), normal(16)],
           lambda x, s, b: F.layer_norm(x, (16,), s, b))
    yield "rms norm", "%y = rms_norm(%x0, %x1)", [normal(4, 6, 16), normal(16)], lambda x, s: F.rms_norm(x, (16,), s, 1e-5)
    yield ("group norm", "%y = group_norm(%x0, %x1, %x2) {num_groups: 2}", [normal(2, 6, 4, 5), normal(6), normal(6)],
           lambda x, s, b: F.group_norm(x, 2, s, b))
    yield ("instance norm", "%y = group_norm(%x0, %x1, %x2) {num_groups: 6}", [normal(2, 6, 4, 5), normal(6), normal(6)],
           lambda x, s, b: F.instance_norm(x, weight=s, bias=b))
    yield "l2 norm", "%y = lp_norm(%x0) {axis: 1, p: 2}", [normal(3, 5, 4)], lambda x: F.normalize(x, 2, 1)
    yield ("local response norm", "%y = lrn(%x0) {size: 5, alpha: 0.3, beta: 0.75, bias: 2.0}", [normal(2, 9, 3, 2)],
           lambda x: F.local_response_norm(x, 5, 0.3, 0.75, 2.0))
    yield "unused", "%z = mul(%x1, %x1)\n%y = add(%x0, %x0)", [normal(3), normal(2)], lambda x, z: x + x


def attention():
    def heads(*counts, width=8):
        return [normal(2, count, rows, width) for count, rows in zip(counts, (5, 7, 7))]

    scaled = F.scaled_dot_product_attention
    yield "attention", "%y = attention(%x0, %x1, %x2) {scale: 0.35355339}", heads(3, 3, 3), scaled
    yield ("attention, groups", "%y = attention(%x0, %x1, %x2) {scale: 0.5}", heads(4, 2, 2),
           lambda q, k, v: scaled(q, k, v, scale=0.5, enable_gqa=True))
    yield ("attention, causal", "%y = attention(%x0, %x1, %x2) {scale: 0.5, causal: true}", [normal(2, 3, 6, 4) for _ in range(3)],
           lambda q, k, v: scaled(q, k, v, is_causal=True, scale=0.5))
    yield ("attention, added mask", "%y = attention(%x0, %x1, %x2, %x3) {scale: 0.5}", heads(3, 3, 3) + [normal(5, 7)],
           lambda q, k, v, m: scaled(q, k, v, m, scale=0.5))
    yield ("attention, mask", "%y = attention(%x0, %x1, %x2, %x3) {scale: 0.5}", heads(3, 3, 3) + [torch.arange(35).reshape(5, 7) % 3 > 0],
           lambda q, k, v, m: scaled(q, k, v, m, scale=0.5))


def recurrent():
    steps, batch, inputs, hidden = 6, 3, 5, 4
    # The order of gates in PyTorch by that of ONNX.
    orders = {"lstm": (nn.LSTM, [0, 2, 3, 1]), "gru": (nn.GRU, [1, 0, 2]), "rnn": (nn.RNN, [0])}
    activations = {"lstm": ["Sigmoid", "Tanh", "Tanh"], "gru": ["Sigmoid", "Tanh"], "rnn": ["Tanh"]}
    for kind, (layer, order) in orders.items():
        for both in (False, True):
            directions = 2 if both else 1
            rows = len(order) * hidden

            def function(x, w, r, b, h, *c, layer=layer, order=order, both=both, rows=rows, kind=kind):
                network = layer(inputs, hidden, bidirectional=both).to(x.dtype)
                parameters = {}
                for d, suffix in enumerate(["", "_reverse"][: 2 if both else 1]):
                    turned = lambda t: torch.cat([t[gate * hidden:(gate + 1) * hidden] for gate in order])
                    parameters[f"weight_ih_l0{suffix}"], parameters[f"weight_hh_l0{suffix}"] = turned(w[d]), turned(r[d])
                    parameters[f"bias_ih_l0{suffix}"], parameters[f"bias_hh_l0{suffix}"] = turned(b[d, :rows]), turned(b[d, rows:])
                state = (h, c[0]) if c else h
                y, last = torch.func.functional_call(network, parameters, (x, state))
                return torch.cat([y.flatten(), (last[1] if c else last).flatten()])

            operands = [normal(steps, batch, inputs), normal(directions, rows, inputs), normal(directions, rows, hidden),
                        normal(directions, 2 * rows), normal(directions, batch, hidden)]
            if kind == "lstm":
                operands.append(normal(directions, batch, hidden))
            names = activations[kind] * directions
            numbers = f"[{', '.join(['0.0'] * len(names))}]"
            names = "[" + ", ".join(f'"{name}"' for name in names) + "]"
            attributes = f'hidden_size: {hidden}, direction: "{"bidirectional" if both else "forward"}", activations: {names}, '
            attributes += f"activation_alpha: {numbers}, activation_beta: {numbers}"
            attributes += ", linear_before_reset: true" if kind == "gru" else ""
            results, given = ("%s, %h, %c", ", _, %x4, %x5") if kind == "lstm" else ("%s, %h", ", _, %x4")
            last = "%c" if kind == "lstm" else "%h"
            yield (f"{kind}{', both directions' if both else ''}",
                   f"{results} = {kind}(%x0, %x1, %x2, %x3{given}) {{{attributes}}}\n"
                   f"%t = transpose(%s) {{perm: [0, 2, 1, 3]}}\n"
                   f"%f = reshape(%t) {{shape: dims({steps * directions * batch * hidden})}}\n"
                   f"%g = reshape({last}) {{shape: dims({directions * batch * hidden})}}\n"
                   f"%y = concat(%f, %g)", operands, function, 1)


def large():
    """Extents at which other kernels are chosen, with tails."""
    for stride, size in [(1, 3), (2, 3), (1, 5), (1, 1), (2, 1)]:
        text = windows(None, [stride] * 2, [size // 2] * 4)
        yield (f"large conv, {size}x{size}, stride {stride}", f"%y = conv(%x0, %x1, %x2) {text}",
               [normal(3, 19, 33, 30), normal(37, 19, size, size), normal(37)],
               lambda x, w, b, s=stride, p=size // 2: F.conv2d(x, w, b, s, p), 1)
    yield ("large conv, depthwise", "%y = conv(%x0, %x1) " + windows(None, [1, 1], [1] * 4, group=35),
           [normal(2, 35, 28, 31), normal(35, 1, 3, 3)],
           lambda x, w: F.conv2d(x, w, None, 1, 1, 1, 35), 1)
    text = windows(None, [2, 2], [1] * 4, output_padding="[0, 0]")
    yield ("large transposed conv", f"%y = conv_transpose(%x0, %x1) {text}", [normal(2, 21, 15, 17), normal(21, 18, 4, 4)],
           lambda x, w: F.conv_transpose2d(x, w, None, 2, 1), 1)
    yield "large matmul", "%y = matmul(%x0, %x1)", [normal(3, 65, 301), normal(301, 133)], torch.matmul, 1
    yield ("large gemm", "%y = gemm(%x0, %x1, %x2) {transB: 1}", [normal(129, 270), normal(514, 270), normal(514)],
           lambda a, b, c: a @ b.T + c, 1)
    yield "large embedding", "%y = gather(%x0, %x1) {axis: 0}", [normal(500, 65), whole(500, 4, 190)], lambda x, i: F.embedding(i, x), 1
    yield "large softmax", "%y = softmax(%x0) {axis: -1}", [normal(17, 1003)], lambda x: x.softmax(-1), 1
    yield ("large layer norm", "%y, %m, %i = layer_norm(%x0, %x1, %x2)", [normal(37, 515), normal(515), normal(515)],
           lambda x, s, b: F.layer_norm(x, (515,), s, b), 1)
    yield ("large max pool", "%y, %i = max_pool(%x0) " + windows([3, 3], [2, 2], [1] * 4), [normal(2, 33, 40, 37)],
           lambda x: F.max_pool2d(x, 3, 2, 1), 1)
    yield ("large batch norm", "%y, %m, %v = batch_norm_training(%x0, %x1, %x2)", [normal(5, 37, 19, 23), normal(37), normal(37)],
           lambda x, s, b: F.batch_norm(x, None, None, s, b, training=True), 1)
    yield ("large attention", "%y = attention(%x0, %x1, %x2) {scale: 0.17677669, causal: true}", [normal(2, 3, 70, 32) for _ in range(3)],
           lambda q, k, v: F.scaled_dot_product_attention(q, k, v, is_causal=True), 1)


def cases():
    """All cases, each with operands of its own."""
    for part in (elementwise, movement, reductions, products, layers, attention, recurrent, large):
        for case in part():
            yield Case(*case)
