"""Every optimiser and schedule that PyTorch has, as a training says it and as PyTorch makes it, on the small perceptron."""
from torch import optim
from torch.optim import lr_scheduler

from training_cases import Training, labelled

STEPS, LIMIT = 50, 1e-5
TRAINING = Training("mlp", "MLP", {"N": 16, "width": 16}, labelled(16, 10, 784))


def optimiser(kind, *arguments, **options):
    return lambda parameters: (kind(parameters, *arguments, **options), None)


def scheduled(kind, *arguments, rate=0.02, **options):
    def make(parameters):
        moved = optim.SGD(parameters, rate)
        return moved, kind(moved, *arguments, **options)
    return make


def warmed(parameters):
    """Cosine after five steps of warm-up."""
    moved = optim.SGD(parameters, 0.02)
    rises = lr_scheduler.LambdaLR(moved, lambda t: (t + 1) / 5)
    falls = lr_scheduler.CosineAnnealingLR(moved, 45)
    return moved, lr_scheduler.SequentialLR(moved, [rises, falls], [5])


def cycled(parameters):
    """The rate goes up and down, the momentum down and up."""
    moved = optim.SGD(parameters, 0.02, momentum=0.9)
    return moved, lr_scheduler.OneCycleLR(moved, 0.02, 50)


CASES = {
    "sgd": ("sgd(0.02)", optimiser(optim.SGD, 0.02)),
    "momentum": ("sgd(0.01, momentum: 0.9, dampening: 0.1, weightDecay: 0.01)",
                 optimiser(optim.SGD, 0.01, 0.9, 0.1, 0.01)),
    "nesterov": ("sgd(0.01, momentum: 0.9, nesterov: true)", optimiser(optim.SGD, 0.01, 0.9, nesterov=True)),
    "adagrad": ("adagrad(0.01, rateDecay: 0.01, weightDecay: 0.01, initialSum: 0.1)",
                optimiser(optim.Adagrad, 0.01, 0.01, 0.01, 0.1)),
    "adadelta": ("adadelta(1, rho: 0.9, weightDecay: 0.01)", optimiser(optim.Adadelta, 1.0, 0.9, weight_decay=0.01)),
    "rmsProp": ("rmsProp(1e-3, alpha: 0.9, epsilon: 1e-4)", optimiser(optim.RMSprop, 1e-3, 0.9, 1e-4)),
    "rmsPropCentred": ("rmsProp(1e-3, alpha: 0.9, epsilon: 1e-4, momentum: 0.5, centred: true, weightDecay: 0.01)",
                       optimiser(optim.RMSprop, 1e-3, 0.9, 1e-4, 0.01, 0.5, True)),
    "adam": ("adam(1e-3, weightDecay: 0.01)", optimiser(optim.Adam, 1e-3, weight_decay=0.01)),
    "amsgrad": ("amsgrad(1e-3, beta2: 0.9)", optimiser(optim.Adam, 1e-3, (0.9, 0.9), amsgrad=True)),
    "adamW": ("adamW(1e-3, weightDecay: 0.1)", optimiser(optim.AdamW, 1e-3, weight_decay=0.1)),
    "nAdam": ("nAdam(1e-3, weightDecay: 0.01)", optimiser(optim.NAdam, 1e-3, weight_decay=0.01)),
    "nAdamDecoupled": ("nAdam(1e-3, weightDecay: 0.1, decoupled: true)",
                       optimiser(optim.NAdam, 1e-3, weight_decay=0.1, decoupled_weight_decay=True)),
    "rAdam": ("rAdam(1e-3, weightDecay: 0.01)", optimiser(optim.RAdam, 1e-3, weight_decay=0.01)),
    "adamax": ("adamax(1e-3, weightDecay: 0.01)", optimiser(optim.Adamax, 1e-3, weight_decay=0.01)),
    "rprop": ("rprop(1e-4)", optimiser(optim.Rprop, 1e-4)),
    "steps": ("sgd(steps(0.02, every: 10, factor: 0.5))", scheduled(lr_scheduler.StepLR, 10, 0.5)),
    "multiStep": ("sgd(multiStep(0.02, at: [10, 30], factor: 0.3))", scheduled(lr_scheduler.MultiStepLR, [10, 30], 0.3)),
    "exponential": ("sgd(exponential(0.02, factor: 0.95))", scheduled(lr_scheduler.ExponentialLR, 0.95)),
    "polynomial": ("sgd(polynomial(0.02, steps: 40, power: 2))", scheduled(lr_scheduler.PolynomialLR, 40, 2)),
    "cosine": ("sgd(cosine(0.02, steps: 50))", scheduled(lr_scheduler.CosineAnnealingLR, 50)),
    "cosineRestarts": ("sgd(cosine(0.02, steps: 10, end: 1e-3, restarts: true, growth: 2))",
                       scheduled(lr_scheduler.CosineAnnealingWarmRestarts, 10, 2, 1e-3)),
    "oneCycle": ("sgd(oneCycle(0.02, steps: 50), momentum: oneCycle(0.85, steps: 50, start: 0.95, end: 0.95))", cycled),
    "inverseRoot": ("sgd(inverseRoot(0.02, warmup: 10))",
                    scheduled(lr_scheduler.LambdaLR, lambda t: (t + 1) / 10 if t < 10 else (10 / (t + 1)) ** 0.5)),
    "linear": ("sgd(warmup(0.02, steps: 20))", scheduled(lr_scheduler.LinearLR, 1 / 20, 1, 19)),
    "warmup": ("sgd(cosine(0.02, steps: 50, warmup: 5))", warmed),
}
