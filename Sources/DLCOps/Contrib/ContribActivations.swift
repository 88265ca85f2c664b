import DLCGraph

/// Activations after a bias, and those that fused products and convolutions name.
enum ContribActivations {
    /// `gelu(x + bias)`.
    static let readBiasGelu: @Sendable (inout ONNXReader) throws -> [Value] = { reader in
        try reader.allowAttributes([])
        return try reader.add(Gelu(), [reader.apply(.add, reader.required(0), reader.required(1))])
    }

    /// GELU by the hyperbolic tangent, of x or of x + bias.
    static let readFastGelu: @Sendable (inout ONNXReader) throws -> [Value] = { reader in
        try reader.allowAttributes([])
        return try reader.add(Gelu(.tanh), [biased(&reader)])
    }

    /// `x · sigmoid(alpha · x)`.
    static let readQuickGelu: @Sendable (inout ONNXReader) throws -> [Value] = { reader in
        try reader.allowAttributes(["alpha"])
        return try reader.add(Activation(.swish, alpha: reader.attribute("alpha") ?? 1.702), [reader.required(0)])
    }

    /// The first half of the columns of x + bias times the GELU of the second.
    static let readBiasSplitGelu: @Sendable (inout ONNXReader) throws -> [Value] = { reader in
        try reader.allowAttributes([])
        let x = try biased(&reader)
        let fact = reader.builder.fact(x)
        guard let width = fact.shape.last else { throw DLCError("x is a scalar; expected rows") }
        try reader.require(.divides, 2, width, "x is \(fact.type), which is split in two")
        let half = try width.quotient(2)
        let left = try reader.slice(x, axis: fact.rank - 1, from: 0, count: half)
        let right = try reader.slice(x, axis: fact.rank - 1, from: half, count: half)
        return try reader.add(Binary(.mul), [left, reader.add1(Gelu(), [right])])
    }

    /// `x + bias + skip`.
    static let readBiasAdd: @Sendable (inout ONNXReader) throws -> [Value] = { reader in
        try reader.allowAttributes([])
        return try reader.add(Binary(.add), [biased(&reader), reader.required(2)])
    }

    private static func biased(_ reader: inout ONNXReader) throws -> Value {
        let x = try reader.required(0)
        return try reader.operand(1).map { try reader.apply(.add, x, $0) } ?? x
    }

    /// The activation that an attribute names, with its parameters in the order of the operator's own attributes.
    static func applied(_ name: String, _ parameters: [Double], to x: Value, _ reader: inout ONNXReader) throws -> Value {
        let (first, second) = (parameters.first, parameters.dropFirst().first)
        switch name {
        case "", "Identity": return x
        case "Relu": return try reader.apply(.relu, x)
        case "Sigmoid": return try reader.apply(.sigmoid, x)
        case "Tanh": return try reader.apply(.tanh, x)
        case "LeakyRelu": return try reader.add1(Activation(.leakyRelu, alpha: first), [x])
        case "Elu": return try reader.add1(Activation(.elu, alpha: first), [x])
        case "HardSigmoid": return try reader.add1(Activation(.hardSigmoid, alpha: first, beta: second ?? 0.5), [x])
        case "Clip": return try reader.add1(Clip(min: first, max: second), [x])
        default: throw DLCError("activation is \(name); expected Relu, Sigmoid, Tanh, LeakyRelu, Elu, HardSigmoid or Clip")
        }
    }
}
