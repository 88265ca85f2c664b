import DLCGraph

/// Transposed convolution (ONNX ConvTranspose; Zeiler et al., 2010).
///
/// x `[N, C, spatial…]` (`[N, spatial…, C]` with `channelsLast`), w `[C, O / group, kernel…]`, bias `[O]`. The extents are
/// `stride · (in - 1) + outputPadding + (kernel - 1) · dilation + 1 - pads`.
public struct ConvTranspose: Operator {
    public var strides: [Int] = []
    public var dilations: [Int] = []
    /// In front of each spatial dimension, then behind each.
    public var pads: [Dim] = []
    public var outputPadding: [Int] = []
    public var group = 1
    public var channelsLast = false

    public init() {}

    public init(
        strides: [Int], dilations: [Int]? = nil, pads: [Dim], outputPadding: [Int]? = nil, group: Int = 1, channelsLast: Bool = false
    ) {
        self.strides = strides
        self.dilations = dilations ?? strides.map { _ in 1 }
        self.pads = pads
        self.outputPadding = outputPadding ?? strides.map { _ in 0 }
        self.group = group
        self.channelsLast = channelsLast
    }

    public var definition: OperatorDefinition { Self.definition }

    public static let definition = OperatorDefinition(
        ConvTranspose(), name: "conv_transpose", operands: ["x", "w", "bias?"],
        onnx: [ONNXMapping("ConvTranspose", read: read, write: write)],
        examples: {
            let x = try Tensor.random(seed: 1, shape: [2, 4, 3, 5])
            return [
                Example(
                    "2x2 stride 2", ConvTranspose(strides: [2, 2], pads: [0, 0, 0, 0]),
                    [x, try .random(seed: 2, shape: [4, 3, 2, 2]), try .random(seed: 3, shape: [3])]),
                Example(
                    "overlapping", ConvTranspose(strides: [2, 1], pads: [1, 0, 0, 1], outputPadding: [1, 0]),
                    [x, try .random(seed: 4, shape: [4, 3, 3, 3])]),
                Example(
                    "groups, dilated", ConvTranspose(strides: [1, 2], dilations: [2, 1], pads: [0, 0, 0, 0], group: 2),
                    [x, try .random(seed: 5, shape: [4, 3, 2, 3])]),
                Example(
                    "channels last", ConvTranspose(strides: [2, 2], pads: [1, 1, 1, 1], channelsLast: true),
                    [try .random(seed: 6, shape: [1, 4, 3, 6]), try .random(seed: 7, shape: [6, 5, 4, 4])]),
                Example(
                    "longer than its windows", ConvTranspose(strides: [3, 2], pads: [0, 1, -2, -1]),
                    [x, try .random(seed: 10, shape: [4, 3, 2, 3])]),
                Example(
                    "1-D f64", ConvTranspose(strides: [3], pads: [0, 0]),
                    [try .random(seed: 8, type: .float64, shape: [1, 2, 4]), try .random(seed: 9, type: .float64, shape: [2, 1, 2])]),
            ]
        }
    ) {
        Attribute("strides", \.strides)
        Attribute("dilations", \.dilations)
        Attribute("pads", \.pads)
        Attribute("output_padding", \.outputPadding)
        Attribute("group", \.group)
        Attribute("channels_last", \.channelsLast)
    }

