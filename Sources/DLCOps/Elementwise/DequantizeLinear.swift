import DLCGraph

/// (x − zero point) · scale, in the scale's type (ONNX DequantizeLinear).
public struct DequantizeLinear: Operator {
    public var axis: Int
    public var blockSize: Int

    public init(axis: Int = 1, blockSize: Int = 0) {
        self.axis = axis
        self.blockSize = blockSize
    }

    public var definition: OperatorDefinition { Self.definition }

    public static let definition = OperatorDefinition(
        DequantizeLinear(), name: "dequantize_linear", operands: ["x", "scale", "zero_point?"], traits: [.unpacks],
        onnx: [
            ONNXMapping("DequantizeLinear", read: read, write: write),
            ONNXMapping("DequantizeLinear", domain: "com.microsoft", read: read, write: write),
        ],
        examples: {
            let x = try Tensor.random(seed: 1, type: .uint8, shape: [2, 3, 4])
            let scale = try Tensor([0.05] as [Float], shape: [])
            let scales = try Tensor([0.01, 0.02, 0.5] as [Float], shape: [3])
            let blocks = try Tensor.random(seed: 2, shape: [2, 2, 4])
            let signed = try Tensor.random(seed: 3, type: .int8, shape: [2, 3, 4])
            return [
                Example("per tensor", DequantizeLinear(), [x, scale, try Tensor([3] as [UInt8], shape: [])], isDifferentiable: false),
                Example(
                    "per axis", DequantizeLinear(), [signed, scales, try Tensor([0, 5, -7] as [Int8], shape: [3])], isDifferentiable: false),
                Example(
                    "i32", DequantizeLinear(axis: 0), [try Tensor.random(seed: 4, type: .int32, shape: [3, 2]), scales],
                    isDifferentiable: false),
                Example("blocked", DequantizeLinear(axis: 1, blockSize: 2), [signed, blocks], isDifferentiable: false),
            ]
        }
    ) {
        Attribute("axis", \.axis)
        Attribute("block_size", \.blockSize)
    }

    private static let read: @Sendable (inout ONNXReader) throws -> [Value] = { reader in
        try reader.allowAttributes(["axis", "block_size", "output_dtype"])
        var op = DequantizeLinear(axis: try reader.attribute("axis") ?? 1, blockSize: try reader.attribute("block_size") ?? 0)
        if op.blockSize == 0, try reader.fact(1).rank == 0 { op.axis = 1 }
        if try reader.fact(0).element.isNarrow {
            let value = try NarrowQuantization.dequantized(&reader, op)
            guard let code: Int = try reader.attribute("output_dtype"), code != 0 else { return [value] }
            guard let type = ElementType(onnx: code) else { throw DLCError("element type \(code) of output_dtype is not supported") }
            return [try reader.cast(value, type)]
        }
        let operands = [reader.operand(0), reader.operand(1), try reader.zeroPoint()]
        guard let code: Int = try reader.attribute("output_dtype"), code != 0 else { return try reader.add(op, operands) }
        guard let type = ElementType(onnx: code) else { throw DLCError("element type \(code) of output_dtype is not supported") }
        if type == (try reader.fact(1).element) { return try reader.add(op, operands) }
        return try reader.add(Cast(to: type), [try reader.add1(op, operands)])
    }

    private static let write: @Sendable (inout ONNXWriter) throws -> Void = { writer in
        guard let op = writer.op as? DequantizeLinear else { return }
        try writer.require(10, "DequantizeLinear")
        if let type = writer.operandFacts[0]?.element, type == .int16 || type == .uint16 {
            try writer.require(21, "DequantizeLinear of \(type)")
        }
        writer.node("DequantizeLinear", attributes: try QuantizeLinear.attributes(op.axis, op.blockSize, writer))
    }

    public func infer(_ context: inout InferContext) throws -> [Fact] {
        try context.expect(0, "x", QuantizeLinear.targets + [.int32])
        try context.expect(1, "scale", ElementType.floats)
        if context.optional(2) != nil { try context.expect(2, "zero_point", sameTypeAs: 0) }
        let (x, scale) = (try context.operand(0), try context.operand(1))
        try QuantizationGrain(axis: axis, blockSize: blockSize).check(&context)
        return [Fact(scale.element, x.shape)]
    }

    public func evaluate(_ operands: [Tensor?]) throws -> [Tensor] {
        let (x, scale) = (try Oracle.operand(operands, 0), try Oracle.operand(operands, 1))
        let grain = try QuantizationGrain(axis: axis, blockSize: blockSize).indices(
            x.shape, scale: scale.shape, zeroPoint: Oracle.optional(operands, 2)?.shape)
        let (values, scales) = (try x.doubles(), try scale.doubles())
        let zeroPoints = try Oracle.optional(operands, 2)?.doubles() ?? [Double](repeating: 0, count: scales.count)
        let result = values.indices.map { (values[$0] - zeroPoints[grain[$0]]) * scales[grain[$0]] }
        return [try Tensor(doubles: result, type: scale.type, shape: x.shape)]
    }
}
