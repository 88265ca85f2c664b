import DLCGraph

/// Convolutions and products of quantized tensors, read as the arithmetic that defines them (ONNX QLinearConv,
/// QLinearMatMul).
enum QuantizedLayers {
    typealias Read = @Sendable (inout ONNXReader) throws -> [Value]

    /// x, its scale and zero point, w with its, the result's scale and zero point, and a bias in units of both scales.
    static let readLinearConvolution: Read = { reader in
        let op = try Conv.configured(reader, x: reader.fact(0), w: reader.fact(3))
        let xScale = try reader.column(reader.required(1), axis: 0, rank: 1)
        let x = try reader.dequantized(0, axis: 0)
        let w = try reader.dequantized(3, axis: 0)
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
        // Vectors of scales run along the rows of a and the columns of b.
        let x = try reader.dequantized(0, axis: reader.fact(0).rank - 2)
        let y = try reader.dequantized(3, axis: reader.fact(3).rank - 1)
        return try reader.requantized(reader.add1(MatMul(), [x, y]), scale: 6)
    }
}

extension ONNXReader {
    /// A vector along `axis` of a tensor of `rank` dimensions; one element as a scalar; tensors of more dimensions as
    /// they are.
    fileprivate mutating func column(_ value: Value, axis: Int, rank: Int) throws -> Value {
        let shape = builder.shape(value)
        guard shape.count == 1 else { return value }
        if shape[0].constant == 1 { return try add1(Reshape(shape: []), [value]) }
        guard axis >= 0, axis < rank else {
            throw DLCError("a vector of \(shape[0]) scales or zero points does not fit \(rank) dimensions")
        }
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

    /// The operand with its scale and zero point, which follow it, vectors of them along an axis.
    fileprivate mutating func dequantized(_ index: Int, axis: Int) throws -> Value {
        let rank = try fact(index).rank
        let (scale, zero) = (try required(index + 1), try required(index + 2))
        if builder.shape(scale) == builder.shape(zero), builder.shape(scale).count <= 1 {
            let isOne = builder.shape(scale).first?.constant ?? 1 == 1
            let operands = try isOne ? [column(scale, axis: 0, rank: 1), column(zero, axis: 0, rank: 1)] : [scale, zero]
            return try add1(DequantizeLinear(axis: isOne ? 1 : axis), [required(index)] + operands)
        }
        let factor = try column(scale, axis: axis, rank: rank)
        let type = builder.fact(factor).element
        return try add1(Binary(.mul), [centred(index, zeroPoint: column(zero, axis: axis, rank: rank), type), factor])
    }

    /// Quantizes a result with the scale and the zero point that follow each other among the operands.
    fileprivate mutating func requantized(_ value: Value, scale index: Int) throws -> [Value] {
        let (scale, zeroPoint) = (try required(index), try required(index + 1))
        let rank = builder.shape(value).count
        let op = QuantizeLinear(to: builder.fact(zeroPoint).element, axis: max(rank - 2, 0))
        return try add(op, [value, column(scale, axis: 0, rank: 1), column(zeroPoint, axis: 0, rank: 1)])
    }
}