    private static let read: @Sendable (inout ONNXReader) throws -> [Value] = { reader in
        try reader.allowAttributes(["auto_pad", "dilations", "group", "kernel_shape", "output_padding", "output_shape", "pads", "strides"])
        let (x, w) = (try reader.fact(0), try reader.fact(1))
        guard x.rank >= 3, w.rank == x.rank else {
            throw DLCError("x is \(x.type) and w is \(w.type): expected the same number of dimensions, at least 3")
        }
        guard let kernel = Shape(w.shape[2...]).constants else { throw DLCError("the kernel of w \(w.type) must be numbers") }
        let spatial = kernel.count
        let extents = Array(x.shape[2...])
        let mode: AutoPad = try reader.attribute("auto_pad") ?? .notSet
        // SAME here is about the result: extents · strides; the windows themselves carry no padding yet.
        var windows = try Windows.read(reader, extents: extents, kernel: kernel)
        var op = ConvTranspose()
        op.group = try reader.attribute("group") ?? 1
        op.outputPadding = try reader.attribute("output_padding") ?? kernel.map { _ in 0 }
        guard op.outputPadding.count == spatial else { throw DLCError("output_padding \(op.outputPadding) must have \(spatial) entries") }
        var wanted: [Dim]?
        if let shape: [Int] = try reader.attribute("output_shape") {
            guard shape.count == spatial else { throw DLCError("output_shape \(shape) must have \(spatial) entries") }
            wanted = shape.map { Dim($0) }
        } else if mode == .sameUpper || mode == .sameLower {
            wanted = try extents.indices.map { try extents[$0].times(Dim(windows.strides[$0])) }
        }
        if let wanted {
            var (front, back): ([Dim], [Dim]) = ([], [])
            for axis in 0..<spatial {
                let full = try extents[axis].minus(1).times(Dim(windows.strides[axis])).plus(Dim(op.outputPadding[axis])).plus(
                    Dim(windows.reach(axis)))
                let total = try full.minus(wanted[axis])
                // A result larger than the windows reach is padded behind.
                if let total = total.constant, total < 0 {
                    op.outputPadding[axis] = try Checked.add(op.outputPadding[axis], Checked.multiply(total, -1))
                    front.append(0)
                    back.append(0)
                    continue
                }
                let half = try total.quotient(2)
                let rest = try total.minus(half)
                front.append(mode == .sameUpper ? half : rest)
                back.append(mode == .sameUpper ? rest : half)
            }
            windows.pads = front + back
        }
        (op.strides, op.dilations, op.pads) = (windows.strides, windows.dilations, windows.pads)
        return try reader.add(op, reader.operands)
    }

    private static let write: @Sendable (inout ONNXWriter) throws -> Void = { writer in
        guard let op = writer.op as? ConvTranspose, let x = writer.operandFacts[0], let w = writer.operandFacts[1],
            let kernel = Shape(w.shape[2...]).constants
        else { return }
        // Padding that is missing behind is written as padding of the result.
        var (pads, outputPadding) = (op.pads, op.outputPadding)
        for axis in kernel.indices {
            guard let behind = pads[axis + kernel.count].constant, behind < 0 else { continue }
            outputPadding[axis] = try Checked.add(outputPadding[axis], Checked.multiply(behind, -1))
            pads[axis + kernel.count] = 0
        }
        let windows = Windows(kernel: kernel, strides: op.strides, dilations: op.dilations, pads: pads)
        var attributes = try windows.attributes(x.spatial(channelsLast: op.channelsLast)) + [("group", .int(op.group))]
        if outputPadding.contains(where: { $0 != 0 }) { attributes.append(("output_padding", .ints(outputPadding))) }
        writer.image("ConvTranspose", channelsLast: op.channelsLast, attributes: attributes)
    }

    /// The result's extents for input extents and a kernel.
    private func extents(_ input: [Dim], _ kernel: [Int]) throws -> [Dim] {
        let windows = Windows(kernel: kernel, strides: strides, dilations: dilations, pads: pads)
        return try input.indices.map { axis in
            let full = try input[axis].minus(1).times(Dim(strides[axis])).plus(Dim(outputPadding[axis])).plus(Dim(windows.reach(axis)))
            let extent = try full.minus(pads[axis]).minus(pads[axis + kernel.count])
            if let value = extent.constant, value < 0 { throw DLCError("pads \(pads.text) leave \(value) of spatial dimension \(axis)") }
            return extent
        }
    }

