import DLCGraph

/// round(x / scale) + zero point, saturated to an integer type; halves round to even (ONNX QuantizeLinear).
public struct QuantizeLinear: Operator {
    public var to: ElementType
    public var axis: Int
    public var blockSize: Int

    public init(to: ElementType = .uint8, axis: Int = 1, blockSize: Int = 0) {
        self.to = to
        self.axis = axis
        self.blockSize = blockSize
    }

    public var definition: OperatorDefinition { Self.definition }

    static let targets: [ElementType] = [.uint8, .int8, .uint16, .int16]

    public static let definition = OperatorDefinition(
        QuantizeLinear(), name: "quantize_linear", operands: ["x", "scale", "zero_point?"],
        onnx: [
            ONNXMapping("QuantizeLinear", read: read, write: write),
            ONNXMapping("QuantizeLinear", domain: "com.microsoft", read: read, write: write),
        ],
        examples: {
            let x = try Tensor.random(seed: 1, shape: [2, 3, 4])
            let scale = try Tensor([0.05] as [Float], shape: [])
            let scales = try Tensor([0.01, 0.02, 0.5] as [Float], shape: [3])
            let blocks = try Tensor(
                doubles: Tensor.random(seed: 2, shape: [2, 2, 4]).doubles().map { abs($0) + 0.1 }, type: .float32, shape: [2, 2, 4])
            return [
                Example("per tensor", QuantizeLinear(), [x, scale, try Tensor([128] as [UInt8], shape: [])], isDifferentiable: false),
                Example("without zero point", QuantizeLinear(to: .int8), [x, scale], isDifferentiable: false),
                Example(
                    "per axis", QuantizeLinear(to: .int8, axis: 1), [x, scales, try Tensor([0, 5, -7] as [Int8], shape: [3])],
                    isDifferentiable: false),
                Example("blocked", QuantizeLinear(to: .int16, axis: 1, blockSize: 2), [x, blocks], isDifferentiable: false),
            ]
        }
    ) {
        Attribute("to", \.to)
        Attribute("axis", \.axis)
        Attribute("block_size", \.blockSize)
    }

    private static let read: @Sendable (inout ONNXReader) throws -> [Value] = { reader in
        try reader.allowAttributes(["axis", "saturate", "block_size", "output_dtype", "precision"])
        var op = QuantizeLinear()
        if let code: Int = try reader.attribute("output_dtype"), code != 0 {
            guard let type = ElementType(onnx: code) else { throw DLCError("element type \(code) of output_dtype is not supported") }
            op.to = type
        } else if let zeroPoint = reader.operand(2) {
            op.to = reader.builder.fact(zeroPoint).element
        }
        op.axis = try reader.attribute("axis") ?? 1
        op.blockSize = try reader.attribute("block_size") ?? 0
        // One scale serves the whole tensor; the axis then says nothing and may lie outside.
        let scale = try reader.fact(1)
        if op.blockSize == 0, scale.rank == 0 { op.axis = 1 }
        if op.to.isNarrow { return [try NarrowQuantization.quantized(&reader, op, saturate: reader.attribute("saturate") ?? true)] }
        return try reader.add(op, [reader.operand(0), reader.operand(1), reader.zeroPoint()])
    }

    private static let write: @Sendable (inout ONNXWriter) throws -> Void = { writer in
        guard let op = writer.op as? QuantizeLinear else { return }
        try writer.require(10, "QuantizeLinear")
        var inputs = writer.inputs
        if op.to == .int16 || op.to == .uint16 { try writer.require(21, "QuantizeLinear to \(op.to)") }
        if inputs.count < 3, op.to != .uint8, let shape = writer.operandFacts[1]?.shape {
            if let extents = shape.constants {
                inputs.append(writer.constant(try Tensor(filling: 0, type: op.to, shape: extents), "zero_point"))
            } else {
                let zero: (name: String, value: AttributeValue) = ("value", .tensor(try Tensor(filling: 0, type: op.to, shape: [1])))
                inputs.append(writer.intermediate("ConstantOfShape", [writer.intermediate("Shape", [inputs[1]])], [zero]))
            }
        }
        writer.node("QuantizeLinear", inputs: inputs, attributes: try QuantizeLinear.attributes(op.axis, op.blockSize, writer))
    }

    /// `axis` and `block_size` where the opset has them and they say something.
    static func attributes(
        _ axis: Int, _ blockSize: Int, _ writer: ONNXWriter
    ) throws -> [(name: String, value: AttributeValue)] {
        var attributes: [(name: String, value: AttributeValue)] = []
        if axis != 1, writer.operandFacts[1]?.shape.isEmpty == false {
            try writer.require(13, "quantization along an axis")
            attributes.append(("axis", .int(axis)))
        }
        if blockSize != 0 {
            try writer.require(21, "quantization in blocks")
            attributes.append(("block_size", .int(blockSize)))
        }
        return attributes
    }

    public func infer(_ context: inout InferContext) throws -> [Fact] {
        try context.expect(0, "x", ElementType.floats + [.int32])
        try context.expect(1, "scale", ElementType.floats)
        guard Self.targets.contains(to) else {
            throw DLCError("quantizing to \(to) is not supported; expected one of \(Self.targets.map(\.name).joined(separator: ", "))")
        }
        if context.optional(2) != nil { try context.expect(2, "zero_point", [to]) }
        let x = try context.operand(0)
        try QuantizationGrain(axis: axis, blockSize: blockSize).check(&context)
        return [Fact(to, x.shape)]
    }

    public func evaluate(_ operands: [Tensor?]) throws -> [Tensor] {
        let (x, scale) = (try Oracle.operand(operands, 0), try Oracle.operand(operands, 1))
        let grain = try QuantizationGrain(axis: axis, blockSize: blockSize).indices(
            x.shape, scale: scale.shape, zeroPoint: Oracle.optional(operands, 2)?.shape)
        let (values, scales) = (try x.doubles(), try scale.doubles())
        let zeroPoints = try Oracle.optional(operands, 2)?.doubles() ?? [Double](repeating: 0, count: scales.count)
        guard let range = to.integerRange else { throw DLCError("quantizing to \(to) is not supported") }
        let result = values.indices.map { i -> Double in
            let (value, scale) = (values[i], scales[grain[i]])
            // The quotient is rounded to f32 before it is rounded to an integer, which decides ties.
            let quotient = x.type == .float64 ? value / scale : Double(Float(value) / Float(scale))
            let rounded = quotient.rounded(.toNearestOrEven) + zeroPoints[grain[i]]
            return rounded.isNaN ? 0 : min(max(rounded, range.lowerBound), range.upperBound)
        }
        return [try Tensor(doubles: result, type: to, shape: x.shape)]
    }
}
