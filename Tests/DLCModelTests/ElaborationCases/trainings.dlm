=== no way from the loss to a parameter
training T(x: f32[N, 4], target: f32[N, 1], label: i64[N]) {
    y = x.dense(1)
    loss = target.sum()
    minimize loss, by: sgd()
    return loss: loss
}
// expect: 4:14 no way leads from the loss to a parameter

=== the loss depends through integers alone
training T(x: f32[N, 4], target: f32[N, 1], label: i64[N]) {
    y = x.dense(3).argmax(axis: 1).cast(f32)
    loss = y.mean()
    minimize loss, by: sgd()
    return loss: loss
}
// expect: 4:14 no way leads from the loss to a parameter

=== no parameters at all
training T(x: f32[N, 4], target: f32[N, 1], label: i64[N]) {
    loss = (x * 2).sum()
    minimize loss, by: sgd()
    return loss: loss
}
// expect: 3:14 no way leads from the loss to a parameter

=== a gradient that is stopped
training T(x: f32[N, 4], target: f32[N, 1], label: i64[N]) {
    loss = x.dense(1).stopGradient().sum()
    minimize loss, by: sgd()
    return loss: loss
}
// expect: 3:14 no way leads from the loss to a parameter

=== no way to what over names
training T(x: f32[N, 4], target: f32[N, 1], label: i64[N]) {
    y = x.dense(1, name: "a")
    z = x.dense(1, name: "b")
    loss = y.sum()
    minimize loss, by: sgd(), over: ["a", "b.weight"]
    return z: z
}
// expect: 5:37 no way leads from the loss to b.weight; a parameter moves where the loss depends on it

=== everything is frozen
training T(x: f32[N, 4], target: f32[N, 1], label: i64[N]) {
    freeze "*"
    loss = x.dense(1).sum()
    minimize loss, by: sgd()
    return loss: loss
}
// expect: 4:14 all parameters that the loss depends on are frozen or follow others

=== over names what is frozen
training T(x: f32[N, 4], target: f32[N, 1], label: i64[N]) {
    freeze "a"
    loss = x.dense(1, name: "a").dense(1).sum()
    minimize loss, by: sgd(), over: "a.weight"
    return loss
}
// expect: 4:37 all parameters that `over` names are frozen or follow others

=== two over one parameter
training T(x: f32[N, 4], target: f32[N, 1], label: i64[N]) {
    loss = x.dense(1).meanSquaredError(target)
    minimize loss, by: sgd()
    minimize 2 * loss, by: adam(), over: "dense.weight"
    return loss
}
// expect: 4:5 two `minimize` move dense.weight; `over:` says which parameters each moves

=== an unknown pattern
training T(x: f32[N, 4], target: f32[N, 1], label: i64[N]) {
    loss = x.dense(1, name: "head").sum()
    minimize loss, by: sgd(), over: "haed.*"
    return loss
}
// expect: 3:37 no parameter is called `haed.*`; did you mean `head`?

=== a pattern like nothing
training T(x: f32[N, 4], target: f32[N, 1], label: i64[N]) {
    freeze "encoder"
    loss = x.dense(1, name: "head").sum()
    minimize loss, by: sgd()
    return loss: loss
}
// expect: 2:5 no parameter is called `encoder`; there are head.weight, head.bias

=== a pattern of rates
training T(x: f32[N, 4], target: f32[N, 1], label: i64[N]) {
    loss = x.dense(1, name: "head").sum()
    rates "head": 2, "heads": 3
    minimize loss, by: sgd()
    return loss: loss
}
// expect: 3:5 no parameter is called `heads`; did you mean `head`?

=== a factor that is no number
training T(x: f32[N, 4], target: f32[N, 1], label: i64[N]) {
    loss = x.dense(1, name: "head").sum()
    rates "head": "fast"
    minimize loss, by: sgd()
    return loss: loss
}
// expect: 3:19 the factor of a rate is a number from 0, found the text "fast"

