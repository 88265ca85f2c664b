=== a name that is nothing
model M(x: f32[1, 4]) {
    return xx
}
// expect: 2:12 nothing is called `xx` here
=== a misspelled layer
model M(x: f32[1, 3, 8, 8]) {
    return x.conf(4, kernel: 3).relu()
}
// expect: 2:14 no layer or block is called `conf`; did you mean `conv`?
=== a layer of another framework
model M(x: f32[1, 4]) {
    return x.linear(4)
}
// expect: 2:14 no layer or block is called `linear`; did you mean `dense`?
=== a misspelled label
model M(x: f32[1, 3, 8, 8]) {
    return x.conv(4, kernal: 3)
}
// expect: 2:22 conv has no argument kernal; it takes channels, kernel, stride, padding, dilation, groups, bias, weightNorm, init, name; did you mean `kernel`?
=== an argument of the wrong kind
model M(x: f32[1, 3, 8, 8]) {
    return x.conv("four", kernel: 3)
}
// expect: 2:19 channels is the text "four"; expected an integer
=== a missing argument
model M(x: f32[1, 4]) {
    return x.dense()
}
// expect: 2:14 dense needs units, an integer: the extent of the result's last dimension
=== an argument given twice
model M(x: f32[1, 3, 8, 8]) {
    return x.conv(4, kernel: 3, kernel: 5)
}
// expect: 2:33 kernel is given twice
=== a layer that is not applied
model M(x: f32[1, 3, 8, 8]) {
    y = conv(4, kernel: 3)
    return y.relu()
}
// expect: 3:12 `relu` cannot take the layer conv; apply it to a tensor first
=== shapes that do not fit
model M(x: f32[1, 4], z: f32[1, 5]) {
    y = x + z
    return y.relu()
}
// expect: 2:11 add: shapes [1, 4] and [1, 5] do not broadcast: 4 against 5
=== a tensor as condition
model M(x: f32[1, 4]) {
    if x > 0 { x = relu(x) }
    return x
}
// expect: 2:8 a condition is true or false while the model is built; this is a tensor bool[1, 4]; `where(condition, a, b)` chooses by the elements of a tensor
=== a condition that only a run knows
model M(x: f32[N, 4]) {
    return N == 1 ? x : relu(x)
}
// expect: 2:14 whether `N == 1` is not known before a run; conditions are settled while the model is built
=== an integer as condition
model M(x: f32[1, 4], deep = 1) {
    if deep { x = relu(x) }
    return x
}
// expect: 2:8 a condition is true or false, found the integer 1
=== a loop over an integer
model M(x: f32[1, 4], n = 3) {
    for i in n { x = relu(x) }
    return x
}
// expect: 2:14 `for` goes over a list or a range, found the integer 3; did you mean `0..<3`?
=== a negative count
model M(x: f32[1, 4]) {
    repeat 1 - 2 { x = relu(x) }
    return x
}
// expect: 2:12 `repeat` takes how many times, a known integer from 0, found the integer -1
=== a block that calls itself
block f(x) { return x.f() }
model M(x: f32[1, 4]) { return f(x) }
// expect: 1:23 the block `f` calls itself; blocks are built where they are called, without an end here; a loop repeats what is needed
=== blocks that call one another
block f(x) { return g(x) }
block g(x) { return f(x) }
model M(x: f32[1, 4]) { return f(x) }
// expect: 2:21 the block `f` calls itself; blocks are built where they are called, without an end here; a loop repeats what is needed
=== a block without return
block f(x) {
    y = relu(x)
}
model M(x: f32[1, 4]) {
    return f(x)
}
// expect: 5:12 the block `f` returned nothing; a body ends with `return …`
=== a model without return
model M(x: f32[1, 4]) {
    y = relu(x)
}
// expect: 1:7 the model `M` returned nothing; a body ends with `return …`
=== too many arguments of a block
block f(x, width) { return x.dense(width) }
model M(x: f32[1, 4]) {
    return x.f(4, 5)
}
// expect: 3:19 `f` takes at most x, width; there is no place for the integer 5
=== a label that a block does not have
block f(x, width) { return x.dense(width) }
model M(x: f32[1, 4]) {
    return x.f(widht: 5)
}
// expect: 3:16 `f` has no parameter `widht`; did you mean `width`?
=== a missing argument of a block
block f(x, width) { return x.dense(width) }
model M(x: f32[1, 4]) {
    return x.f()
}
// expect: 3:14 `f` needs `width`
=== a block's argument twice
block f(x, width) { return x.dense(width) }
model M(x: f32[1, 4]) {
    return x.f(5, width: 6)
}
// expect: 3:19 `width` is given twice
=== a mistake in a block
block f(x, width) {
    return x.dense(width).rellu()
}
model M(x: f32[1, 4]) {
    x = x.f(4)
    return x.f(8)
}
// expect: 2:27 no layer or block is called `rellu`; did you mean `relu`?
=== two layers of one name
model M(x: f32[1, 4]) {
    x = x.dense(4, name: "fc")
    return x.dense(4, name: "fc")
}
// expect: 3:14 dense fc: two layers have a parameter fc.weight; give one of them another name
=== a name that is no text
model M(x: f32[1, 4]) {
    return x.dense(4, name: 3)
}
// expect: 2:23 `name` is a text, found the integer 3
=== a name with an empty part
model M(x: f32[1, 4]) {
    return x.dense(4, name: "a..b")
}
// expect: 2:23 "a..b" is no name; a name is made of letters, digits, `_` and `-`, with points between its parts
=== too many names
model M(x: f32[1, 4]) {
    a, b, c = [1, 2]
    return x
}
// expect: 2:5 there are 3 names for 2 values
=== several names for one value
model M(x: f32[1, 4]) {
    a, b = 3
    return x
}
// expect: 2:5 there are 2 names for one value, the integer 3
=== one name for several results
block two(x) { return x, relu(x) }
model M(x: f32[1, 4]) {
    y = two(x)
    return y
}
// expect: 3:5 `y` would be 2 results; name each: `y1, y2 = …`
=== an index beyond a list
model M(x: f32[1, 4]) {
    widths = [16, 32]
    return x.dense(widths[2])
}
// expect: 3:27 the list has 2 values; there is none at 2
=== an index beyond a tensor
model M(x: f32[4, 4]) {
    return x[4]
}
// expect: 2:14 dimension 0 of f32[4, 4] has 4 elements; there is none at 4
=== too many indices
model M(x: f32[4, 4]) {
    return x[0, 0, 0]
}
// expect: 2:20 f32[4, 4] has 2 dimensions, there are 3 indices
=== a slice beyond a tensor
model M(x: f32[4, 4]) {
    return x[:, 2:9]
}
// expect: 2:17 dimension 1 of f32[4, 4] has 4 elements; there are none from 2 to 9
=== an index that is a text
model M(x: f32[4, 4]) {
    return x["a"]
}
// expect: 2:14 an index is an integer, found the text "a"
=== a member that does not exist
model M(x: f32[1, 4]) {
    return x.dense(x.shap[1])
}
// expect: 2:22 a tensor f32[1, 4] has no `shap`; did you mean `shape`?
=== a layer without parentheses
model M(x: f32[1, 4]) {
    y = x.relu
    return y
}
// expect: 2:11 a tensor f32[1, 4] has no `relu`; a layer is applied with parentheses: `.relu(…)`
=== a parameter that the layer does not have
model M(x: i64[1, 4]) {
    embed = embedding(10, 4)
    return embed(x) @ embed.wieght
}
// expect: 3:29 embedding has no parameter wieght; it has weight
=== a division by zero
model M(x: f32[1, 4]) {
    return x.dense(4 ~/ 0)
}
// expect: 2:22 4 is divided by zero
=== a division with a remainder
model M(x: f32[1, 7]) {
    return x.dense(7 / 2)
}
// expect: 2:20 units is the number 3.5; expected an integer
=== a dimension that may not divide
model M(x: f32[N, 8]) {
    return x.reshape([N / 2, 16])
}
// expect: 2:25 `N` may leave a remainder divided by `2`; `~/` rounds down
=== an overflow
model M(x: f32[1, 4]) {
    return x.dense(10 ** 40)
}
// expect: 2:23 size overflows: 10000000000000000 × 10000000000000000
=== a text and a number
model M(x: f32[1, 4]) {
    return x.dense("a" + 1)
}
// expect: 2:24 `+` takes two numbers, texts, lists or tensors, found the text "a" and the integer 1
=== a matrix product of numbers
model M(x: f32[1, 4]) {
    return x.dense(2 @ 3)
}
// expect: 2:22 `@` takes two tensors, found the integer 2 and the integer 3
=== a comparison of kinds
model M(x: f32[1, 4], mode = "a") {
    return mode == 1 ? x : relu(x)
}
// expect: 2:17 `==` takes two values of one kind, found the text "a" and the integer 1
=== not of a number
model M(x: f32[1, 4]) {
    return !3 ? x : relu(x)
}
// expect: 2:12 `!` takes true, false or a tensor of bool, found the integer 3
=== a check that does not hold
model M(x: f32[1, 4], width = 6, heads = 4) {
    check width % heads == 0, "width \(width) is no multiple of \(heads) heads"
    return x
}
// expect: 2:11 width 6 is no multiple of 4 heads
=== a check without a message
model M(x: f32[1, 4]) {
    check x.rank == 3
    return x
}
// expect: 2:11 this does not hold: x.rank == 3
=== a state without its next value
model M(x: f32[1, 4]) {
    state h: f32[1, 4]
    return x + h
}
// expect: 2:5 the state `h` has no next value; `next h = …` gives it; a state that stays is a constant
=== next of what is no state
model M(x: f32[1, 4]) {
    state hidden: f32[1, 4]
    next hiden = x
    return hidden
}
// expect: 3:10 no state is called `hiden` here; did you mean `hidden`?
=== a next value of another shape
model M(x: f32[1, 4]) {
    state h: f32[1, 4]
    next h = x.dense(5)
    return h
}
// expect: 3:14 state h is f32[1, 4], its next value is f32[1, 5]
=== a state whose first value a run computes
model M(x: f32[4]) {
    state h: f32[4] = x
    state n: i64[] = 0.5
    state t: f32[4] = tensor([1, 2], type: f32)
    state u: f32[4] = "one"
    next h = x
    return y: x + h
}
// expect: 2:23 what a state is before the first run is known when the model is built, found a tensor that a run computes; a number for all elements, or `tensor([0.5, 1])`
// expect: 3:22 the number 0.5 does not fit a state of i64
// expect: 4:23 state t is f32[4], its initial value is f32[2]
// expect: 5:23 what a state is before the first run is known when the model is built, found the text "one"; a number for all elements, or `tensor([0.5, 1])`
=== a state of unknown extent
model M(x: f32[N, 4]) {
    state h: f32[N, 4]
    next h = x
    return h
}
// expect: 2:18 an extent of a state is a known integer from 0, found the dimension N
=== an output that is no tensor
model M(x: f32[1, 4]) {
    return x.shape
}
// expect: 2:12 an output of a model is a tensor, found the list [1, 4]
=== outputs without labels
model M(x: f32[1, 4]) {
    return x, relu(x)
}
// expect: 2:12 an output among several needs a label; `return logits: …, features: …`
// expect: 2:15 an output among several needs a label; `return logits: …, features: …`
=== an output called as an input
model M(x: f32[1, 4]) {
    return x: relu(x), y: x
}
// expect: 2:15 the output would be called `x`, as an input is; an output has a name of its own
=== a parameter without a name
model M(x: f32[1, 4]) {
    return x + parameter([4])
}
// expect: 2:16 a parameter needs a name; `name: "weight"` is its part of the path by which files give its values
=== a parameter of unknown extent
model M(x: f32[N, 4]) {
    return x + parameter([N, 4], name: "p")
}
// expect: 2:16 the extents of a parameter are known integers, found [N, 4]
=== an initialiser with an unknown label
model M(x: f32[1, 4]) {
    return x + parameter([4], init: normal(0.02, men: 0), name: "p")
}
// expect: 2:50 `normal` has no argument `men`; it takes `mean`, `deviation`; did you mean `mean`?
=== a ragged tensor
model M(x: f32[1, 4]) {
    return x + tensor([[1, 2], [3]])
}
// expect: 2:16 the lists of a tensor have equal lengths, as [2, 2] here; found the list [3]
=== a range that ends before it begins
model M(x: f32[1, 4]) {
    for i in 3..<1 { x = relu(x) }
    return x
}
// expect: 2:15 the range 3..<1 ends before it begins
=== an endless doubling
model M(x: f32[1, 4]) {
    list = [1]
    repeat 40 { list = list + list }
    return x.dense(list.count)
}
// expect: 3:29 a list has at most 65536 values
=== a loop without an end in sight
model M(x: f32[1, 4]) {
    for i in 0..<9000000000 { n = i }
    return x
}
// expect: 2:31 the model takes more than 500000 steps to build; is a loop longer than it should be?
=== a mistake in a loop without an end is met no more than a thousand times
model M(x: f32[1, 4]) {
    for i in 0..<9000000000 { n = k }
    return y
}
// expect: 2:35 nothing is called `k` here
=== layers of a mistake without an end
model M(x: f32[1, 4]) {
    y = z
    repeat 9000000000 { y = y.dense(4).relu() }
    return y
}
// expect: 2:9 nothing is called `z` here
=== rounds of nothing without an end
model M(x: f32[1, 4]) {
    for i in 0..<9000000000 {}
    return x
}
// expect: 2:14 the model takes more than 500000 steps to build; is a loop longer than it should be?
=== repetitions of nothing without an end
model M(x: f32[1, 4]) {
    repeat 9000000000 {}
    return x
}
// expect: 2:12 the model takes more than 500000 steps to build; is a loop longer than it should be?
=== an extent that is no integer
model M(x: f32[1, 0.5]) { return x }
// expect: 1:19 an extent of an input is a known integer from 0 or a dimension, found the number 0.5
=== two definitions of one name
block f(x) { return x }
block f(x) { return relu(x) }
model M(x: f32[1, 4]) { return f(x) }
// expect: 2:7 `f` is defined already; give one of the two another name
=== a block's own name
block f(x, name) { return x }
model M(x: f32[1, 4]) { return f(x) }
// expect: 1:12 a block has no parameter `name` of its own; every call takes `name:`, which is the block's part of the names of its parameters
=== a call of a tensor
model M(x: f32[1, 4]) {
    y = relu(x)
    return y(x)
}
// expect: 3:12 `y` is a tensor f32[1, 4], which cannot be called
=== a shared layer with a new name
model M(x: f32[1, 4]) {
    fc = dense(4, name: "fc")
    return fc(fc(x), name: "fc2")
}
// expect: 3:22 the layer `fc` has its name already
=== a name that ended with its braces
model M(x: f32[1, 4]) {
    for i in 0..<2 { inner = relu(x) }
    return inner
}
// expect: 3:12 nothing is called `inner` here; what braces give a name ends with them; give `inner` a value before them too
=== several mistakes at once
model M(x: f32[1, 4], classes = 10) {
    a = x.densse(4)
    b = a.relu().foo()
    c = x.dense(clases)
    return a + b + c + d
}
// expect: 2:11 no layer or block is called `densse`; did you mean `dense`?
// expect: 3:18 no layer or block is called `foo`
// expect: 4:17 nothing is called `clases` here; did you mean `classes`?
// expect: 5:24 nothing is called `d` here
=== a choice by numbers
model M(x: f32[1, 4]) {
    return where(x, x, 0)
}
// expect: 2:12 the condition of `where` is a tensor of bool, found a tensor f32[1, 4]
=== a choice between no numbers
model M(x: f32[1, 4]) {
    return where(x > 0, "a", 0)
}
// expect: 2:12 `where` takes tensors and numbers, found the text "a" and the integer 0
=== a number in the place of an argument
model M(x: f32[1, 4]) {
    return x + x.randomUniform(-1, 1)
}
// expect: 2:32 randomUniform takes at most one tensor: x; arguments are given by name: low, high
// expect: 2:36 randomUniform takes at most one tensor: x; arguments are given by name: low, high
=== a mistake in a block that nobody calls
block unused(x, width = wdth) {
    for i in 0..<2 { x = x.bacthNorm() }
    return dense(x, width) + z
}
model M(x: f32[1, 4]) { return x }
// expect: 1:25 nothing is called `wdth` here; did you mean `width`?
// expect: 2:28 no layer or block is called `bacthNorm`; did you mean `batchNorm`?
// expect: 3:30 nothing is called `z` here
=== a name that both branches give a value
model M(x: f32[1, 4], deep = true) {
    if deep {
        y = x.dense(4)
    } else {
        y = x
    }
    return y
}
// expect: 7:12 nothing is called `y` here; what braces give a name ends with them; give `y` a value before them too
=== an argument without its label
model M(x: f32[1, 3, 8, 8]) {
    return x.conv(4, 3)
}
// expect: 2:22 conv takes no more than channels without a label, found the integer 3; did you mean kernel: 3?
=== several arguments without their labels
model M(x: f32[1, 3, 8, 8]) {
    return x.maxPool(3, 2, 1)
}
// expect: 2:25 maxPool takes no more than kernel without a label, found the integer 2; did you mean stride: 2?
// expect: 2:28 maxPool takes no more than kernel without a label, found the integer 1; did you mean padding: 1?
=== one tensor too many
model M(x: f32[1, 4]) {
    return x.relu(1)
}
// expect: 2:19 relu takes at most one tensor: x
=== another framework's argument names
model M(image: f32[N, 3, 32, 32]) {
    return image.conv(16, kernel_size: 3, strides: 2)
}
// expect: 2:27 conv has no argument kernel_size; it takes channels, kernel, stride, padding, dilation, groups, bias, weightNorm, init, name; did you mean `kernel`?
// expect: 2:43 conv has no argument strides; it takes channels, kernel, stride, padding, dilation, groups, bias, weightNorm, init, name; did you mean `stride`?
=== kernel larger than the image
model M(image: f32[N, 1, 28, 28]) {
    x = image.conv(6, kernel: 5, name: "c1").maxPool(2)
    x = x.conv(16, kernel: 5, name: "c2").maxPool(2)
    return x.conv(120, kernel: 5, name: "c3")
}
// expect: 4:14 conv c3: a window of 5 does not fit 4 along spatial dimension 0
=== groups that do not divide
model M(image: f32[N, 30, 8, 8]) {
    return image.conv(64, kernel: 3, groups: 4)
}
// expect: 2:18 conv: 4 groups do not divide 30 input channels and 64 output channels
=== concatenation of another rank
model M(image: f32[N, 3, 8, 8], code: f32[N, 3]) {
    return concat(image, code)
}
// expect: 2:12 concat: operand 1 is f32[N, 3]; expected the type and rank of f32[N, 3, 8, 8]
=== concatenation of other extents
model M(a: f32[N, 8, 16, 16], b: f32[N, 8, 8, 8]) {
    return concat(a, b, axis: 1)
}
// expect: 2:12 concat: 8 must equal 16: operand 1 is f32[N, 8, 8, 8], the first f32[N, 8, 16, 16], joined along dimension 1
=== a dense layer of an image without flatten
model M(image: f32[N, 3, 8, 8], classes = 10) {
    x = image.conv(8, kernel: 3).relu()
    return x.dense(classes) + x.flatten().dense(classes)
}
// expect: 3:29 `+` of f32[N, 8, 6, 10] and f32[N, 10]: whether `6` and `N` are equal is not known before a run
=== attention heads that do not divide
model M(x: f32[N, 10, 100]) {
    return x.multiHeadAttention(heads: 12)
}
// expect: 2:14 multiHeadAttention: 12 heads do not divide the width 100 of q, f32[N, 10, 100]
=== the width of what is not known
model M(x: f32[N, T, C]) {
    return x.dense(64)
}
// expect: 2:14 dense: dimension 2 of f32[N, T, C] is `C`; expected a number that is known before a run
=== flatten of unknown extents
model M(image: f32[N, 3, H, W]) {
    return image.conv(8, kernel: 3).flatten().dense(10)
}
// expect: 2:47 dense: dimension 1 of f32[N, 8*H*W - 16*H - 16*W + 32] is `8*H*W - 16*H - 16*W + 32`; expected a number that is known before a run
=== reshape that does not fit
model M(x: f32[2, 12]) {
    return x.reshape([2, 5])
}
// expect: 2:14 reshape: f32[2, 12] has 24 elements, shape [2, 5] has 10
=== permutation with a dimension twice
model M(x: f32[2, 3, 4]) {
    return x.transpose([0, 1, 1])
}
// expect: 2:14 transpose: axes [0, 1, 1] name one axis twice
=== a setting of another kind
model M(x: f32[N, 4], width = 64, rate = 0.5) {
    return x.dense(width * rate).dense(width / 3)
}
// expect: 2:40 units is the number 21.333333333333332; expected an integer
=== a text that is no choice
model M(x: f32[N, 4, 8, 8]) {
    return x.upsample(2, mode: "cubic")
}
// expect: 2:26 mode is the text "cubic"; expected one of "nearest", "linear", "bilinear", "bicubic"
=== an activation as a text
model M(x: f32[N, 4]) {
    return x.dense(8, activation: "relu")
}
// expect: 2:23 dense has no argument activation; it takes units, bias, transposed, weightNorm, init, name; an activation is a layer after this one, as in `.relu()`
=== index as an axis
model M(x: f32[N, 4]) {
    return x.softmax(axis: 2)
}
// expect: 2:14 softmax: axis 2 is outside -2 ..< 2
=== an embedding of floats
model M(tokens: f32[N, T]) {
    return tokens.embedding(1000, 64)
}
// expect: 2:19 embedding: indices are f32[N, T]; expected integers such as i64
=== integers into a dense layer
model M(tokens: i64[N, 16]) {
    return tokens.dense(8)
}
// expect: 2:19 dense: has weights and takes floating point, found i64; `cast(f32)` converts
=== a shared layer for other widths
model M(x: f32[N, 4]) {
    fc = dense(8, name: "fc")
    return fc(fc(x))
}
// expect: 3:12 dense fc: parameter fc.weight is f32[8, 4] and is used as f32[8, 8]
=== a model in a model
block encoder(x) { return x.dense(4) }
model M(x: f32[N, 4]) {
    return x.Encoder()
}
// expect: 3:14 no layer or block is called `Encoder`; did you mean `encoder`?
=== pooling without a kernel
model M(x: f32[N, 4, 8, 8]) {
    return x.maxPool(stride: 2)
}
// expect: 2:14 maxPool needs kernel, an integer or a list of integers: extents of a window
=== a negative width
model M(x: f32[N, 4], width = 2) {
    return x.dense(width - 2)
}
// expect: 2:14 dense: units is 0; expected at least 1
=== Python's True and None
model M(x: f32[N, 4]) {
    return x.dense(8, bias: False)
}
// expect: 2:29 nothing is called `False` here; did you mean `false`?
=== Python's range
model M(x: f32[N, 4], n = 3) {
    for i in range(n) { x = x.dense(4) }
    return x
}
// expect: 2:14 no layer or block is called `range`; a range is written `0..<n`
=== swapped addition
model M(x: f32[N, 64, 56, 56]) {
    y = x.conv(128, kernel: 3, padding: 1)
    return relu(x + y)
}
// expect: 3:19 add: shapes [N, 64, 56, 56] and [N, 128, 56, 56] do not broadcast: 64 against 128
=== matrix product that does not fit
model M(a: f32[N, 4, 8], b: f32[N, 4, 8]) {
    return a @ b
}
// expect: 2:14 matmul: 4 must equal 8: a is f32[N, 4, 8] and b is f32[N, 4, 8]: 8 columns against 4 rows
=== a list where one value is wanted
model M(x: f32[N, 4, 8, 8]) {
    a, b = x.split(2)
    return x.split(2).relu()
}
// expect: 3:12 relu takes one tensor, found a list of 2; `[0]` after the list is its first
=== dropout rate in percent
model M(x: f32[N, 4]) {
    return x.dropout(50)
}
// expect: 2:14 dropout: rate is 50.0; expected 0 to 1

=== no index of a list
model M(x: f32[N, 3]) {
    a = [1, 2]
    return y: x * a[]
}
// expect: 3:20 there is no index between `[` and `]`; for example `x[0]` or `x[:, 1:3]`

=== a mistake of reading in front of a loop that takes long, which is not built
model M(x: f32[1, 4]) {
    y = relu(x))
    repeat 9000000000 { z = y }
    return y
}
// expect: 2:16 this `)` closes nothing
