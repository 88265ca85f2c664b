=== statement outside of a block
x = 3
block f(x) { return x }
// expect: 1:1 expected `block`, `model`, `training` or `import`, found `x`; statements stand in the braces of a block, model or training

=== misspelled declaration
modle M(x: f32[N]) {
    return x
}
block f(x) { return }
// expect: 1:1 expected `block`, `model`, `training` or `import`, found `modle`; did you mean `model`?
// expect: 4:21 expected a value, found `}`

=== brace too many
block f(x) {
    return x
}
}
block g(x) { return x y }
// expect: 4:1 this `}` closes nothing
// expect: 5:23 expected the end of the line, found `y`

=== brace not closed at the end
block f(x) {
    if x > 1 {
        y = 3
    return x
}
// expect: 2:14 `{` is not closed

=== brace not closed before a declaration
block f(x) {
    for i in 0..<3 {
        x = x.relu()
    return x
}

model M(x: f32[N]) {
    return x +
}
// expect: 2:20 `{` is not closed; `}` is missing before line 7
// expect: 8:15 expected a value, but the line ends

=== no parameters
block f { return 1 }
// expect: 1:9 expected `(` after the name of the block, found `{`; a block without parameters is `block f() { … }`

=== no name
block (x) { return x }
// expect: 1:7 expected the name of the block, found `(`

=== parameter list not closed
block f(x, y {
    return x
}
// expect: 1:8 `(` is not closed; `)` is missing before `{` of line 1

=== parameter list not closed and no brace
block f(x, y
    return x
}
block g(x) { return 3 + }
// expect: 1:8 `(` is not closed; `)` is missing before `return` of line 2
// expect: 4:25 expected a value, found `}`

=== result type
block f(x) -> f32[N] {
    return x
}
// expect: 1:12 expected `{`, found `-`; results are declared by `return` alone

=== type of a block's parameter
block f(x: f32[N, 3]) { return x }
// expect: 1:10 a block's parameters have no types; a block takes what it is called with; `check` can refuse it

=== neither type nor default
model M(image) { return image }
// expect: 1:9 `image` has neither a type nor a default; an input is `image: f32[N, 3, 224, 224]`, a build-time parameter `image = 10`

=== default of an input
model M(image: f32[N] = 3) { return image }
// expect: 1:23 an input has no default; a build-time parameter has a default and no type

=== parameter twice
block f(x, width, x = 1) { return x }
// expect: 1:19 `x` is a parameter already

=== unknown type
model M(a: float[N], b: f31[N], c: tensor[N]) { return a }
// expect: 1:12 `float` is no type of elements; did you mean `f32`?
// expect: 1:25 `f31` is no type of elements; did you mean `f32`?
// expect: 1:36 `tensor` is no type of elements; there are `f32`, `f64`, `f16`, `bf16`, `i8`, `i16`, `i32`, `i64`, `u8`, `u16`, `u32`, `u64`, `bool`

=== type without brackets
model M(a: f32, b: i64[]) { return a }
// expect: 1:15 expected `[` after the type of elements, found `,`; a scalar is `f32[]`

=== type without an element
model M(a: [N, 3]) { return a }
// expect: 1:12 expected a type such as `f32[N, 3]`, found `[`

=== type not closed
model M(a: f32[N, 3) { return a }
// expect: 1:20 expected `,` or `]` after an extent, found `)`

=== import without a text
import blocks
import
import "a\(1).dlm"
import "b.dlm" "c.dlm"
block f(x) { return x }
// expect: 1:8 expected the path of a file in double quotes, found `blocks`; for example `import "blocks.dlm"`
// expect: 2:7 expected the path of a file in double quotes, but the line ends; for example `import "blocks.dlm"`
// expect: 3:8 the path of an import is a text without interpolation
// expect: 4:16 expected the end of the line, found `"c.dlm"`

=== import in a block
block f(x) {
    import "a.dlm"
    return x
}
// expect: 2:5 `import` begins no statement; declarations stand outside of braces

=== two declarations in a line
block f(x) { return x } block g(x) { return x }
// expect: 1:25 expected the end of the line, found `block`

=== body is missing
block f(x)
block g(x) { return x }
// expect: 1:11 expected `{` before the body of the block, but the line ends

=== file ends in the middle
model M(image: f32[N, 3, 224
// expect: 1:8 `(` is not closed
// expect: 1:19 `[` is not closed

=== block in a block
block f(x) {
    block g(y) { return y }
    return g(x)
}
// expect: 2:5 `block` begins no statement; declarations stand outside of braces

=== list in a call not closed
block f(x) {
    y = concat([x, x)
    z = x[0).relu()
    return y
}
// expect: 2:21 expected `,` or `]` after a value, found `)`
// expect: 3:12 expected `,` or `]` after an index, found `)`
