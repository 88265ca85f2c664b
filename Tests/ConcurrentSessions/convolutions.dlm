/// Layers that several threads share.
model Convolutions(x: f32[1, 8, 20, 20]) {
    repeat 4 { x = x.conv(8, kernel: 3, padding: 1, bias: false).tanh() }
    return y: x.softmax(axis: 1)
}
