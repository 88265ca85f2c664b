import DLCGraph

/// Products of 8-bit integers with scales around them.
enum QuantizedProducts {
    /// `alpha · A · B + C`, where C is in units of `alpha` and both scales; quantized where the result's scale is given.
    static let readGemm: QuantizedOperators.Read = { reader in
        try reader.allowAttributes(["alpha", "transA", "transB"])
        let alpha: Double = try reader.attribute("alpha") ?? 1
        var op = Gemm()
        op.transB = try reader.attribute("transB") ?? false
        // Turned before it is dequantized, so that the product is one of integers.
        var a = try reader.required(0)
        if try reader.attribute("transA") ?? false { a = try reader.transpose(a, [1, 0]) }
        a = try reader.add1(DequantizeLinear(), [a, reader.single(1), reader.operand(2) == nil ? nil : reader.single(2)])
        let b = try reader.real(3, axis: op.transB ? 0 : 1)
        var operands: [Value?] = [a, b]
        if let c = reader.operand(6) {
            let unit = try reader.apply(.mul, reader.single(1), reader.single(4))
            operands.append(try reader.apply(.mul, reader.cast(c, reader.builder.fact(unit).element), unit))
        }
        var y = try reader.add1(op, operands)
        if alpha != 1 { y = try reader.apply(.mul, y, reader.scalar(alpha, like: y)) }
        return reader.operand(7) == nil ? [y] : try reader.quantized(y, scale: 7)
    }

    /// `A · B + bias` in floats of integer matrices (MatMulIntegerToFloat).
    static let readToFloat: QuantizedOperators.Read = { reader in
        try reader.allowAttributes([])
        let a = try reader.real(0, scale: 2, zeroPoint: 4, axis: reader.fact(0).rank - 2)
        let b = try reader.real(1, scale: 3, zeroPoint: 5, axis: reader.fact(1).rank - 1)
        return [try reader.biased(reader.add1(MatMul(), [a, b]), 6)]
    }

    /// The same of A in floats, which is quantized as its own numbers say.
    static let readDynamic: QuantizedOperators.Read = { reader in
        try reader.allowAttributes([])
        let a = try DynamicQuantization.quantized(reader.required(0), &reader)
        let b = try reader.real(1, scale: 2, zeroPoint: 3, axis: reader.fact(1).rank - 1)
        let real = try reader.add1(DequantizeLinear(), [a.values, a.scale, a.zeroPoint])
        return [try reader.biased(reader.add1(MatMul(), [real, b]), 4)]
    }

    /// Attention whose input and weights are integers: input, weights, bias, both scales, a mask, both zero points, and what was before.
    static let readAttention: QuantizedOperators.Read = { reader in
        let x = try reader.real(0, scale: 3, zeroPoint: 6)
        let weights = try reader.real(1, scale: 4, zeroPoint: 7, axis: 1)
        let operands = [x, weights, reader.operand(2), reader.operand(5), reader.operand(8)]
        return try reader.delegate(ContribAttention.readSelfAttention, operands: operands, attributes: reader.attributes, opset: reader.opset)
    }

    /// An LSTM whose weights `[directions, inputs, 4 · hidden]` are integers with a scale for each direction, or for each of its
    /// columns. x is rounded as ONNX Runtime does it; states stay floats, which it rounds before every step.
    static let readLSTM: QuantizedOperators.Read = { reader in
        func weights(_ index: Int, scale: Int) throws -> Value {
            let fact = try reader.fact(index)
            guard fact.rank == 3 else { throw DLCError("weights are \(fact.type); expected [directions, inputs, 4 · hidden]") }
            func grain(_ index: Int) throws -> Value {
                let value = try reader.required(index)
                let shape = reader.builder.shape(value)
                guard shape.count == 1 || shape.count == 2 else { throw DLCError("scales are [\(shape.text)]; expected 1 or 2 dimensions") }
                return try reader.reshape(value, shape.count == 1 ? [shape[0], 1, 1] : [shape[0], 1, shape[1]])
            }
            let factor = try grain(scale)
            let type = reader.builder.fact(factor).element
            var real = try reader.cast(reader.required(index), type)
            if reader.operand(scale + 1) != nil { real = try reader.apply(.sub, real, reader.cast(grain(scale + 1), type)) }
            return try reader.transpose(reader.apply(.mul, real, factor), [0, 2, 1])
        }
        let x = try DynamicQuantization.quantized(reader.required(0), &reader)
        let real = try reader.add1(DequantizeLinear(), [x.values, x.scale, x.zeroPoint])
        let (w, r) = (try weights(1, scale: 8), try weights(2, scale: 10))
        let operands: [Value?] = [real, w, r] + (3..<8).map { reader.operand($0) }
        return try reader.delegate({ try Recurrent.read(.lstm, &$0) }, operands: operands, attributes: reader.attributes, opset: 14)
    }
}
