import DLCGraph

/// Products and convolutions with what stands around them in the same node.
enum ContribProducts {
    /// `alpha · A · B` of matrices that are turned first: `transA` the last two dimensions, `transBatchA` those before the last.
    static let readMatMul: @Sendable (inout ONNXReader) throws -> [Value] = { reader in
        try reader.allowAttributes(["alpha", "transA", "transB", "transBatchA", "transBatchB"])
        let a = try turned(0, "A", &reader)
        let b = try turned(1, "B", &reader)
        let product = try reader.add1(MatMul(), [a, b])
        let alpha: Double = try reader.attribute("alpha") ?? 1
        return [alpha == 1 ? product : try reader.apply(.mul, product, reader.scalar(alpha, like: product))]
    }

    private static func turned(_ index: Int, _ name: String, _ reader: inout ONNXReader) throws -> Value {
        let (x, rank) = (try reader.required(index), try reader.fact(index).rank)
        var perm = Array(0..<rank)
        if try reader.attribute("transBatch\(name)") ?? false, rank > 2 { perm.insert(perm.remove(at: 0), at: rank - 2) }
        if try reader.attribute("trans\(name)") ?? false, rank > 1 { perm.swapAt(rank - 2, rank - 1) }
        return perm == Array(0..<rank) ? x : try reader.transpose(x, perm)
    }

    /// Gemm with an activation.
    static let readGemm: @Sendable (inout ONNXReader) throws -> [Value] = { reader in
        let own = ["activation", "activation_alpha", "activation_beta", "activation_gamma"]
        let op = try reader.configured(Gemm(), ignoring: own)
        let parameters: [Double?] = try own.dropFirst().map { try reader.attribute($0) }
        let sums = try reader.add1(op, reader.operands)
        return [try ContribActivations.applied(reader.attribute("activation") ?? "", parameters.compactMap { $0 }, to: sums, &reader)]
    }

    /// `gelu(x · W + bias)` by the hyperbolic tangent.
    static let readGemmFastGelu: @Sendable (inout ONNXReader) throws -> [Value] = { reader in
        try reader.allowAttributes([])
        var sums = try reader.add1(MatMul(), [reader.required(0), reader.required(1)])
        if let bias = reader.operand(2) { sums = try reader.apply(.add, sums, bias) }
        return try reader.add(Gelu(.tanh), [sums])
    }

    /// A convolution of x `[N, H, W, C]` by w `[M, h, w, C / group]`, as ONNX Runtime's tools turn them.
    static let readChannelsLast: @Sendable (inout ONNXReader) throws -> [Value] = { reader in
        guard try reader.fact(0).rank == 4, try reader.fact(1).rank == 4 else {
            throw DLCError("x is \(try reader.fact(0).type) and w is \(try reader.fact(1).type); expected four dimensions")
        }
        let x = try reader.transpose(reader.required(0), [0, 3, 1, 2])
        let w = try reader.transpose(reader.required(1), [0, 3, 1, 2])
        let plain = ONNXReader(
            builder: reader.builder, opType: reader.opType, opset: 11, name: reader.name, operands: [x, w], attributes: reader.attributes,
            resultNames: [])
        let op = try Conv.configured(plain, x: reader.builder.fact(x), w: reader.builder.fact(w))
        return [try reader.transpose(reader.add1(op, [x, w, reader.operand(2)]), [0, 2, 3, 1])]
    }

    /// `activation(conv(x, w, b) + z)`.
    static let readConv: @Sendable (inout ONNXReader) throws -> [Value] = { reader in
        let name: String = try reader.attribute("activation") ?? ""
        let parameters: [Double] = try reader.attribute("activation_params") ?? []
        let attributes = reader.attributes.filter { !["activation", "activation_params"].contains($0.key) }
        let plain = ONNXReader(
            builder: reader.builder, opType: reader.opType, opset: 11, name: reader.name, operands: reader.operands,
            attributes: attributes, resultNames: reader.resultNames)
        let op = try Conv.configured(plain, x: reader.fact(0), w: reader.fact(1))
        var y = try reader.add1(op, Array(reader.operands.prefix(3)))
        if let z = reader.operand(3) { y = try reader.apply(.add, y, z) }
        return [try ContribActivations.applied(name, parameters, to: y, &reader)]
    }
}
