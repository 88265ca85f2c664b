"""Writes Tests/DLCModelTests/TrainingFigures.swift: what PyTorch's optimisers and schedules do on a small problem, in f64. Methods
that PyTorch lacks are written here after their papers. Usage: .build/torch/bin/python Tools/judges/training_figures.py > FILE"""
import math

import torch

torch.set_default_dtype(torch.float64)
STEPS = 12
X = torch.tensor([[0.5, -1.0, 2.0], [1.5, 0.25, -0.75], [-2.0, 1.0, 0.125], [0.75, 0.5, -1.5]])
TARGET = torch.tensor([[1.0, -0.5], [-0.25, 0.75], [0.5, 0.125], [-1.0, 0.25]])
W = torch.tensor([[0.25, -0.5], [0.125, 0.75], [-0.375, 0.5]])
B = torch.tensor([0.0625, -0.25])


def loss(w, b, x=X, target=TARGET):
    return (((x @ w + b).tanh() - target) ** 2).mean()


class Own(torch.optim.Optimizer):
    """An optimiser given by a function of (parameter, gradient, state, update from 1)."""

    def __init__(self, params, rule):
        super().__init__(params, {})
        self.rule = rule

    @torch.no_grad()
    def step(self):
        for group in self.param_groups:
            for p in group["params"]:
                state = self.state[p]
                state["t"] = state.get("t", 0) + 1
                p.copy_(self.rule(p, p.grad, state, state["t"]))


def moments(g, s, b1, b2):
    s["m"] = b1 * s.get("m", torch.zeros_like(g)) + (1 - b1) * g
    s["v"] = b2 * s.get("v", torch.zeros_like(g)) + (1 - b2) * g * g
    return s["m"], s["v"]


def adabound(lr, final_lr=0.1, gamma=1e-3, b1=0.9, b2=0.999, eps=1e-8):  # Luo et al.'s code
    def rule(p, g, s, t):
        m, v = moments(g, s, b1, b2)
        size = lr * math.sqrt(1 - b2**t) / (1 - b1**t)
        low, high = final_lr * (1 - 1 / (gamma * t + 1)), final_lr * (1 + 1 / (gamma * t))
        return p - torch.clamp(size / (v.sqrt() + eps), low, high) * m

    return rule


def adabelief(lr, b1=0.9, b2=0.999, eps=1e-16, decay=0.0):  # Zhuang et al., algorithm 2, decoupled decay
    def rule(p, g, s, t):
        s["m"] = b1 * s.get("m", torch.zeros_like(g)) + (1 - b1) * g
        s["s"] = b2 * s.get("s", torch.zeros_like(g)) + (1 - b2) * (g - s["m"]) ** 2 + eps
        return p * (1 - lr * decay) - lr / (1 - b1**t) * s["m"] / ((s["s"] / (1 - b2**t)).sqrt() + eps)

    return rule


def lion(lr, b1=0.9, b2=0.99, decay=0.0):  # Chen et al., algorithm 2
    def rule(p, g, s, t):
        m = s.get("m", torch.zeros_like(g))
        c = b1 * m + (1 - b1) * g
        s["m"] = b2 * m + (1 - b2) * g
        return p - lr * (c.sign() + decay * p)

    return rule


def lamb(lr, b1=0.9, b2=0.999, eps=1e-6, decay=0.0):  # You et al., algorithm 2
    def rule(p, g, s, t):
        m, v = moments(g, s, b1, b2)
        r = (m / (1 - b1**t)) / ((v / (1 - b2**t)).sqrt() + eps) + decay * p
        return p - lr * p.norm() / r.norm() * r

    return rule