=== a pattern that is a number
training T(x: f32[N, 4], target: f32[N, 1], label: i64[N]) {
    loss = x.dense(1).sum()
    freeze 3
    minimize loss, by: sgd()
    return loss: loss
}
// expect: 3:12 parameters are named by a text or a list of texts, found the integer 3; for example "features.*"

=== an unknown optimiser
training T(x: f32[N, 4], target: f32[N, 1], label: i64[N]) {
    loss = x.dense(1).sum()
    minimize loss, by: adan(1e-3)
    return loss
}
// expect: 3:24 no layer or block is called `adan`; did you mean `adam`?

=== a layer for an optimiser
training T(x: f32[N, 4], target: f32[N, 1], label: i64[N]) {
    loss = x.dense(1).sum()
    minimize loss, by: relu
    return loss
}
// expect: 3:24 `by` is one of `sgd`, `adagrad`, `adadelta`, `rmsProp`, `adam`, `amsgrad`, `adamW`, `nAdam`, `rAdam`, `adamax`, `adaBound`, `adaBelief`, `lion`, `lamb`, `rprop`, `lbfgs`, `newtonCG`, found the layer relu

=== a schedule for an optimiser
training T(x: f32[N, 4], target: f32[N, 1], label: i64[N]) {
    loss = x.dense(1).sum()
    minimize loss, by: cosine(0.1, steps: 10)
    return loss
}
// expect: 3:24 `by` is one of `sgd`, `adagrad`, `adadelta`, `rmsProp`, `adam`, `amsgrad`, `adamW`, `nAdam`, `rAdam`, `adamax`, `adaBound`, `adaBelief`, `lion`, `lamb`, `rprop`, `lbfgs`, `newtonCG`, found the schedule cosine

=== no optimiser
training T(x: f32[N, 4], target: f32[N, 1], label: i64[N]) {
    loss = x.dense(1).sum()
    minimize loss
    return loss
}
// expect: 3:5 `minimize` needs `by`, an optimiser; for example `minimize loss, by: adam(1e-3)`

=== an unknown argument of an optimiser
training T(x: f32[N, 4], target: f32[N, 1], label: i64[N]) {
    loss = x.dense(1).sum()
    minimize loss, by: sgd(0.1, momentun: 0.9)
    return loss
}
// expect: 3:33 sgd has no argument momentun; it takes rate, momentum, dampening, nesterov, weightDecay; did you mean `momentum`?

=== an argument of another framework
training T(x: f32[N, 4], target: f32[N, 1], label: i64[N]) {
    loss = x.dense(1).sum()
    minimize loss, by: adam(lr: 0.1)
    return loss
}
// expect: 3:29 adam has no argument lr; it takes rate, beta1, beta2, epsilon, weightDecay; did you mean `rate`?

=== a rate below 0
training T(x: f32[N, 4], target: f32[N, 1], label: i64[N]) {
    loss = x.dense(1).sum()
    minimize loss, by: sgd(-0.1)
    return loss
}
// expect: 3:24 sgd: rate is -0.1; expected at least 0.0

=== a momentum above 1
training T(x: f32[N, 4], target: f32[N, 1], label: i64[N]) {
    loss = x.dense(1).sum()
    minimize loss, by: sgd(0.1, momentum: 1.5)
    return loss
}
// expect: 3:24 sgd: momentum is 1.5; expected 0.0 to 1.0

=== Nesterov without momentum
training T(x: f32[N, 4], target: f32[N, 1], label: i64[N]) {
    loss = x.dense(1).sum()
    minimize loss, by: sgd(0.1, nesterov: true)
    return loss
}
// expect: 3:24 sgd: nesterov needs a momentum and no dampening

=== too many arguments
training T(x: f32[N, 4], target: f32[N, 1], label: i64[N]) {
    loss = x.dense(1).sum()
    minimize loss, by: sgd(0.1, 0.9)
    return loss
}
// expect: 3:33 sgd takes no more than rate without a label, found the number 0.9

