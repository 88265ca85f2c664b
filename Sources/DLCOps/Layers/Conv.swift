import DLCGraph

/// Convolution (ONNX Conv) in any number of spatial dimensions.
///
/// x `[N, C, spatial…]` (`[N, spatial…, C]` with `channelsLast`), w `[O, C / group, kernel…]`, bias `[O]`.
public struct Conv: Operator {
    public var strides: [Int] = []
    public var dilations: [Int] = []
    /// In front of each spatial dimension, then behind each.
    public var pads: [Dim] = []
    public var group = 1
    public var channelsLast = false

    public init() {}

    public init(strides: [Int], dilations: [Int]? = nil, pads: [Dim], group: Int = 1, channelsLast: Bool = false) {
        self.strides = strides
        self.dilations = dilations ?? strides.map { _ in 1 }
        self.pads = pads
        self.group = group
        self.channelsLast = channelsLast
    }

    public var definition: OperatorDefinition { Self.definition }

    public static let definition = OperatorDefinition(
        Conv(), name: "conv", operands: ["x", "w", "bias?"],
        onnx: [ONNXMapping("Conv", read: read, write: write)], examples: examples
    ) {
        Attribute("strides", \.strides)
        Attribute("dilations", \.dilations)
        Attribute("pads", \.pads)
        Attribute("group", \.group)
        Attribute("channels_last", \.channelsLast)
    }

    static let examples: @Sendable () throws -> [Example] = {
        let x = try Tensor.random(seed: 1, shape: [2, 4, 7, 6])
        let last = try Tensor.random(seed: 2, shape: [1, 9, 8, 3])
        return [
            Example(
                "3x3", Conv(strides: [1, 1], pads: [1, 1, 1, 1]),
                [x, try .random(seed: 3, shape: [5, 4, 3, 3]), try .random(seed: 4, shape: [5])]),
            Example(
                "strided, uneven", Conv(strides: [2, 1], dilations: [1, 2], pads: [0, 2, 1, 0]),
                [x, try .random(seed: 5, shape: [3, 4, 2, 3])]),
            Example("groups", Conv(strides: [1, 1], pads: [0, 0, 0, 0], group: 2), [x, try .random(seed: 6, shape: [6, 2, 1, 1])]),
            Example("depthwise", Conv(strides: [1, 1], pads: [1, 1, 1, 1], group: 4), [x, try .random(seed: 7, shape: [4, 1, 3, 3])]),
            Example(
                "channels last", Conv(strides: [2, 2], pads: [3, 3, 3, 3], channelsLast: true),
                [last, try .random(seed: 8, shape: [4, 3, 7, 7])]),
            Example(
                "1-D", Conv(strides: [3], pads: [1, 0]),
                [try .random(seed: 9, shape: [1, 2, 11]), try .random(seed: 10, shape: [3, 2, 4])]),
            Example(
                "3-D", Conv(strides: [1, 1, 1], pads: [1, 0, 0, 1, 0, 0]),
                [try .random(seed: 11, shape: [1, 2, 3, 4, 5]), try .random(seed: 12, shape: [2, 2, 3, 2, 2])]),
            Example(
                "most taps in the padding", Conv(strides: [1, 1], dilations: [9, 6], pads: [9, 6, 9, 6]),
                [x, try .random(seed: 15, shape: [3, 4, 3, 3])]),
            Example(
                "dilated, many channels", Conv(strides: [1, 1], dilations: [4, 3], pads: [4, 3, 4, 3]),
                [try .random(seed: 16, shape: [1, 20, 7, 6]), try .random(seed: 17, shape: [5, 20, 3, 3])]),
            Example(
                "shallow volume", Conv(strides: [1, 1, 1], pads: [1, 1, 1, 1, 1, 1]),
                [try .random(seed: 18, shape: [1, 2, 1, 4, 5]), try .random(seed: 19, shape: [3, 2, 3, 3, 3])]),
            Example(
                "groups of four", Conv(strides: [1, 1], pads: [1, 1, 1, 1], group: 5),
                [try .random(seed: 20, shape: [1, 20, 5, 6]), try .random(seed: 21, shape: [20, 4, 3, 3])]),
            Example(
                "depthwise, dilated", Conv(strides: [1, 1], dilations: [2, 2], pads: [4, 4, 4, 4], group: 4),
                [x, try .random(seed: 22, shape: [4, 1, 5, 5])]),
            Example(
                "f64", Conv(strides: [1, 1], pads: [0, 0, 0, 0]),
                [try .random(seed: 13, type: .float64, shape: [1, 2, 5, 5]), try .random(seed: 14, type: .float64, shape: [2, 2, 3, 3])]),
        ]
    }

    private static let read: @Sendable (inout ONNXReader) throws -> [Value] = { reader in
        try reader.add(configured(reader, x: reader.fact(0), w: reader.fact(1)), reader.operands)
    }

    /// The convolution that a node's attributes say for an image and weights.
    static func configured(_ reader: ONNXReader, x: Fact, w: Fact) throws -> Conv {
        try reader.allowAttributes(["auto_pad", "dilations", "group", "kernel_shape", "pads", "strides"])
        guard x.rank >= 3, w.rank == x.rank else {
            throw DLCError("x is \(x.type) and w is \(w.type): expected the same number of dimensions, at least 3")
        }
        guard let kernel = Shape(w.shape[2...]).constants else { throw DLCError("the kernel of w \(w.type) must be numbers") }
        let windows = try Windows.read(reader, extents: Array(x.shape[2...]), kernel: kernel)
        var op = Conv()
        (op.strides, op.dilations, op.pads) = (windows.strides, windows.dilations, windows.pads)
        op.group = try reader.attribute("group") ?? 1
        return op
    }

