import DLCGraph
import DLCRuntime

/// Convolution of 8-bit integers minus their zero points, in i32 that wraps (ONNX ConvInteger). x and w may each be signed or
/// not; operands and attributes are otherwise those of `Conv`. Padding is the zero point of x.
public struct IntegerConv: Operator {
    /// Strides, dilations, pads, groups and layout.
    public var conv: Conv
    /// What becomes of the sums; ONNX's operator knows none.
    public var finish = IntegerFinish()

    public var channelsLast: Bool {
        get { conv.channelsLast }
        set { conv.channelsLast = newValue }
    }

    public init(_ conv: Conv) { self.conv = conv }

    public var definition: OperatorDefinition { Self.definition }

    public static let definition = OperatorDefinition(
        IntegerConv(Conv()), name: "integer_conv",
        operands: ["x", "w", "x_zero_point?", "w_zero_point?"] + IntegerFinishFields.operandNames,
        onnx: [ONNXMapping("ConvInteger", read: read, write: write)],
        examples: {
            let x = try Tensor.random(seed: 1, type: .uint8, shape: [2, 4, 7, 6])
            let zero = try Tensor([131] as [UInt8], shape: [])
            func example(_ name: String, _ conv: Conv, _ operands: [Tensor?]) -> Example {
                Example(name, IntegerConv(conv), operands, isDifferentiable: false)
            }
            let scales = try Tensor([0x1p-7, 0x1p-8, 0x1p-9, 0x1p-10] as [Float], shape: [4]),
                biases = try Tensor([1.5, -3, 0, 7] as [Float], shape: [4])
            func finished(_ name: String, _ conv: Conv, _ to: ElementType, _ operands: [Tensor?], zeroPoint: Int = 0, max: Double? = nil)
                -> Example
            {
                var op = IntegerConv(conv)
                (op.finish.to, op.finish.zeroPoint, op.finish.max) = (to, zeroPoint, max)
                return Example(name, op, operands, isDifferentiable: false)
            }
            func added(_ name: String, _ conv: Conv, _ operands: [Tensor?]) -> Example {
                var op = IntegerConv(conv)
                (op.finish.to, op.finish.zeroPoint, op.finish.min) = (.uint8, 40, 0)
                (op.finish.addition.ownScale, op.finish.addition.scale, op.finish.addition.zeroPoint) = (0.5, 0.25, -7)
                (op.finish.addition.rounds, op.finish.addition.min, op.finish.addition.max) = (true, -90, 165)
                return Example(name, op, operands, isDifferentiable: false)
            }
            let (around, depthwise) = (Conv(strides: [1, 1], pads: [1, 1, 1, 1]), Conv(strides: [1, 1], pads: [1, 1, 1, 1], group: 4))
            return [
                added(
                    "added to", around,
                    [
                        x, try .random(seed: 22, type: .int8, shape: [4, 4, 3, 3]), zero, nil, scales, biases,
                        try .random(seed: 23, type: .int8, shape: [2, 4, 7, 6]),
                    ]),
                added(
                    "groups added to", Conv(strides: [1, 1], pads: [0, 0, 0, 0], group: 2),
                    [
                        x, try .random(seed: 24, type: .int8, shape: [4, 2, 1, 1]), zero, nil, scales, biases,
                        try .random(seed: 25, type: .int8, shape: [2, 4, 7, 6]),
                    ]),
                added(
                    "groups with a second bias", Conv(strides: [1, 1], pads: [0, 0, 0, 0], group: 2),
                    [x, try .random(seed: 26, type: .int8, shape: [4, 2, 1, 1]), zero, nil, scales, biases, nil, biases]),
                finished(
                    "quantized", around, .uint8, [x, try .random(seed: 18, type: .int8, shape: [4, 4, 3, 3]), zero, nil, scales, biases],
                    zeroPoint: 90, max: 80),
                finished("scaled", around, .float32, [x, try .random(seed: 19, type: .int8, shape: [4, 4, 3, 3]), zero, nil, scales]),
                finished(
                    "quantized depthwise", depthwise, .int8,
                    [x, try .random(seed: 20, type: .int8, shape: [4, 1, 3, 3]), zero, nil, scales, biases], zeroPoint: 5),
                finished(
                    "quantized groups", Conv(strides: [1, 1], pads: [0, 0, 0, 0], group: 2), .uint8,
                    [x, try .random(seed: 21, type: .int8, shape: [4, 2, 1, 1]), zero, nil, scales, biases], zeroPoint: 5),
                example(
                    "3x3", Conv(strides: [1, 1], pads: [1, 1, 1, 1]), [x, try .random(seed: 2, type: .int8, shape: [5, 4, 3, 3]), zero]),
                example(
                    "1x1", Conv(strides: [1, 1], pads: [0, 0, 0, 0]),
                    [x, try .random(seed: 3, type: .uint8, shape: [18, 4, 1, 1]), zero, try Tensor([120] as [UInt8], shape: [])]),
                example(
                    "strided, uneven", Conv(strides: [2, 1], dilations: [1, 2], pads: [0, 2, 1, 0]),
                    [
                        try .random(seed: 4, type: .int8, shape: [1, 3, 7, 6]), try .random(seed: 5, type: .int8, shape: [3, 3, 2, 3]),
                        try Tensor([-3] as [Int8], shape: []),
                        try .random(seed: 6, type: .int8, shape: [3]),
                    ]),
                example(
                    "groups", Conv(strides: [1, 1], pads: [1, 0, 0, 1], group: 2),
                    [x, try .random(seed: 7, type: .int8, shape: [6, 2, 2, 2]), zero, try .random(seed: 8, type: .int8, shape: [6])]),
                example(
                    "depthwise", Conv(strides: [1, 1], pads: [1, 1, 1, 1], group: 4),
                    [x, try .random(seed: 9, type: .int8, shape: [4, 1, 3, 3]), zero]),
                example(
                    "two outputs for each input", Conv(strides: [2, 2], pads: [1, 1, 1, 1], group: 4),
                    [x, try .random(seed: 10, type: .uint8, shape: [8, 1, 3, 3]), nil, try .random(seed: 11, type: .uint8, shape: [8])]),
                example(
                    "channels last", Conv(strides: [2, 2], pads: [3, 3, 3, 3], channelsLast: true),
                    [
                        try .random(seed: 12, type: .uint8, shape: [1, 9, 8, 3]), try .random(seed: 13, type: .int8, shape: [4, 3, 7, 7]),
                        zero,
                    ]),
                example(
                    "1-D", Conv(strides: [3], pads: [1, 0]),
                    [try .random(seed: 14, type: .uint8, shape: [1, 2, 11]), try .random(seed: 15, type: .int8, shape: [3, 2, 4])]),
                example(
                    "3-D", Conv(strides: [1, 1, 1], pads: [1, 0, 0, 1, 0, 0]),
                    [
                        try .random(seed: 16, type: .uint8, shape: [1, 2, 3, 4, 5]),
                        try .random(seed: 17, type: .int8, shape: [2, 2, 3, 2, 2]), zero,
                    ]),
            ]
        }
    ) {
        Attribute("strides", \.conv.strides)
        Attribute("dilations", \.conv.dilations)
        Attribute("pads", \.conv.pads)
        Attribute("group", \.conv.group)
        Attribute("channels_last", \.conv.channelsLast)
        IntegerFinish.attributes(\.finish)
    }

