=== operand is missing
block f(x) {
    y = x + * 2
    return x *
}
// expect: 2:13 expected a value, found `*`
// expect: 3:15 expected a value, but the line ends

=== comparisons in a chain
block f(x) {
    check 0 < x < 3
    y = 0..<x..<3
    return x
}
// expect: 2:17 `<` and `<` do not chain; write `a < b && b < c`
// expect: 3:14 `..<` and `..<` do not chain

=== equality by one sign
block f(x) {
    check x = 3, "x is 3"
    return x ? 1 = 2 : 3
}
// expect: 2:13 expected the end of the line, found `=`; equality is `==`
// expect: 3:18 expected `:` after the first value of `?`, found `=`; a choice is written `condition ? a : b`

=== words for operators
block f(x, a, b) {
    check a and b
    check not a
    if a or b { x = 1 }
    return a mod b
}
// expect: 2:13 expected the end of the line, found `and`; did you mean `&&`?
// expect: 3:15 expected the end of the line, found `a`; did you mean `!`?
// expect: 4:10 expected `{` before the body, found `or`; did you mean `||`?
// expect: 5:14 expected the end of the line, found `mod`; did you mean `%`?

=== conditional expression of Python
block f(x, a) {
    y = 1 if a else 2
    return y
}
// expect: 2:11 expected the end of the line, found `if`; a choice is written `condition ? a : b`

=== list comprehension of Python
block f(x, a) {
    y = [i * i for i in 0..<3]
    return y
}
// expect: 2:16 expected `,` or `]` after a value, found `for`; a list is written out, or made by statements; `for` is a statement

=== choice without a colon
block f(x, a) {
    y = a ? 1
    z = a ? 1 : 
    w = a ? 1, 2
    return y
}
// expect: 2:14 expected `:` after the first value of `?`, but the line ends; a choice is written `condition ? a : b`
// expect: 3:16 expected a value, but the line ends
// expect: 4:14 expected `:` after the first value of `?`, found `,`; a choice is written `condition ? a : b`

=== argument by equals sign
block f(x) {
    return x.conv(64, kernel=3, stride=2)
}
// expect: 2:29 expected `:` after the label `kernel`, found `=`; arguments are labelled `kernel: …`
// expect: 2:39 expected `:` after the label `stride`, found `=`; arguments are labelled `stride: …`

=== arguments by equals sign in lines of their own
block f(x) {
    y = x.conv(
        64,
        kernel=3,
        stride=2
    )
    return y
}
// expect: 4:15 expected `:` after the label `kernel`, found `=`; arguments are labelled `kernel: …`
// expect: 5:15 expected `:` after the label `stride`, found `=`; arguments are labelled `stride: …`

=== comma is missing
block f(x) {
    return x.conv(64 kernel: 3, stride: 2 padding: 1)
}
// expect: 2:22 expected `,` or `)` after an argument, found `kernel`
// expect: 2:43 expected `,` or `)` after an argument, found `padding`

=== argument is missing
block f(x) {
    return x.conv(64, , stride: )
}
// expect: 2:23 expected a value, found `,`
// expect: 2:33 expected a value, found `)`

=== call not closed
block f(x) {
    y = x.conv(64, kernel: 3
    z = y.relu(
    return z.dense(10
}
// expect: 2:15 `(` is not closed; `)` is missing before `z` of line 3
// expect: 3:15 `(` is not closed; `)` is missing before `return` of line 4
// expect: 4:19 `(` is not closed; `)` is missing before `}` of line 5

=== list not closed
block f(x) {
    y = [1, 2
    for i in [1, 2 { y = y + i }
    return y
}
// expect: 2:9 `[` is not closed; `]` is missing before `for` of line 3
// expect: 3:14 `[` is not closed; `]` is missing before `{` of line 3

=== wrong bracket
block f(x) {
    y = x.conv(64]
    z = [1, 2)
    return y
}
// expect: 2:18 expected `,` or `)` after an argument, found `]`
// expect: 3:14 expected `,` or `]` after a value, found `)`

=== parentheses not closed
block f(x) {
    y = (x + 1
    return y
}
// expect: 2:9 `(` is not closed; `)` is missing before `return` of line 3

=== two values in parentheses
block f(x) {
    y = (1, 2)
    z = ()
    return y
}
// expect: 2:9 parentheses hold one value, here are 2; a list is written `[a, b]`
// expect: 3:9 there is no value between `(` and `)`; a list is written `[a, b]`

=== name after a point
block f(x) {
    y = x.
    z = x.3
    return y.(3)
}
// expect: 2:11 expected a name after `.`, but the line ends
// expect: 3:11 expected a name after `.`, found `3`
// expect: 4:14 expected a name after `.`, found `(`

=== no index
block f(x) {
    return x[] + x[1:2:3:4]
}
// expect: 2:13 there is no index between `[` and `]`; for example `x[0]` or `x[:, 1:3]`
// expect: 2:25 expected `,` or `]` after an index, found `:`

=== call in the next line
block f(x) {
    y = f
    (x)
    return y
}
// expect: 3:5 the value of this line is not used; give it a name, `y = …`, or return it

=== plus as a sign
block f(x) { return +x }
// expect: 1:21 expected a value, found `+`

=== increment
block f(x) {
    x++
    return x
}
// expect: 2:7 expected a value, found `+`

=== function in place
block f(x) {
    y = x.map(i => i + 1)
    z = { x }
    return y
}
// expect: 2:17 expected `:` after the label `i`, found `=`; arguments are labelled `i: …`
// expect: 2:18 expected a value, found `>`
// expect: 3:9 expected a value, found `{`

=== text beside text
block f(x) { return "a" "b" }
// expect: 1:25 expected the end of the line, found `"b"`

=== index by a comma too many
block f(x) { return x[1,,2] }
// expect: 1:25 expected a value, found `,`

=== value missing before a statement
block f(x, a) {
    b = x +
    c = a ? 1 :
    d = !
    return x *
}
// expect: 2:12 expected a value, but the line ends
// expect: 3:16 expected a value, but the line ends
// expect: 4:10 expected a value, but the line ends
// expect: 5:15 expected a value, but the line ends