=== a rate that is a tensor of several elements
training T(x: f32[N, 4], target: f32[N, 1], label: i64[N]) {
    loss = x.dense(1).sum()
    minimize loss, by: sgd(x)
    return loss
}
// expect: 3:24 sgd: rate is f32[N, 4]; expected a scalar of floating point

=== an unknown schedule
training T(x: f32[N, 4], target: f32[N, 1], label: i64[N]) {
    loss = x.dense(1).sum()
    minimize loss, by: sgd(cosin(0.1, steps: 9))
    return loss
}
// expect: 3:28 no layer or block is called `cosin`; did you mean `cosine`?

=== a schedule without its length
training T(x: f32[N, 4], target: f32[N, 1], label: i64[N]) {
    loss = x.dense(1).sum()
    minimize loss, by: sgd(cosine(0.1))
    return loss
}
// expect: 3:28 cosine needs steps, an integer: the updates of the whole training, or with restarts up to the first one

=== a warm-up longer than the training
training T(x: f32[N, 4], target: f32[N, 1], label: i64[N]) {
    loss = x.dense(1).sum()
    minimize loss, by: sgd(cosine(0.1, steps: 10, warmup: 20))
    return loss
}
// expect: 3:28 cosine: steps is 10 and warmup is 20; expected steps to be more

=== updates that are out of order
training T(x: f32[N, 4], target: f32[N, 1], label: i64[N]) {
    loss = x.dense(1).sum()
    minimize loss, by: sgd(multiStep(0.1, at: [30, 20]))
    return loss
}
// expect: 3:28 multiStep: at is [30, 20]; expected up to 1000 updates from 0 in order, each later than the one before

=== a schedule for rprop
training T(x: f32[N, 4], target: f32[N, 1], label: i64[N]) {
    loss = x.dense(1).sum()
    minimize loss, by: rprop(exponential(0.1, factor: 0.9))
    return loss
}
// expect: 3:24 rprop: rate is the schedule exponential; expected a number, since steps have sizes of their own

=== an unknown option
training T(x: f32[N, 4], target: f32[N, 1], label: i64[N]) {
    loss = x.dense(1).sum()
    minimize loss, by: sgd(), ovr: "dense"
    return loss
}
// expect: 3:31 `minimize` has no `ovr`; it takes `by`, `over`, `clip`, `accumulate`, `average`, `decay`, `name`; did you mean `over`?

=== an option without a label
training T(x: f32[N, 4], target: f32[N, 1], label: i64[N]) {
    loss = x.dense(1).sum()
    minimize loss, sgd()
    return loss
}
// expect: 3:20 what follows the first value of `minimize` is labelled; for example `by: adam(1e-3)`

=== an option given twice
training T(x: f32[N, 4], target: f32[N, 1], label: i64[N]) {
    loss = x.dense(1).sum()
    minimize loss, by: sgd(), by: adam()
    return loss
}
// expect: 3:31 `by` is given twice

=== clipping by a number
training T(x: f32[N, 4], target: f32[N, 1], label: i64[N]) {
    loss = x.dense(1).sum()
    minimize loss, by: sgd(), clip: 1.0
    return loss
}
// expect: 3:37 `clip` is one of `value`, `norm`, `globalNorm`, found the number 1.0

=== an average by a number
training T(x: f32[N, 4], target: f32[N, 1], label: i64[N]) {
    loss = x.dense(1).sum()
    minimize loss, by: sgd(), average: 0.99
    return loss
}
// expect: 3:40 `average` is one of `ema`, `swa`, found the number 0.99

=== accumulation over no run
training T(x: f32[N, 4], target: f32[N, 1], label: i64[N]) {
    loss = x.dense(1).sum()
    minimize loss, by: sgd(), accumulate: 0
    return loss
}
// expect: 3:43 `accumulate` is 0; expected at least 1

=== a loss that is no scalar
training T(x: f32[N, 4], target: f32[N, 1], label: i64[N]) {
    loss = (x.dense(1) - target).square()
    minimize loss, by: sgd()
    return loss: loss
}
// expect: 3:14 a loss is a scalar of floating point, found f32[N, 1]; `.mean()` or `.sum()` makes one