    /// The result's shape.
    func resultShape(_ context: inout InferContext) throws -> Shape {
        let (x, batch, channels, spatial) = try context.image(0, channelsLast: channelsLast)
        let w = try context.operand(1)
        guard x.element.isFloat, w.element == x.element else {
            throw DLCError("x is \(x.type) and w is \(w.type); expected floats of one type")
        }
        guard w.rank == x.rank, let kernel = Shape(w.shape[2...]).constants else {
            throw DLCError("w is \(w.type); expected \(x.rank) dimensions and a kernel of numbers")
        }
        try Windows(kernel: kernel, strides: strides, dilations: dilations, pads: pads).check(spatial: spatial.count)
        guard outputPadding.count == spatial.count, group >= 1 else {
            throw DLCError("output_padding \(outputPadding) must have \(spatial.count) entries, group \(group) be at least 1")
        }
        let reason = "w \(w.type) expects \(w.shape[0]) input channels in \(group) groups, x \(x.type) has \(channels)"
        try context.require(channels, equals: w.shape[0], reason)
        try context.require(.divides, Dim(group), channels, reason)
        let outputs = try w.shape[1].times(Dim(group))
        if let bias = context.optional(2) {
            try context.expect(2, "bias", sameTypeAs: 0)
            try context.require(bias.shape, equals: [outputs], "bias is \(bias.type); expected [\(outputs)]")
        }
        let result = try extents(spatial, kernel)
        for extent in result { try context.require(.atLeast, extent, 0, "pads \(pads.text) leave \(extent) of x \(x.type)") }
        return ImageIndex.shape(batch, outputs, result, channelsLast: channelsLast)
    }

    public func infer(_ context: inout InferContext) throws -> [Fact] {
        [Fact(try context.operand(0).element, try resultShape(&context))]
    }

    public func evaluate(_ operands: [Tensor?]) throws -> [Tensor] {
        let (x, w) = (try Oracle.operand(operands, 0), try Oracle.operand(operands, 1))
        let kernel = Array(w.shape[2...])
        let pads = try Oracle.numbers(pads, "pads")
        let input = ImageIndex(x.shape, channelsLast: channelsLast)
        let extents = try Oracle.numbers(extents(input.spatial.map { Dim($0) }, kernel), "shape")
        let outputsPerGroup = w.shape[1]
        let shape = ImageIndex.shape(x.shape[0], outputsPerGroup * group, extents, channelsLast: channelsLast)
        let output = ImageIndex(shape, channelsLast: channelsLast)
        let (xs, ws, bs) = (try x.doubles(), try w.doubles(), try Oracle.optional(operands, 2)?.doubles())
        var result = [Double](repeating: 0, count: shape.reduce(1, *))
        let taps = kernel.reduce(1, *)
        let inputsPerGroup = max(input.channels / group, 1)
        for n in 0..<x.shape[0] {
            Oracle.forEach(extents) { position in
                for o in 0..<output.channels { result[output.offset(n, o, position)] = bs?[o] ?? 0 }
            }
            Oracle.forEach(input.spatial) { position in
                var tap = -1
                Oracle.forEach(kernel) { k in
                    let target = k.indices.map { position[$0] * strides[$0] + k[$0] * dilations[$0] - pads[$0] }
                    tap += 1
                    guard zip(target, extents).allSatisfy({ $0 >= 0 && $0 < $1 }) else { return }
                    let (from, to) = (input.offset(n, 0, position), output.offset(n, 0, target))
                    for c in 0..<input.channels {
                        let value = xs[from + c * input.strides[input.channelAxis]]
                        for o in 0..<outputsPerGroup {
                            let channel = c / inputsPerGroup * outputsPerGroup + o
                            result[to + channel * output.strides[output.channelAxis]] += value * ws[(c * outputsPerGroup + o) * taps + tap]
                        }
                    }
                }
            }
        }
        return [try Tensor(doubles: result, type: x.type, shape: shape)]
    }
}
