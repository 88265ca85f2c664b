import DLCGraph

/// Activations that are a few elementwise operators.
enum GatedActivations {
    /// `a · sigmoid(alpha · a) · b` (Shazeer, 2020; ONNX SwiGLU).
    static let readSwiGLU: @Sendable (inout ONNXReader) throws -> [Value] = { reader in
        try reader.allowAttributes(["alpha"])
        let (a, alpha): (Value, Double) = (try reader.required(0), try reader.attribute("alpha") ?? 1)
        let gate: Value
        if alpha == 1 {
            gate = try reader.add1(Activation(.swish), [a])
        } else {
            gate = try reader.apply(.mul, a, reader.apply(.sigmoid, reader.apply(.mul, a, reader.scalar(alpha, like: a))))
        }
        return try reader.add(Binary(.mul), [gate, reader.required(1)])
    }

    /// x moved towards 0 by `bias` outside ±lambd, 0 inside (ONNX Shrink).
    static let readShrink: @Sendable (inout ONNXReader) throws -> [Value] = { reader in
        try reader.allowAttributes(["bias", "lambd"])
        let x = try reader.required(0)
        let (bias, limit): (Double, Double) = (try reader.attribute("bias") ?? 0, try reader.attribute("lambd") ?? 0.5)
        let (b, zero) = (try reader.scalar(bias, like: x), try reader.scalar(0, like: x))
        let isLow = try reader.apply(.less, x, reader.scalar(-limit, like: x))
        let isHigh = try reader.apply(.greater, x, reader.scalar(limit, like: x))
        let inner = try reader.select(isHigh, reader.apply(.sub, x, b), zero)
        return try reader.add(Where(), [isLow, reader.apply(.add, x, b), inner])
    }
}