=== a loss of integers
training T(x: f32[N, 4], target: f32[N, 1], label: i64[N]) {
    loss = (x.dense(3).argmax(axis: 1) == label).cast(i64).sum()
    minimize loss, by: sgd()
    return loss: loss
}
// expect: 3:14 a loss is a scalar of floating point, found i64[]; only floating-point values have gradients

=== a loss that is a number
training T(x: f32[N, 4], target: f32[N, 1], label: i64[N]) {
    y = x.dense(1)
    minimize 3, by: sgd()
    return y
}
// expect: 3:14 a loss is a scalar of floating point, found the integer 3

=== labels of floating point
training T(x: f32[N, 4], target: f32[N, 1], label: i64[N]) {
    loss = x.dense(3).crossEntropy(target)
    minimize loss, by: sgd()
    return loss: loss
}
// expect: 2:23 crossEntropy: logits are f32[N, 3], labels f32[N, 1]; expected integers [N, …] for logits [N, C, …]

=== labels of another rank
training T(x: f32[N, 4], target: f32[N, 1], label: i64[N]) {
    loss = x.dense(3).crossEntropy(label.unsqueeze(1))
    minimize loss, by: sgd()
    return loss: loss
}
// expect: 2:23 crossEntropy: logits are f32[N, 3], labels i64[N, 1]; expected integers [N, …] for logits [N, C, …]

=== a target of another rank
training T(x: f32[N, 4], target: f32[N, 1], label: i64[N]) {
    loss = x.dense(1).meanSquaredError(label.cast(f32))
    minimize loss, by: sgd()
    return loss: loss
}
// expect: 2:23 meanSquaredError: x is f32[N, 1], target f32[N]; expected as many dimensions

=== a target of another width
training T(x: f32[N, 4], target: f32[N, 1], label: i64[N]) {
    loss = x.dense(3).meanSquaredError(x)
    minimize loss, by: sgd()
    return loss: loss
}
// expect: 2:23 meanSquaredError: sub: shapes [N, 3] and [N, 4] do not broadcast: 3 against 4

=== integers differentiated
training T(x: f32[N, 4], target: f32[N, 1], label: i64[N]) {
    y = x.dense(1)
    g = gradient(of: y, at: label)
    loss = y.sum()
    minimize loss, by: sgd()
    return loss: loss
}
// expect: 3:9 gradient: x is i64[N]; only floating-point values have gradients

=== the gradient of integers
training T(x: f32[N, 4], target: f32[N, 1], label: i64[N]) {
    y = x.dense(3).argmax(axis: 1)
    g = gradient(of: y, at: x)
    loss = x.dense(1).sum()
    minimize loss, by: sgd()
    return loss: loss
}
// expect: 3:9 gradient: y is i64[N]; only floating-point values have gradients

=== a gradient at what plays no part
training T(x: f32[N, 4], target: f32[N, 1], label: i64[N]) {
    y = x.dense(1)
    g = gradient(of: y, at: target)
    loss = y.sum() + g.sum()
    minimize loss, by: sgd()
    return loss: loss
}
// expect: 3:9 `of` does not depend on target

=== a gradient of nothing
training T(x: f32[N, 4], target: f32[N, 1], label: i64[N]) {
    loss = x.dense(1).sum()
    g = gradient(loss)
    minimize loss, by: sgd()
    return loss: loss
}
// expect: 3:9 `gradient` needs `at`, a number or a list

=== an operator without a gradient
training T(x: f32[N, 3, 4], target: f32[N, 1]) {
    y = x.gru(2, name: "units")
    slope = gradient(of: y, at: x)
    minimize slope.square().sum(), by: sgd()
    return y: y
}
// expect: 2:11 gru_gradient of units has no gradient: second derivatives of recurrent layers are not available

=== a function without a slope
training T(x: f32[N, 4], target: f32[N, 1]) {
    loss = x.dense(1).floor().sum()
    minimize loss, by: sgd()
    return loss: loss
}
// expect: 3:14 the loss does not depend on dense.weight, dense.bias