class NewtonCG(torch.optim.Optimizer):
    """Newton's direction from (H + damping) d = g by conjugate gradients, which end where the curvature is not positive."""

    def __init__(self, params, lr, iterations, damping):
        super().__init__(params, {})
        self.lr, self.iterations, self.damping = lr, iterations, damping

    def step(self, _):
        ps = self.param_groups[0]["params"]
        gs = torch.autograd.grad(loss(*ps), ps, create_graph=True)
        flat = lambda ts: torch.cat([t.reshape(-1) for t in ts])
        g = flat(gs)

        def curved(v):
            return flat(torch.autograd.grad(g @ v, ps, retain_graph=True)) + self.damping * v

        r = g.detach().clone()
        p, d = r.clone(), torch.zeros_like(r)
        for i in range(self.iterations):
            hp = curved(p)
            if p @ hp <= 1e-30:
                d = g.detach().clone() if i == 0 else d
                break
            a = (r @ r) / (p @ hp)
            d, s = d + a * p, r - a * hp
            p = s + (s @ s) / (r @ r) * p
            r = s
            if r @ r <= 1e-30:
                break
        with torch.no_grad():
            for q, part in zip(ps, d.split([q.numel() for q in ps])):
                q -= self.lr * part.reshape(q.shape)


O = torch.optim
# What stands after `minimize loss, ` in a model file, and the same in PyTorch. Rates are powers of two: dlc keeps them in f32.
OPTIMISERS = [
    ("by: sgd(0.125)", lambda p: O.SGD(p, lr=0.125)),
    ("by: sgd(0.125, momentum: 0.9)", lambda p: O.SGD(p, lr=0.125, momentum=0.9)),
    ("by: sgd(0.125, momentum: 0.9, dampening: 0.25, weightDecay: 0.05)", lambda p: O.SGD(p, lr=0.125, momentum=0.9, dampening=0.25, weight_decay=0.05)),
    ("by: sgd(0.125, momentum: 0.9, nesterov: true)", lambda p: O.SGD(p, lr=0.125, momentum=0.9, nesterov=True)),
    ("by: adagrad(0.125)", lambda p: O.Adagrad(p, lr=0.125)),
    ("by: adagrad(0.125, rateDecay: 0.1, initialSum: 0.01, weightDecay: 0.05)", lambda p: O.Adagrad(p, lr=0.125, lr_decay=0.1, initial_accumulator_value=0.01, weight_decay=0.05)),
    ("by: adadelta()", lambda p: O.Adadelta(p)),
    ("by: adadelta(0.5, rho: 0.8, weightDecay: 0.05)", lambda p: O.Adadelta(p, lr=0.5, rho=0.8, weight_decay=0.05)),
    ("by: rmsProp(0.03125)", lambda p: O.RMSprop(p, lr=0.03125)),
    ("by: rmsProp(0.03125, momentum: 0.5, centred: true, weightDecay: 0.05)", lambda p: O.RMSprop(p, lr=0.03125, momentum=0.5, centered=True, weight_decay=0.05)),
    ("by: adam(0.03125)", lambda p: O.Adam(p, lr=0.03125)),
    ("by: adam(0.03125, beta1: 0.8, beta2: 0.95, epsilon: 1e-3, weightDecay: 0.05)", lambda p: O.Adam(p, lr=0.03125, betas=(0.8, 0.95), eps=1e-3, weight_decay=0.05)),
    ("by: amsgrad(0.03125)", lambda p: O.Adam(p, lr=0.03125, amsgrad=True)),
    ("by: adamW(0.03125)", lambda p: O.AdamW(p, lr=0.03125)),
    ("by: nAdam(0.03125)", lambda p: O.NAdam(p, lr=0.03125)),
    ("by: nAdam(0.03125, weightDecay: 0.05, decoupled: true)", lambda p: O.NAdam(p, lr=0.03125, weight_decay=0.05, decoupled_weight_decay=True)),
    ("by: rAdam(0.03125)", lambda p: O.RAdam(p, lr=0.03125)),
    ("by: rAdam(0.03125, beta2: 0.9, weightDecay: 0.05)", lambda p: O.RAdam(p, lr=0.03125, betas=(0.9, 0.9), weight_decay=0.05)),
    ("by: adamax(0.03125)", lambda p: O.Adamax(p, lr=0.03125)),
    ("by: rprop(0.03125)", lambda p: O.Rprop(p, lr=0.03125)),
    ("by: lbfgs(0.5)", lambda p: O.LBFGS(p, lr=0.5, max_iter=1, history_size=10)),
    ("by: lbfgs(0.5, history: 3)", lambda p: O.LBFGS(p, lr=0.5, max_iter=1, history_size=3)),
    ("by: newtonCG(0.5, iterations: 3, damping: 1)", lambda p: NewtonCG(p, 0.5, 3, 1.0)),
    ("by: newtonCG(0.25, damping: 2)", lambda p: NewtonCG(p, 0.25, 10, 2.0)),
    ("by: adaBound(0.03125)", lambda p: Own(p, adabound(0.03125))),
    ("by: adaBound(0.03125, finalRate: 0.5, gamma: 0.1)", lambda p: Own(p, adabound(0.03125, 0.5, 0.1))),
    ("by: adaBelief(0.03125)", lambda p: Own(p, adabelief(0.03125))),
    ("by: adaBelief(0.03125, weightDecay: 0.05)", lambda p: Own(p, adabelief(0.03125, decay=0.05))),
    ("by: lion(0.03125)", lambda p: Own(p, lion(0.03125))),
    ("by: lion(0.03125, weightDecay: 0.05)", lambda p: Own(p, lion(0.03125, decay=0.05))),
    ("by: lamb(0.03125)", lambda p: Own(p, lamb(0.03125))),
    ("by: lamb(0.03125, weightDecay: 0.05)", lambda p: Own(p, lamb(0.03125, decay=0.05))),
]
CLIPPING = [
    ("by: sgd(0.125), clip: value(0.05)", lambda ps: torch.nn.utils.clip_grad_value_(ps, 0.05)),
    ("by: sgd(0.125), clip: norm(0.1)", lambda ps: [torch.nn.utils.clip_grad_norm_([p], 0.1) for p in ps]),
    ("by: sgd(0.125), clip: globalNorm(0.1)", lambda ps: torch.nn.utils.clip_grad_norm_(ps, 0.1)),
    ("by: sgd(0.125), clip: globalNorm(100)", lambda ps: torch.nn.utils.clip_grad_norm_(ps, 100)),
]
S = torch.optim.lr_scheduler
SCHEDULES = [
    ("steps(0.5, every: 4, factor: 0.3)", 0.5, lambda o: S.StepLR(o, 4, 0.3)),
    ("multiStep(0.5, at: [2, 3, 11])", 0.5, lambda o: S.MultiStepLR(o, [2, 3, 11])),
    ("exponential(0.5, factor: 0.8)", 0.5, lambda o: S.ExponentialLR(o, 0.8)),
    ("polynomial(0.5, steps: 14)", 0.5, lambda o: S.PolynomialLR(o, 14)),
    ("polynomial(0.5, steps: 14, power: 2.5)", 0.5, lambda o: S.PolynomialLR(o, 14, 2.5)),
    ("cosine(0.5, steps: 25)", 0.5, lambda o: S.CosineAnnealingLR(o, 25)),
    ("cosine(0.5, steps: 25, end: 0.1)", 0.5, lambda o: S.CosineAnnealingLR(o, 25, 0.1)),
    ("cosine(0.5, steps: 7, end: 0.1, restarts: true)", 0.5, lambda o: S.CosineAnnealingWarmRestarts(o, 7, 1, 0.1)),
    ("cosine(0.5, steps: 3, restarts: true, growth: 2)", 0.5, lambda o: S.CosineAnnealingWarmRestarts(o, 3, 2)),
    ("oneCycle(0.5, steps: 24)", 0.5, lambda o: S.OneCycleLR(o, 0.5, 24, cycle_momentum=False)),
    ("oneCycle(0.5, steps: 24, rise: 0.45, linear: true)", 0.5, lambda o: S.OneCycleLR(o, 0.5, 24, pct_start=0.45, anneal_strategy="linear", cycle_momentum=False)),
    ("warmup(0.5, steps: 5)", 0.5, lambda o: S.LinearLR(o, 0.2, 1.0, 4)),
    ("exponential(0.5, factor: 0.8, warmup: 5)", 0.5, lambda o: S.SequentialLR(o, [S.LinearLR(o, 0.2, 1.0, 4), S.ExponentialLR(o, 0.8)], [5])),
    ("cosine(0.5, steps: 25, warmup: 5)", 0.5, lambda o: S.SequentialLR(o, [S.LinearLR(o, 0.2, 1.0, 4), S.CosineAnnealingLR(o, 20)], [5])),
    # Vaswani et al., section 5.3, with the largest rate 0.5.
    ("inverseRoot(0.5, warmup: 5)", 0.5, lambda o: S.LambdaLR(o, lambda t: math.sqrt(5) * min((t + 1) ** -0.5, (t + 1) * 5**-1.5))),
]
COUNT = 24