    private static let read: @Sendable (inout ONNXReader) throws -> [Value] = { reader in
        let op = IntegerConv(try Conv.configured(reader, x: reader.fact(0), w: reader.fact(1)))
        return try reader.add(op, [reader.required(0), reader.required(1), reader.operand(2), reader.operand(3)])
    }

    private static let write: @Sendable (inout ONNXWriter) throws -> Void = { writer in
        guard let op = writer.op as? IntegerConv else { return }
        guard op.finish.to == .int32 else {
            throw DLCError("a convolution of integers that is finished arises only when a graph is optimised")
        }
        try writer.require(10, "ConvInteger")
        try op.conv.write(&writer, as: "ConvInteger")
    }

    public func infer(_ context: inout InferContext) throws -> [Fact] {
        try context.expect(0, "x", IntegerProduct.types)
        try context.expect(1, "w", IntegerProduct.types)
        let shape = try conv.resultShape(&context, ofIntegers: true)
        let outputs = try context.operand(1).shape[0]
        for (index, name) in [(2, "x_zero_point"), (3, "w_zero_point")] {
            guard let zero = context.optional(index) else { continue }
            try context.expect(index, name, sameTypeAs: index - 2)
            if zero.rank == 0 || zero.shape == [1] { continue }
            guard index == 3, zero.rank == 1 else { throw DLCError("\(name) is \(zero.type); expected one element") }
            try context.require(.expands, zero.shape[0], outputs, "w_zero_point is \(zero.type); expected one element or [\(outputs)]")
        }
        try finish.check(&context, columns: outputs, result: shape)
        return [Fact(finish.to, shape)]
    }

    public func evaluate(_ operands: [Tensor?]) throws -> [Tensor] {
        let (x, w) = (try Oracle.operand(operands, 0), try Oracle.operand(operands, 1))
        func wide(_ tensor: Tensor, _ zeroPoint: Tensor?) throws -> Tensor {
            try Tensor(doubles: IntegerProduct.centred(tensor, zeroPoint).map(Double.init), type: .float64, shape: tensor.shape)
        }
        let xZero = try Oracle.optional(operands, 2).map { try Tensor(integers: $0.integers(), type: $0.type, shape: []) }
        let wZero = try Oracle.optional(operands, 3).map {
            try Tensor(integers: $0.integers(), type: $0.type, shape: $0.count == 1 ? [] : [$0.count] + w.shape.dropFirst().map { _ in 1 })
        }
        // Sums of products of 9-bit numbers are exact in f64.
        let sums = try conv.evaluate([wide(x, xZero), wide(w, wZero)])[0]
        let image = ImageIndex(sums.shape, channelsLast: channelsLast)
        let stride = max(image.strides[image.channelAxis], 1)
        return [try finish.apply(sums.doubles().map { Int64($0) }, operands, shape: sums.shape) { $0 / stride % max(image.channels, 1) }]
    }
}