=== a model that calls a model
model M(x: f32[N, 4]) {
    return x.dense(1)
}
training T(x: f32[N, 4], target: f32[N, 1]) {
    loss = x.again().sum()
    minimize loss, by: sgd()
    return loss: loss
}
block again(x) {
    return M(x)
}
// expect: 10:12 the model `M` cannot be called here; a training calls models, in its own body; what models share is a block

=== minimize in a model
model M(x: f32[N, 4]) {
    y = x.dense(1)
    minimize y.sum(), by: sgd()
    return y
}
training T(x: f32[N, 4], target: f32[N, 1], label: i64[N]) {
    loss = M(x).sum()
    minimize loss, by: sgd()
    return loss: loss
}
// expect: 3:5 `minimize` stands in a training; what this model returns can be minimized there

=== minimize in a block
block f(x) {
    minimize x.sum(), by: sgd()
    return x
}
training T(x: f32[N, 4], target: f32[N, 1], label: i64[N]) {
    loss = x.dense(1).f().sum()
    minimize loss, by: sgd()
    return loss: loss
}
// expect: 2:5 `minimize` stands in a training; what this block returns can be minimized there

=== nothing returned
training T(x: f32[N, 4], target: f32[N, 1], label: i64[N]) {
    loss = x.dense(1).sum()
    minimize loss, by: sgd()
}
// expect: 1:10 the training `T` returned nothing; a body ends with `return …`

=== nothing minimized
training T(x: f32[N, 4], target: f32[N, 1], label: i64[N]) {
    return y: x.dense(1)
}
// expect: 1:10 the training minimizes nothing; `minimize loss, by: adam(1e-3)`

=== a training that is called
training U(x: f32[N, 4]) {
    loss = U(x)
    minimize loss, by: sgd()
    return loss
}
// expect: 2:12 no layer or block is called `U`

=== a model given another shape
model M(image: f32[N, 1, 28, 28]) {
    return image.flatten().dense(1)
}
training T(x: f32[N, 4], target: f32[N, 1], label: i64[N]) {
    loss = M(x).sum()
    minimize loss, by: sgd()
    return loss: loss
}
// expect: 5:14 `image` of the model `M` is f32[N, 1, 28, 28], found a tensor f32[N, 4]

=== a model given another extent
model M(a: f32[N, 8]) {
    return a.dense(1)
}
training T(x: f32[N, 4], target: f32[N, 1], label: i64[N]) {
    loss = M(x).sum()
    minimize loss, by: sgd()
    return loss: loss
}
// expect: 5:14 `a` of the model `M` is f32[N, 8], found a tensor f32[N, 4]; dimension 1 would be 8

=== a model given another type
model M(a: i64[N, 4]) {
    return a.cast(f32).dense(1)
}
training T(x: f32[N, 4], target: f32[N, 1], label: i64[N]) {
    loss = M(x).sum()
    minimize loss, by: sgd()
    return loss: loss
}
// expect: 5:14 `a` of the model `M` is i64[N, 4], found a tensor f32[N, 4]; `cast(i64)` converts

=== a model without one of its inputs
model M(a: f32[N, 4], b: f32[N, 4]) {
    return (a + b).dense(1)
}
training T(x: f32[N, 4], target: f32[N, 1], label: i64[N]) {
    loss = M(x).sum()
    minimize loss, by: sgd()
    return loss: loss
}
// expect: 5:12 the model `M` needs `b`

=== a setting that a model has not
model M(a: f32[N, 4], width = 3) {
    return a.dense(width)
}
training T(x: f32[N, 4], target: f32[N, 1], label: i64[N]) {
    loss = M(x, widht: 5).sum()
    minimize loss, by: sgd()
    return loss: loss
}
// expect: 5:17 the model `M` has no parameter `widht`; did you mean `width`?

=== a misspelled model
model Net(a: f32[N, 4]) {
    return a.dense(1)
}
training T(x: f32[N, 4], target: f32[N, 1], label: i64[N]) {
    loss = Nte(x).sum()
    minimize loss, by: sgd()
    return loss: loss
}
// expect: 5:12 no layer or block is called `Nte`; did you mean `Net`?