    private static let write: @Sendable (inout ONNXWriter) throws -> Void = { writer in
        guard let op = writer.op as? Conv else { return }
        try op.write(&writer, as: "Conv")
    }

    /// Writes the node under an operator's name that has the attributes of Conv.
    func write(_ writer: inout ONNXWriter, as opType: String) throws {
        guard let x = writer.operandFacts[0], let w = writer.operandFacts[1], let kernel = Shape(w.shape[2...]).constants else { return }
        let attributes = try windows(kernel).attributes(x.spatial(channelsLast: channelsLast)) + [("group", .int(group))]
        writer.image(opType, channelsLast: channelsLast, attributes: attributes)
    }

    /// The windows for weights with the given kernel.
    func windows(_ kernel: [Int]) -> Windows { Windows(kernel: kernel, strides: strides, dilations: dilations, pads: pads) }

    /// The result's shape.
    /// - Parameter ofIntegers: whether the caller has checked the types.
    func resultShape(_ context: inout InferContext, ofIntegers: Bool = false) throws -> Shape {
        let (x, batch, channels, spatial) = try context.image(0, channelsLast: channelsLast)
        let w = try context.operand(1)
        guard ofIntegers || x.element.isFloat && w.element == x.element else {
            throw DLCError("x is \(x.type) and w is \(w.type); expected floats of one type")
        }
        guard w.rank == x.rank else { throw DLCError("w is \(w.type); expected \(x.rank) dimensions as in x \(x.type)") }
        guard let kernel = Shape(w.shape[2...]).constants else { throw DLCError("the kernel of w \(w.type) must be numbers") }
        let windows = windows(kernel)
        try windows.check(spatial: spatial.count)
        guard group >= 1 else { throw DLCError("group is \(group); expected at least 1") }
        let expected = try w.shape[1].times(Dim(group))
        try context.require(
            channels, equals: expected, "w \(w.type) with group \(group) expects \(expected) input channels, x \(x.type) has \(channels)")
        if let outputs = w.shape[0].constant, outputs % group != 0 {
            throw DLCError("\(outputs) output channels do not divide into \(group) groups")
        }
        try context.require(.divides, Dim(group), w.shape[0], "the output channels of w \(w.type) divide into \(group) groups")
        if !ofIntegers, let bias = context.optional(2) {
            try context.expect(2, "bias", sameTypeAs: 0)
            try context.require(bias.shape, equals: [w.shape[0]], "bias is \(bias.type); expected [\(w.shape[0])]")
        }
        return ImageIndex.shape(batch, w.shape[0], try windows.counts(spatial, &context), channelsLast: channelsLast)
    }

    public func infer(_ context: inout InferContext) throws -> [Fact] {
        [Fact(try context.operand(0).element, try resultShape(&context))]
    }

    public func evaluate(_ operands: [Tensor?]) throws -> [Tensor] {
        let (x, w) = (try Oracle.operand(operands, 0), try Oracle.operand(operands, 1))
        let kernel = Array(w.shape[2...])
        let windows = windows(kernel)
        let pads = try Oracle.numbers(pads, "pads")
        let input = ImageIndex(x.shape, channelsLast: channelsLast)
        let extents = try Oracle.numbers(windows.counts(input.spatial.map { Dim($0) }), "shape")
        let shape = ImageIndex.shape(x.shape[0], w.shape[0], extents, channelsLast: channelsLast)
        let output = ImageIndex(shape, channelsLast: channelsLast)
        let (xs, ws, bs) = (try x.doubles(), try w.doubles(), try Oracle.optional(operands, 2)?.doubles())
        var result = [Double](repeating: 0, count: shape.reduce(1, *))
        let perGroup = w.shape[1]
        let taps = kernel.reduce(1, *)
        let outputsPerGroup = max(w.shape[0] / group, 1)
        let step = input.strides[input.channelAxis]
        for n in 0..<x.shape[0] {
            Oracle.forEach(extents) { position in
                var sums = bs ?? [Double](repeating: 0, count: w.shape[0])
                var tap = -1
                Oracle.forEach(kernel) { k in
                    tap += 1
                    let source = k.indices.map { position[$0] * strides[$0] + k[$0] * dilations[$0] - pads[$0] }
                    guard zip(source, input.spatial).allSatisfy({ $0 >= 0 && $0 < $1 }) else { return }
                    let start = input.offset(n, 0, source)
                    for o in 0..<w.shape[0] {
                        let first = start + o / outputsPerGroup * perGroup * step
                        var sum = 0.0
                        for c in 0..<perGroup { sum += xs[first + c * step] * ws[(o * perGroup + c) * taps + tap] }
                        sums[o] += sum
                    }
                }
                for o in 0..<w.shape[0] { result[output.offset(n, o, position)] = sums[o] }
            }
        }
        return [try Tensor(doubles: result, type: x.type, shape: shape)]
    }
}
