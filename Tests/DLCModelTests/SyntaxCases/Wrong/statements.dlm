=== value not used
block f(x) {
    x.relu()
    return x
}
// expect: 2:5 the value of this line is not used; give it a name, `y = …`, or return it

=== value not used in one line
block f(x) { x.relu() }
// expect: 1:14 the value of this line is not used; give it a name, `y = …`, or return it

=== a value for each name
block f(x) {
    a, b = x, x
    return a + b
}
// expect: 2:13 one value stands behind `=`, with a part for each name; write a line for each name

=== compound assignment
block f(x) {
    x += 1
    x **= 2
    return x
}
// expect: 2:7 `+=` is not an operator; write `x = x + …`
// expect: 3:7 `**=` is not an operator; write `x = x ** …`

=== assignment to an element
block f(x) {
    x[0] = 1
    x.shape = 3
    return x
}
// expect: 2:5 only a name can stand before `=`; tensors do not change; give the new one a name
// expect: 3:5 only a name can stand before `=`; tensors do not change; give the new one a name

=== type in an assignment
block f(x) {
    y: f32[3] = x
    return y
}
// expect: 2:6 expected `=` after `y`, found `:`; types are written for inputs and states only

=== let
block f(x) {
    let y = x
    return y
}
// expect: 2:5 `let` is no word of the language; a value is named by `y = …`, a block is `block name(x) { … }`

=== value is missing
block f(x) {
    y =
    return x
}
// expect: 2:8 expected a value after `=`, but the line ends

=== two values
block f(x) {
    y = x z
    return y
}
// expect: 2:11 expected the end of the line, found `z`

=== name twice
block f(x) {
    a, b, a = x.split(3)
    return a
}
// expect: 2:11 `a` stands here twice

=== misspelled return
block f(x) {
    retrun x
}
// expect: 2:5 expected a statement, found `retrun x`; did you mean `return`?

=== misspelled for keeps its body
block f(x) {
    fro i in 0..<3 {
        x = x.relu(
    }
    return x y
}
// expect: 2:5 expected a statement, found `fro i`; did you mean `for`?
// expect: 5:14 expected the end of the line, found `y`

=== while
block f(x) {
    while x > 0 { x = x - 1 }
    return x
}
// expect: 2:5 `while` is no word of the language; loops are `for i in 0..<n { … }` and `repeat n { … }`

=== for without in
block f(x) {
    for i = 0..<3 { x = x + i }
    for i, j in [1, 2] { x = x + i }
    for 3 in [1, 2] { x = x + + }
    for i 0..<3 { x = x + i }
    return x
}
// expect: 2:11 expected `in` after the loop's variable, found `=`; for example `for i in 0..<4 { … }`
// expect: 3:10 expected `in` after the loop's variable, found `,`; for example `for i in 0..<4 { … }`
// expect: 4:9 expected a name after `for`, found `3`; for example `for i in 0..<4 { … }`
// expect: 4:31 expected a value, found `+`
// expect: 5:11 expected `in` after the loop's variable, found `0`; for example `for i in 0..<4 { … }`

=== for without a sequence
block f(x) {
    for i in { x = x + i }
    return x
}
// expect: 2:14 expected a value, found `{`

=== for without a body
block f(x) {
    for i in 0..<3
        x = x + i
    return x
}
// expect: 2:19 expected `{` before the body, but the line ends

=== for in parentheses
block f(x) {
    for (i in 0..<3) { x = x + i }
    return x
}
// expect: 2:9 expected a name after `for`, found `(`; for example `for i in 0..<4 { … }`

=== repeat without a count
block f(x) {
    repeat { x = x + 1 }
    return x
}
// expect: 2:12 expected a value, found `{`

=== if without a condition
block f(x) {
    if { x = 1 } else { x = 2 }
    return x
}
// expect: 2:8 expected a value, found `{`

=== if with an assignment
block f(x) {
    if x = 1 { x = 2 }
    return x
}
// expect: 2:10 expected `{` before the body, found `=`; equality is `==`

=== elif
block f(x) {
    if x == 1 {
        x = 2
    } elif x == 2 {
        x = 3
    }
    return x
}
// expect: 4:7 expected the end of the line, found `elif`; write `else if`

=== else without if
block f(x) {
    else { x = 1 }
    return x
}
// expect: 2:5 this `else` belongs to no `if`

=== else without a brace
block f(x) {
    if x > 1 { x = 2 } else x = 3
    return x
}
// expect: 2:29 expected `{` before the body of `else`, found `x`

=== return without a value
block f(x) {
    return
}
// expect: 2:11 expected a value after `return`, but the line ends

=== label twice
block f(x) {
    return a: x, b: x, a: x
}
// expect: 2:24 `a` is returned already

=== after return
block f(x) {
    return x
    y = x
}
// expect: 3:5 this statement is never reached

=== state without a type
block f(x) {
    state h
    state c = 3
    state d: f32[1] =
    return x
}
// expect: 2:12 expected `:` after the name of a state, but the line ends; for example `state h: f32[1, 256]`
// expect: 3:13 expected `:` after the name of a state, found `=`; for example `state c: f32[1, 256]`
// expect: 4:22 expected the value before the first run, but the line ends

=== next without a value
block f(x) {
    next h
    next c =
    return x
}
// expect: 2:11 expected `=` after `next h`, but the line ends
// expect: 3:13 expected a value, but the line ends

=== check without a condition
block f(x) {
    check
    check x > 1,
    return x
}
// expect: 2:10 expected a condition, but the line ends
// expect: 3:17 expected the message, but the line ends

=== bracket too many
block f(x) {
    y = x.relu())
    z = [1, 2]]
    return y
}
// expect: 2:17 this `)` closes nothing
// expect: 3:15 this `]` closes nothing

=== many statements, many errors
block f(x) {
    a = 
    b = x.conv(3 4, kernel: , stride: 2
    c = [1, , 2]
    if a { c = ) }
    d = x..relu()
    return d
}
// expect: 2:8 expected a value after `=`, but the line ends
// expect: 3:15 `(` is not closed; `)` is missing before `c` of line 4
// expect: 3:18 expected `,` or `)` after an argument, found `4`
// expect: 3:29 expected a value, found `,`
// expect: 4:13 expected a value, found `,`
// expect: 5:16 expected a value, found `)`
// expect: 6:10 `..` is not an operator; `a..<b` ends before `b`, `a...b` with it