=== a model twice without being made once
model M(a: f32[N, 4]) {
    return a.dense(1)
}
training T(x: f32[N, 4], target: f32[N, 1], label: i64[N]) {
    loss = M(x).sum() + M(2 * x).sum()
    minimize loss, by: sgd()
    return loss: loss
}
// expect: 2:14 dense: two layers have a parameter dense.weight; give one of them another name

=== following nothing
training T(x: f32[N, 4], target: f32[N, 1], label: i64[N]) {
    follow "target", of: "online"
    loss = x.dense(1, name: "online").sum()
    minimize loss, by: sgd()
    return loss: loss
}
// expect: 2:5 no block or layer is called `target`

=== following another shape
training T(x: f32[N, 4], target: f32[N, 1], label: i64[N]) {
    follow "target", of: "online"
    loss = (x.dense(1, name: "online") - x.dense(2, name: "target")).sum()
    minimize loss, by: sgd()
    return loss: loss
}
// expect: 2:5 target.weight is f32[2, 4] and has no parameter online.weight of that type to follow

=== following without whom
training T(x: f32[N, 4], target: f32[N, 1], label: i64[N]) {
    follow "target"
    loss = x.dense(1, name: "target").sum()
    minimize loss, by: sgd()
    return loss: loss
}
// expect: 2:5 `follow` needs `of`, the block that is followed; `follow "target", of: "online", every: 1000`

=== freezing after the statistics moved
training T(x: f32[N, 4], target: f32[N, 1], label: i64[N]) {
    y = x.batchNorm(name: "bn")
    freeze "bn"
    loss = y.dense(1).sum()
    minimize loss, by: sgd()
    return loss: loss
}
// expect: 3:5 bn.running_mean has moved in a layer above; this stands before the layers that it concerns

=== a norm of no parameters
training T(x: f32[N, 4], target: f32[N, 1], label: i64[N]) {
    loss = squaredNorm("*.weight") + x.dense(1).sum()
    minimize loss, by: sgd()
    return loss: loss
}
// expect: 2:24 no parameter is called `*.weight` up to here; the layers stand before what is computed from their parameters

=== a parameter without type or default
training T(x) {
    return x
}
// expect: 1:12 `x` has neither a type nor a default; an input is `x: f32[N, 3, 224, 224]`, a build-time parameter `x = 10`

=== predicting twice
training T(x: f32[N, 4], target: f32[N, 1], label: i64[N]) {
    loss = x.dense(1).sum()
    minimize loss, by: sgd()
    predict y: x.relu()
    predict z: x.tanh()
    return loss: loss
}
// expect: 5:5 the training predicts already; one `predict` may have several values: `predict classes: …, features: …`

=== predicting nothing
training T(x: f32[N, 4], target: f32[N, 1], label: i64[N]) {
    loss = x.dense(1).sum()
    minimize loss, by: sgd()
    predict
    return loss: loss
}
// expect: 4:12 expected a value after `predict`, but the line ends

=== predicting under one label
training T(x: f32[N, 4], target: f32[N, 1], label: i64[N]) {
    loss = x.dense(1).sum()
    minimize loss, by: sgd()
    predict y: x.relu(), y: x.tanh()
    return loss: loss
}
// expect: 4:26 `y` is predicted already

=== predicting several without labels
training T(x: f32[N, 4], target: f32[N, 1], label: i64[N]) {
    loss = x.dense(1).sum()
    minimize loss, by: sgd()
    predict x.relu(), x.tanh()
    return loss: loss
}
// expect: 4:13 an output among several needs a label; `predict logits: …, features: …`
// expect: 4:23 an output among several needs a label; `predict logits: …, features: …`

=== predicting what an input is called
training T(x: f32[N, 4], target: f32[N, 1], label: i64[N]) {
    loss = x.dense(1).sum()
    minimize loss, by: sgd()
    predict x: x.relu()
    return loss: loss
}
// expect: 4:16 the output would be called `x`, as an input is; an output has a name of its own

