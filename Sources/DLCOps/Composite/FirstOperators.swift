import DLCGraph

/// Operators of ONNX's first, experimental set, which left it again but are still in files.
enum FirstOperators {
    /// `scale · x`.
    static let readScale: @Sendable (inout ONNXReader) throws -> [Value] = { reader in
        try reader.allowAttributes(["scale"])
        return [try affine(&reader, reader.required(0), scale: reader.attribute("scale") ?? 1, shift: 0)]
    }

    /// `alpha · x + beta`.
    static let readAffine: @Sendable (inout ONNXReader) throws -> [Value] = { reader in
        try reader.allowAttributes(["alpha", "beta"])
        let (alpha, beta): (Double, Double) = (try reader.attribute("alpha") ?? 1, try reader.attribute("beta") ?? 0)
        return [try affine(&reader, reader.required(0), scale: alpha, shift: beta)]
    }

    /// `alpha · tanh(beta · x)`.
    static let readScaledTanh: @Sendable (inout ONNXReader) throws -> [Value] = { try scaled(&$0, .tanh) }

    /// `alpha · log(1 + exp(beta · x))`.
    static let readParametricSoftplus: @Sendable (inout ONNXReader) throws -> [Value] = { try scaled(&$0, .softplus) }

    /// `scale · x + bias` of images `[N, C, H, W]`, a bias per channel.
    static let readImageScaler: @Sendable (inout ONNXReader) throws -> [Value] = { reader in
        try reader.allowAttributes(["scale", "bias"])
        let x = try reader.required(0)
        let (scale, bias): (Double, [Double]) = (try reader.attribute("scale") ?? 1, try reader.attribute("bias") ?? [])
        let y = try affine(&reader, x, scale: scale, shift: 0)
        guard !bias.isEmpty else { return [y] }
        let column = try Tensor(doubles: bias, type: reader.builder.fact(x).element, shape: [bias.count, 1, 1])
        return try reader.add(Binary(.add), [y, reader.constant(column)])
    }

    private static func affine(_ reader: inout ONNXReader, _ x: Value, scale: Double, shift: Double) throws -> Value {
        let y = scale == 1 ? x : try reader.apply(.mul, x, reader.scalar(scale, like: x))
        return shift == 0 ? y : try reader.apply(.add, y, reader.scalar(shift, like: y))
    }

    private static func scaled(_ reader: inout ONNXReader, _ function: UnaryFunction) throws -> [Value] {
        try reader.allowAttributes(["alpha", "beta"])
        let (alpha, beta): (Double, Double) = (try reader.attribute("alpha") ?? 1, try reader.attribute("beta") ?? 1)
        let inner = try affine(&reader, reader.required(0), scale: beta, shift: 0)
        return [try affine(&reader, reader.apply(function, inner), scale: alpha, shift: 0)]
    }
}
