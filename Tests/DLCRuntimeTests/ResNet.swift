import DLC

/// ResNet-50 (He et al., 2016) with random weights, as a graph: the network that the runtime's promises are tested on.
func resNet50() throws -> Graph {
    var network = ResNetBuilder()
    var x = try network.builder.input("image", TensorType(.float32, [1, 3, 224, 224]))
    x = try network.conv(x, 3, 64, kernel: 7, stride: 2, relu: true)
    x = try network.builder.add1(Pool(.max, kernel: [3, 3], strides: [2, 2], pads: [1, 1, 1, 1]), [x])
    var channels = 64
    for (stage, blocks) in [3, 4, 6, 3].enumerated() {
        let width = 64 << stage
        for block in 0..<blocks {
            let stride = block == 0 && stage > 0 ? 2 : 1
            let shortcut = block == 0 ? try network.conv(x, channels, 4 * width, kernel: 1, stride: stride, relu: false) : x
            var y = try network.conv(x, channels, width, kernel: 1, stride: 1, relu: true)
            y = try network.conv(y, width, width, kernel: 3, stride: stride, relu: true)
            y = try network.conv(y, width, 4 * width, kernel: 1, stride: 1, relu: false)
            x = try network.builder.add1(Unary(.relu), [try network.builder.add1(Binary(.add), [y, shortcut])])
            channels = 4 * width
        }
    }
    x = try network.builder.add1(Reduce(.mean, axes: [2, 3], keepDims: false), [x])
    let weights = try network.weights([channels, 1000])
    try network.builder.output("scores", try network.builder.add1(MatMul(), [x, weights]))
    return network.builder.graph
}

private struct ResNetBuilder {
    var builder = GraphBuilder(name: "resnet50")
    private var random = SplitMix64(seed: 50)

    /// Weights uniform in ±√(3 / fan-in), so that activations keep their size.
    mutating func weights(_ shape: [Int]) throws -> Value {
        let bound = Float((3 / Double(shape.dropFirst().reduce(1, *))).squareRoot())
        let values = (0..<shape.reduce(1, *)).map { _ in Float(random.uniform() * 2 - 1) * bound }
        return builder.constant(try Tensor(values, shape: shape))
    }

    /// Convolution, batch norm and perhaps ReLU.
    mutating func conv(_ x: Value, _ inputs: Int, _ outputs: Int, kernel: Int, stride: Int, relu: Bool) throws -> Value {
        let pad = Dim(kernel / 2)
        let w = try weights([outputs, inputs, kernel, kernel])
        let y = try builder.add1(Conv(strides: [stride, stride], pads: [pad, pad, pad, pad]), [x, w])
        let statistics = try [1.0, 0.1, 0.0, 1.0].map { builder.constant(try Tensor(filling: $0, type: .float32, shape: [outputs])) }
        let z = try builder.add1(BatchNormalization(), [y] + statistics)
        return relu ? try builder.add1(Unary(.relu), [z]) : z
    }
}