=== predicting a text
training T(x: f32[N, 4], target: f32[N, 1], label: i64[N]) {
    loss = x.dense(1).sum()
    minimize loss, by: sgd()
    predict y: "cat"
    return loss: loss
}
// expect: 4:16 a prediction is a tensor, found the text "cat"

=== predicting what is not there
training T(x: f32[N, 4], target: f32[N, 1], label: i64[N]) {
    loss = x.dense(1).sum()
    minimize loss, by: sgd()
    predict y: logit.softmax(axis: 1)
    return loss: loss
}
// expect: 4:16 nothing is called `logit` here

=== predicting in a model
model M(a: f32[N, 4]) {
    predict p: a.relu()
    return y: a.dense(1)
}

training T(x: f32[N, 4], target: f32[N, 1], label: i64[N]) {
    loss = M(x).sum()
    minimize loss, by: sgd()
    return loss: loss
}
// expect: 2:5 `predict` stands in a training; what this model returns can be predicted there

=== predicting in a block
block head(a) {
    predict a.relu()
    return a.dense(1)
}

training T(x: f32[N, 4], target: f32[N, 1], label: i64[N]) {
    loss = x.head().sum()
    minimize loss, by: sgd()
    return loss: loss
}
// expect: 2:5 `predict` stands in a training; what this block returns can be predicted there

=== predicting after the end
training T(x: f32[N, 4], target: f32[N, 1], label: i64[N]) {
    loss = x.dense(1).sum()
    minimize loss, by: sgd()
    return loss: loss
    predict y: x.relu()
}
// expect: 5:5 this statement is never reached

=== predicting a gradient that is none
training T(x: f32[N, 4], target: f32[N, 1], label: i64[N]) {
    loss = x.dense(1).sum()
    minimize loss, by: sgd()
    predict g: gradient(of: x.argmax(axis: 1).cast(f32).sum(), at: x)
    return loss: loss
}
// expect: 4:16 `of` does not depend on x

=== metadata in a block
block head(a) {
    metadata "labels": ["a", "b"]
    return a.dense(1)
}

training T(x: f32[N, 4], target: f32[N, 1], label: i64[N]) {
    loss = x.head().sum()
    minimize loss, by: sgd()
    return loss: loss
}
// expect: 2:5 `metadata` stands in a model or training; what is said of a network holds for all of it

=== metadata of no text
training T(x: f32[N, 4], target: f32[N, 1], label: i64[N]) {
    metadata "labels": x, 3: "a"
    loss = x.dense(1).sum()
    minimize loss, by: sgd()
    return loss: loss
}
// expect: 2:24 metadata are a text, a number or a list of these, found a tensor f32[N, 4]
// expect: 2:27 a key of the metadata is a text, found the integer 3; for example "labels"

=== metadata twice
training T(x: f32[N, 4], target: f32[N, 1], label: i64[N]) {
    metadata "labels": "a", "labels": "b"
    loss = x.dense(1).sum()
    minimize loss, by: sgd()
    return loss: loss
}
// expect: 2:29 `labels` is said already

=== metadata without a value
training T(x: f32[N, 4], target: f32[N, 1], label: i64[N]) {
    metadata "labels"
    loss = x.dense(1).sum()
    minimize loss, by: sgd()
    return loss: loss
}
// expect: 2:22 expected `:` after a key, but the line ends; for example `metadata "labels": ["cat", "dog"]`

=== models that say different things
model A(a: f32[N, 4]) {
    metadata "a.mean": 0.5
    return y: a.dense(1, name: "a")
}

model B(b: f32[N, 4]) {
    metadata "b.mean": 0.25
    return y: b.dense(1, name: "b")
}

training T(x: f32[N, 4], target: f32[N, 1], label: i64[N]) {
    loss = (A(x) + B(x)).sum()
    minimize loss, by: sgd()
    return loss: loss
}
// expect: 7:14 two models say different things of `x.mean`; the training can say itself what holds: `metadata "x.mean": …`
