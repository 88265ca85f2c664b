import DLCGraph

/// Operators on 8-bit integers, read as the same on what the integers stand for, whose result is quantized again: ONNX Runtime
/// computes these in f32 too, element by element or in a table of all 256 results.
enum QuantizedOperators {
    typealias Read = @Sendable (inout ONNXReader) throws -> [Value]

    static let readAdd: Read = { try binary(.add, &$0) }
    static let readMul: Read = { try binary(.mul, &$0) }

    private static func binary(_ function: BinaryFunction, _ reader: inout ONNXReader) throws -> [Value] {
        try reader.allowAttributes([])
        return try reader.quantized(reader.apply(function, reader.real(0), reader.real(3)), scale: 6)
    }

    /// A product of integers without their zero points, in 32 bits.
    static let readMulInteger: Read = { reader in
        try reader.allowAttributes([])
        return try reader.add(Binary(.mul), [reader.centred(0, zeroPoint: 1, .int32), reader.centred(2, zeroPoint: 3, .int32)])
    }

    /// Sums of 8-bit integers in 32 bits.
    static let readReduceSumInteger: Read = { reader in
        try reader.allowAttributes(["axes", "keepdims"])
        guard let axes: [Int] = try reader.attribute("axes"), !axes.isEmpty else { throw DLCError("ReduceSumInteger expects axes") }
        let wide: ElementType = try reader.fact(0).element == .uint8 ? .uint32 : .int32
        let op = Reduce(.sum, axes: axes, keepDims: try reader.attribute("keepdims") ?? true)
        return try reader.add(op, [reader.cast(reader.required(0), wide)])
    }

    static let readSigmoid: Read = { reader in
        try reader.allowAttributes([])
        return try reader.quantized(reader.apply(.sigmoid, reader.real(0)), scale: 3)
    }

    static let readLeakyRelu: Read = { reader in
        try reader.allowAttributes(["alpha"])
        let op = Activation(.leakyRelu, alpha: try reader.attribute("alpha") ?? 0.01)
        return try reader.quantized(reader.add1(op, [reader.real(0)]), scale: 3)
    }

    static let readWhere: Read = { reader in
        try reader.allowAttributes([])
        return try reader.quantized(reader.select(reader.required(0), reader.real(1), reader.real(4)), scale: 7)
    }

    /// The result's scale and zero point, then three operands for each part.
    static let readConcat: Read = { reader in
        try reader.allowAttributes(["axis"])
        guard let axis: Int = try reader.attribute("axis"), reader.operands.count >= 5, reader.operands.count % 3 == 2 else {
            throw DLCError("QLinearConcat has \(reader.operands.count) operands; expected an axis, and a scale and a zero point for each part")
        }
        let parts = try stride(from: 2, to: reader.operands.count, by: 3).map { try reader.real($0) }
        return try reader.quantized(reader.add1(Concat(axis: axis), parts), scale: 0)
    }

    /// Softmax of an opset: before 13 over everything from the axis on.
    static let readSoftmax: Read = { reader in
        try reader.allowAttributes(["axis", "opset"])
        let opset: Int = try reader.attribute("opset") ?? 13
        let axis = AttributeValue.int(try reader.attribute("axis") ?? -1)
        let y = try reader.nested("Softmax", [reader.real(0)], ["axis": axis], opset: opset)
        return try reader.quantized(y, scale: 3)
    }

    static let readAveragePool: Read = { reader in
        let own = "channels_last"
        let attributes = reader.attributes.filter { $0.key != own }
        let x = try reader.real(0)
        let y = try pooled(x, "AveragePool", attributes, opset: 11, isLast: reader.attribute(own) ?? false, &reader)
        return try reader.quantized(y, scale: 3)
    }

    /// The largest of 8-bit integers `[N, …, C]`, which need no scale.
    static let readMaxPool: Read = { reader in
        [try pooled(reader.required(0), "MaxPool", reader.attributes, opset: 12, isLast: true, &reader)]
    }

    /// A pool of the standard domain over an image whose channels lie last or second.
    private static func pooled(
        _ x: Value, _ opType: String, _ attributes: [String: AttributeValue], opset: Int, isLast: Bool, _ reader: inout ONNXReader
    ) throws -> Value {
        guard isLast else { return try reader.nested(opType, [x], attributes, opset: opset) }
        return try reader.channelsLast(reader.nested(opType, [reader.channelsSecond(x)], attributes, opset: opset))
    }

