=== a character of no meaning
model M(x: f32[N]) {
    return x × 2
}
// expect: 2:14 `×` is not an operator; did you mean `*`?

=== two characters of no meaning, both reported
model M(x: f32[N]) {
    y = $x
    return y → x
}
// expect: 2:9 `$` has no meaning outside of texts and comments
// expect: 3:14 `→` has no meaning outside of texts and comments

=== semicolon
model M(x: f32[N]) {
    y = x; z = y
    return z
}
// expect: 2:10 `;` is not needed; a statement ends with its line

=== single ampersand and bar
model M(x: f32[N], a = 1) {
    return a > 1 & a < 3 | a == 0 ? x : x
}
// expect: 2:18 `&` is not an operator; did you mean `&&`?
// expect: 2:26 `|` is not an operator; did you mean `||`?

=== caret as power
model M(x: f32[N]) { return x ^ 2 }
// expect: 1:31 `^` is not an operator; a power is written `a ** b`

=== two points
model M(x: f32[N]) {
    for i in 0..4 { x = x + i }
    return x
}
// expect: 2:15 `..` is not an operator; `a..<b` ends before `b`, `a...b` with it

=== hash comment
# a model
model M(x: f32[N]) { return x }
// expect: 1:1 `#` begins nothing; a comment begins with `//`

=== long comment
/* a
   model */
model M(x: f32[N]) { return x }
// expect: 1:1 `/*` begins nothing; a comment begins with `//` and ends with its line

=== single quotes
model M(x: f32[N]) { return x.conv(3, padding: 'same') }
// expect: 1:48 `'` begins nothing; a text stands in double quotes

=== text not closed
model M(x: f32[N]) {
    y = x.conv(3, name: "conv1)
    return y
}
// expect: 2:25 this text is not closed; a text ends with `"` in the line where it begins

=== text closed in the next line
model M(x: f32[N]) {
    check N > 1, "too
 small"
    return x
}
// expect: 2:18 this text is not closed; a text ends with `"` in the line where it begins
// expect: 3:7 this text is not closed; a text ends with `"` in the line where it begins

=== interpolation not closed
model M(x: f32[N]) {
    return x.conv(3, name: "conv\(1")
}
// expect: 2:28 this text is not closed; a text ends with `"` in the line where it begins

=== unknown escape
model M(x: f32[N]) { return x.conv(3, name: "a\qb\r") }
// expect: 1:47 `\q` is not an escape; there are `\"`, `\\`, `\n`, `\t` and `\(value)`
// expect: 1:50 `\r` is not an escape; there are `\"`, `\\`, `\n`, `\t` and `\(value)`

=== empty interpolation
model M(x: f32[N]) { return x.conv(3, name: "a\()") }
// expect: 1:47 there is no value between `\(` and `)`

=== comment in a text
model M(x: f32[N]) { return x.conv(3, name: "a\(N // 2)") }
// expect: 1:51 `//` begins a comment, which cannot stand in a text; the floor of a quotient is `a ~/ b`

=== two values in an interpolation
model M(x: f32[N]) { return x.conv(3, name: "a\(1 2) \(3 +)") }
// expect: 1:51 expected `)` after the value, found `2`
// expect: 1:59 expected a value, but the text ends

=== point without digits
model M(x: f32[N]) { return x * 2. + .5 }
// expect: 1:33 `2.` has no digits after the point; write `2.0`
// expect: 1:38 `.5` has no digits before the point; write `0.5`

=== number with letters
model M(x: f32[N]) { return x * 3x + 0x10 }
// expect: 1:33 `3x` is neither a number nor a name; numbers are decimal, such as `16`, `0.5` or `1e-5`; names begin with a letter
// expect: 1:38 `0x10` is neither a number nor a name; numbers are decimal, such as `16`, `0.5` or `1e-5`; names begin with a letter

=== integer too large
model M(x: f32[N]) { return x * 99999999999999999999 }
// expect: 1:33 the integer 99999999999999999999 is too large; integers go to 9223372036854775807

=== number too large
model M(x: f32[N]) { return x * 1e999 }
// expect: 1:33 the number 1e999 is too large; for no bound at all there is `.infinity`

=== a dot and an unknown word
model M(x: f32[N]) { return x.clip(0, .infinty) + x.pad(1, mode: .reflect) }
// expect: 1:39 `.infinty` follows no value; did you mean `.infinity`?
// expect: 1:66 `.reflect` follows no value; a choice among names is a text, `"reflect"`

=== word of the language as a name
model M(x: f32[N]) {
    in = x
    repeat = x
    true, b = x
    return x
}
// expect: 2:5 `in` is a word of the language, not a name; choose another name, such as `in_`
// expect: 3:5 `repeat` is a word of the language, not a name; choose another name, such as `repeat_`
// expect: 4:9 expected the end of the line, found `,`

=== word of the language as a parameter
block f(x, for = 3) { return x }
// expect: 1:12 `for` is a word of the language, not a name; choose another name, such as `for_`

=== underscore as a value
block f(x) { return _ }
// expect: 1:21 `_` has no value; it discards a part on the left of `=`

=== typographic signs
block f(x) { return x × 2 ÷ 3 − 1 ≤ 4 }
// expect: 1:23 `×` is not an operator; did you mean `*`?
// expect: 1:27 `÷` is not an operator; did you mean `/`?
// expect: 1:31 `−` is not an operator; did you mean `-`?
// expect: 1:35 `≤` is not an operator; did you mean `<=`?

=== typographic quotes
block f(x) { return x.conv(3, name: “conv”) }
// expect: 1:37 `“` has no meaning outside of texts and comments; a text stands in double quotes, `"`
// expect: 1:42 `”` has no meaning outside of texts and comments; a text stands in double quotes, `"`

=== invisible characters
block f(x) {
    return x +​1
}
// expect: 2:11 the character U+A0 has no meaning outside of texts and comments; write a blank or nothing
// expect: 2:15 the character U+200B has no meaning outside of texts and comments; write a blank or nothing

=== quotient as in Python
block f(x, width) {
    half = width // 2
    y = x.conv(width, padding: width // 2)
    z = y.relu() // 56
    w = x.conv(3, // the classes
        kernel: 1) // 3
    return x.shape[1] // 2
}
// expect: 2:18 `//` begins a comment; the floor of a quotient is `a ~/ 2`; say in a word what the number is if it is a comment
// expect: 3:15 `(` is not closed
// expect: 7:23 `//` begins a comment; the floor of a quotient is `a ~/ 2`; say in a word what the number is if it is a comment
