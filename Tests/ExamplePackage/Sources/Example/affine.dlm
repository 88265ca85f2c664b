/// One more than twice the first number and three times the second, as its weights have it.
model Affine(x: f32[1, 2]) {
    return y: x.dense(1, name: "line")
}