    static let readGlobalAveragePool: Read = { reader in
        try reader.allowAttributes(["channels_last"])
        let rank = try reader.fact(0).rank
        guard rank >= 3 else { throw DLCError("x is \(try reader.fact(0).type); expected at least one spatial dimension") }
        let axes = try reader.attribute("channels_last") ?? false ? Array(1..<rank - 1) : Array(2..<rank)
        return try reader.quantized(mean(axes, keepDims: true, &reader), scale: 3)
    }

    static let readReduceMean: Read = { reader in
        try reader.allowAttributes(["axes", "keepdims"])
        guard let axes: [Int] = try reader.attribute("axes"), !axes.isEmpty else { throw DLCError("QLinearReduceMean expects axes") }
        return try reader.quantized(mean(axes, keepDims: reader.attribute("keepdims") ?? true, &reader), scale: 3)
    }

    /// The mean of the first operand: of the integers, whose sums are exact, then scaled.
    private static func mean(_ axes: [Int], keepDims: Bool, _ reader: inout ONNXReader) throws -> Value {
        let scale = try reader.single(1)
        let type = reader.builder.fact(scale).element
        let mean = try reader.add1(Reduce(.mean, axes: axes, keepDims: keepDims), [reader.centred(0, zeroPoint: 2, type)])
        return try reader.apply(.mul, mean, scale)
    }
}

extension ONNXReader {
    /// A scale or zero point: one element as a scalar, others as they are.
    mutating func single(_ index: Int) throws -> Value {
        let (value, shape) = (try required(index), try fact(index).shape)
        return shape.allSatisfy { $0.constant == 1 } ? try reshape(value, []) : value
    }

    /// What 8-bit integers stand for, with scale and zero point behind them, or elsewhere.
    /// - Parameter axis: along which vectors of scales and zero points lie.
    mutating func real(_ index: Int, scale: Int? = nil, zeroPoint: Int? = nil, axis: Int = 1) throws -> Value {
        let (scale, zeroPoint) = (scale ?? index + 1, zeroPoint ?? index + 2)
        let factor = try single(scale)
        let isSingle = builder.shape(factor).isEmpty
        var zero = try operand(zeroPoint).map { _ in try single(zeroPoint) }
        if let one = zero, !isSingle, builder.shape(one).isEmpty { zero = try add1(Expand(shape: builder.shape(factor)), [one]) }
        return try add1(DequantizeLinear(axis: isSingle ? 1 : axis), [required(index), factor, zero])
    }

    /// The operand minus its zero point, in another type.
    mutating func centred(_ index: Int, zeroPoint: Int, _ type: ElementType) throws -> Value {
        let wide = try cast(required(index), type)
        guard operand(zeroPoint) != nil else { return wide }
        return try apply(.sub, wide, cast(single(zeroPoint), type))
    }

    /// A result in 8 bits, with the scale and the zero point that follow each other among the operands; without a zero point it has
    /// the first operand's type.
    mutating func quantized(_ value: Value, scale index: Int) throws -> [Value] {
        let zero = try operand(index + 1).map { _ in try single(index + 1) }
        let type = try zero.map { builder.fact($0).element } ?? fact(0).element
        return try add(QuantizeLinear(to: type), [value, single(index), zero])
    }

    mutating func biased(_ value: Value, _ index: Int) throws -> Value {
        try operand(index).map { try apply(.add, value, $0) } ?? value
    }

    /// A standard operator on other values, without a name of its own.
    mutating func nested(
        _ opType: String, _ operands: [Value?], _ attributes: [String: AttributeValue], opset: Int
    ) throws -> Value {
        guard let mapping = LayerOps.definitions.flatMap(\.onnx).first(where: { $0.opType == opType && $0.domain.isEmpty }) else {
            throw DLCError("\(opType) is not known")
        }
        var inner = ONNXReader(
            builder: builder, opType: opType, opset: opset, name: name, operands: operands, attributes: attributes, resultNames: [])
        defer { builder = inner.builder }
        return try mapping.read(&inner)[0]
    }
}
