import DLCGraph

/// Convolutions and products of quantized tensors, read as the arithmetic that defines them (ONNX QLinearConv,
/// QLinearMatMul, ConvInteger, MatMulInteger).
enum QuantizedLayers {
    typealias Read = @Sendable (inout ONNXReader) throws -> [Value]

    /// x, its scale and zero point, w with its, the result's scale and zero point, and a bias in units of both scales.
    static let readLinearConvolution: Read = { reader in
        let op = try Conv.configured(reader, x: reader.fact(0), w: reader.fact(3))
        let xScale = try reader.column(reader.required(1), axis: 0, rank: 1)
        let x = try reader.dequantized(0, scale: xScale, zeroPoint: reader.column(reader.required(2), axis: 0, rank: 1))
        let rank = try reader.fact(3).rank
        let scale = try reader.column(reader.required(4), axis: 0, rank: rank)
        let w = try reader.dequantized(3, scale: scale, zeroPoint: reader.column(reader.required(5), axis: 0, rank: rank))
        var operands: [Value?] = [x, w]
        if let bias = reader.operand(8) {
            let unit = try reader.add1(Binary(.mul), [xScale, reader.column(reader.required(4), axis: 0, rank: 1)])
            let wide = try reader.add1(Cast(to: reader.builder.fact(unit).element), [bias])
            operands.append(try reader.add1(Binary(.mul), [wide, unit]))
        }
        return try reader.requantized(reader.add1(op, operands), scale: 6)
    }

    static let readLinearProduct: Read = { reader in
        try reader.allowAttributes([])
        let (a, b) = (try reader.fact(0), try reader.fact(3))
        // Vectors of scales run along the rows of a and the columns of b.
        func row(_ index: Int) throws -> Value { try reader.column(reader.required(index), axis: a.rank - 2, rank: a.rank) }
        func column(_ index: Int) throws -> Value { try reader.column(reader.required(index), axis: b.rank - 1, rank: b.rank) }
        let x = try reader.dequantized(0, scale: row(1), zeroPoint: row(2))
        let y = try reader.dequantized(3, scale: column(4), zeroPoint: column(5))
        return try reader.requantized(reader.add1(MatMul(), [x, y]), scale: 6)
    }

    static let readIntegerConvolution: Read = { reader in
        let (x, w) = (try reader.fact(0), try reader.fact(1))
        let op = try Conv.configured(reader, x: x, w: w)
        // Products of 9-bit differences have 18 bits, so sums of up to 2⁶ are exact in f32; longer ones need f64.
        let terms = Shape(w.shape.dropFirst()).constants.flatMap { try? Checked.count($0) } ?? .max
        let type = terms <= 64 ? ElementType.float32 : .float64
        let a = try reader.centred(0, zeroPoint: reader.operand(2), type)
        let b = try reader.centred(1, zeroPoint: reader.operand(3).map { try reader.column($0, axis: 0, rank: w.rank) }, type)
        return try reader.add(Cast(to: .int32), [reader.add1(op, [a, b])])
    }

    static let readIntegerProduct: Read = { reader in
        try reader.allowAttributes([])
        let (a, b) = (try reader.fact(0), try reader.fact(1))
        let x = try reader.centred(0, zeroPoint: reader.operand(2).map { try reader.column($0, axis: a.rank - 2, rank: a.rank) }, .int32)
        let y = try reader.centred(1, zeroPoint: reader.operand(3).map { try reader.column($0, axis: b.rank - 1, rank: b.rank) }, .int32)
        return try reader.add(MatMul(), [x, y])
    }
}

extension ONNXReader {
    /// A vector along `axis` of a tensor of `rank` dimensions; one element as a scalar; tensors of more dimensions as
    /// they are.
    fileprivate mutating func column(_ value: Value, axis: Int, rank: Int) throws -> Value {
        let shape = builder.shape(value)
        guard shape.count == 1 else { return value }
        if shape[0].constant == 1 { return try add1(Reshape(shape: []), [value]) }
        guard axis >= 0, axis < rank else { throw DLCError("a vector of \(shape[0]) scales or zero points does not fit \(rank) dimensions") }
        var target = Shape(repeating: 1, count: rank)
        target[axis] = shape[0]
        return target == shape ? value : try add1(Reshape(shape: target), [value])
    }

    /// The operand minus a zero point, in another type.
    fileprivate mutating func centred(_ index: Int, zeroPoint: Value?, _ type: ElementType) throws -> Value {
        let wide = try add1(Cast(to: type), [required(index)])
        guard let zeroPoint else { return wide }
        return try add1(Binary(.sub), [wide, add1(Cast(to: type), [zeroPoint])])
    }

    fileprivate mutating func dequantized(_ index: Int, scale: Value, zeroPoint: Value) throws -> Value {
        let type = builder.fact(scale).element
        return try add1(Binary(.mul), [centred(index, zeroPoint: zeroPoint, type), scale])
    }

    /// Quantizes a result with the scale and the zero point that follow each other among the operands.
    fileprivate mutating func requantized(_ value: Value, scale index: Int) throws -> [Value] {
        let (scale, zeroPoint) = (try required(index), try required(index + 1))
        let rank = builder.shape(value).count
        let op = QuantizeLinear(to: builder.fact(zeroPoint).element, axis: max(rank - 2, 0))
        return try add(op, [value, column(scale, axis: 0, rank: 1), column(zeroPoint, axis: 0, rank: 1)])
    }
}