def trained(make, clip=None):
    w, b = W.clone().requires_grad_(), B.clone().requires_grad_()
    optimiser = make([w, b])
    for _ in range(STEPS):
        def closure():
            optimiser.zero_grad()
            value = loss(w, b)
            value.backward()
            return value

        closure()
        if clip:
            clip([w, b])
        optimiser.step(closure) if isinstance(optimiser, (O.LBFGS, NewtonCG)) else optimiser.step()
    return torch.cat([w.detach().flatten(), b.detach()])


def rates(rate, make):
    p = torch.zeros(1, requires_grad=True)
    optimiser = O.SGD([p], lr=rate)
    schedule = make(optimiser)
    values = []
    for _ in range(COUNT):
        values.append(optimiser.param_groups[0]["lr"])
        optimiser.step()
        schedule.step()
    return values


def norm_statistics():
    """Two images of two channels through torch.nn.BatchNorm2d, twice."""
    layer = torch.nn.BatchNorm2d(2)
    x = (torch.arange(16.0).reshape(2, 2, 2, 2) * 7 % 11) / 4
    y = layer(x)
    layer(x * 2 + 1)
    return [y.detach(), layer.running_mean, layer.running_var]


def row(values):
    return "[" + ", ".join(repr(float(v)) for v in values) + "]"


