import DLCGraph

/// The gradient of a convolution's result with respect to its weights.
///
/// x `[N, C, spatial…]` and the gradient dy of the result `[N, O, spatial…]` (channels last in both with `channelsLast`)
/// give dw `[O, C / group, kernel…]`: `dw[o, c, k] = Σ dy[n, o, p] · x[n, c, p · stride + k · dilation - pad]` over images and
/// positions. Of a transposed convolution the weights' gradient is the same with its result's gradient as x and its operand
/// as dy.
public struct ConvWeightGradient: Operator {
    public var kernel: [Int] = []
    public var strides: [Int] = []
    public var dilations: [Int] = []
    /// In front of each spatial dimension, then behind each.
    public var pads: [Dim] = []
    public var group = 1
    public var channelsLast = false

    public init() {}

    public init(
        kernel: [Int], strides: [Int], dilations: [Int]? = nil, pads: [Dim], group: Int = 1, channelsLast: Bool = false
    ) {
        self.kernel = kernel
        self.strides = strides
        self.dilations = dilations ?? strides.map { _ in 1 }
        self.pads = pads
        self.group = group
        self.channelsLast = channelsLast
    }

    public var definition: OperatorDefinition { Self.definition }

    public static let definition = OperatorDefinition(
        ConvWeightGradient(), name: "conv_weight_gradient", operands: ["x", "dy"], results: ["dw"], examples: examples
    ) {
        Attribute("kernel", \.kernel)
        Attribute("strides", \.strides)
        Attribute("dilations", \.dilations)
        Attribute("pads", \.pads)
        Attribute("group", \.group)
        Attribute("channels_last", \.channelsLast)
    }

    static let examples: @Sendable () throws -> [Example] = {
        let x = try Tensor.random(seed: 1, shape: [2, 4, 7, 6])
        func example(_ name: String, _ op: ConvWeightGradient, _ x: Tensor, _ dy: [Int]) throws -> Example {
            Example(name, op, [x, try .random(seed: 2, type: x.type, shape: dy)])
        }
        return [
            try example("3x3", .init(kernel: [3, 3], strides: [1, 1], pads: [1, 1, 1, 1]), x, [2, 5, 7, 6]),
            try example("1x1", .init(kernel: [1, 1], strides: [1, 1], pads: [0, 0, 0, 0]), x, [2, 5, 7, 6]),
            try example(
                "strided, uneven", .init(kernel: [2, 3], strides: [2, 1], dilations: [1, 2], pads: [0, 2, 1, 0]), x, [2, 3, 4, 4]),
            try example("remainder", .init(kernel: [2, 2], strides: [3, 4], pads: [0, 0, 0, 0]), x, [2, 3, 2, 2]),
            try example("groups", .init(kernel: [1, 2], strides: [1, 1], pads: [0, 0, 0, 0], group: 2), x, [2, 6, 7, 5]),
            try example("depthwise", .init(kernel: [3, 3], strides: [1, 1], pads: [1, 1, 1, 1], group: 4), x, [2, 4, 7, 6]),
            try example(
                "depthwise, strided, last", .init(kernel: [3, 3], strides: [2, 2], pads: [0, 0, 1, 1], group: 5, channelsLast: true),
                .random(seed: 3, shape: [2, 8, 6, 5]), [2, 4, 3, 5]),
            try example(
                "channels last", .init(kernel: [7, 7], strides: [2, 2], pads: [3, 3, 3, 3], channelsLast: true),
                .random(seed: 4, shape: [1, 9, 8, 3]), [1, 5, 4, 4]),
            try example("1-D", .init(kernel: [4], strides: [3], pads: [1, 0]), .random(seed: 5, shape: [1, 2, 11]), [1, 3, 3]),
            try example(
                "3-D f64", .init(kernel: [3, 2, 2], strides: [1, 1, 1], pads: [1, 0, 0, 1, 0, 0]),
                .random(seed: 6, type: .float64, shape: [1, 2, 3, 4, 5]), [1, 2, 3, 3, 4]),
            try example(
                "no image", .init(kernel: [2, 2], strides: [1, 1], pads: [0, 0, 0, 0]), .random(seed: 7, shape: [0, 2, 3, 3]), [0, 3, 2, 2]),
        ]
    }

    private var windows: Windows { Windows(kernel: kernel, strides: strides, dilations: dilations, pads: pads) }

    public func infer(_ context: inout InferContext) throws -> [Fact] {
        let (x, batch, channels, spatial) = try context.image(0, channelsLast: channelsLast)
        let (dy, dyBatch, outputs, positions) = try context.image(1, channelsLast: channelsLast)
        guard x.element.isFloat, dy.element == x.element, dy.rank == x.rank else {
            throw DLCError("x is \(x.type) and dy is \(dy.type); expected floats of one type and as many dimensions")
        }
        try windows.check(spatial: spatial.count)
        guard group >= 1 else { throw DLCError("group is \(group); expected at least 1") }
        let reason = "dy is \(dy.type) for x \(x.type)"
        try context.require(dyBatch, equals: batch, "\(reason); expected as many images")
        let expected = try windows.counts(spatial, &context)
        try context.require(
            Shape(positions), equals: Shape(expected), "\(reason); expected \(Shape(expected).text) positions of the kernel")
        for (extent, what) in [(channels, "channels of x \(x.type)"), (outputs, "channels of dy \(dy.type)")] {
            try context.require(.divides, Dim(group), extent, "the \(what) divide into \(group) groups")
        }
        return [Fact(x.element, [outputs, try channels.quotient(Dim(group))] + kernel.map { Dim($0) })]
    }

    public func evaluate(_ operands: [Tensor?]) throws -> [Tensor] {
        let (x, dy) = (try Oracle.operand(operands, 0), try Oracle.operand(operands, 1))
        let (input, output) = (ImageIndex(x.shape, channelsLast: channelsLast), ImageIndex(dy.shape, channelsLast: channelsLast))
        let (xs, dys, pads) = (try x.doubles(), try dy.doubles(), try Oracle.numbers(pads, "pads"))
        let (perGroup, outputsPerGroup) = (input.channels / group, max(output.channels / group, 1))
        let shape = [output.channels, perGroup] + kernel
        let taps = kernel.reduce(1, *)
        var result = [Double](repeating: 0, count: shape.reduce(1, *))
        for n in 0..<x.shape[0] {
            Oracle.forEach(output.spatial) { position in
                var tap = -1
                Oracle.forEach(kernel) { k in
                    tap += 1
                    let source = k.indices.map { position[$0] * strides[$0] + k[$0] * dilations[$0] - pads[$0] }
                    guard zip(source, input.spatial).allSatisfy({ $0 >= 0 && $0 < $1 }) else { return }
                    for o in 0..<output.channels {
                        let adjoint = dys[output.offset(n, o, position)]
                        for c in 0..<perGroup {
                            let value = xs[input.offset(n, o / outputsPerGroup * perGroup + c, source)]
                            result[(o * perGroup + c) * taps + tap] += adjoint * value
                        }
                    }
                }
            }
        }
        return [try Tensor(doubles: result, type: x.type, shape: shape)]
    }
}