import warnings

warnings.simplefilter("ignore")
print("// Written by Tools/judges/training_figures.py with PyTorch " + torch.__version__.split("+")[0] + ".\n")
print("/// What PyTorch, or a paper's algorithm where PyTorch lacks it, makes of the problem in `OptimiserTests`.")
print("enum TrainingFigures {")
print(f"    static let steps = {STEPS}")
for name, tensor in [("x", X), ("target", TARGET), ("weight", W), ("bias", B)]:
    print(f"    static let {name} = {row(tensor.flatten())}")
print("    /// What stands after `minimize loss, `, and weight and bias after the steps.")
print("    static let optimisers: [(options: String, parameters: [Double])] = [")
for text, make in OPTIMISERS:
    print(f'        ("{text}", {row(trained(make))}),')
for text, clip in CLIPPING:
    print(f'        ("{text}", {row(trained(lambda p: O.SGD(p, lr=0.125), clip))}),')
print("    ]")
print("    /// The rates of the first updates.")
print("    static let schedules: [(text: String, rates: [Double])] = [")
for text, rate, make in SCHEDULES:
    print(f'        ("{text}", {row(rates(rate, make))}),')
print("    ]")
y, mean, variance = norm_statistics()
print("    /// Of `BatchNorm2d`: the first result, and the running statistics after two batches.")
print(f"    static let normalised = {row(y.flatten())}")
print(f"    static let runningMean = {row(mean)}")
print(f"    static let runningVariance = {row(variance)}")
print("}")
