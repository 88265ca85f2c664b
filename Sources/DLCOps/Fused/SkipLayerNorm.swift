import DLCGraph

/// Layer normalisation of a sum over the last dimension, `layer_norm(x + skip) * scale + bias`, and the sum itself
/// (Ba et al., 2016; the residual of a transformer block).
public struct SkipLayerNorm: Operator {
    public var epsilon: Double

    public init(epsilon: Double = 1e-5) { self.epsilon = epsilon }

    public var definition: OperatorDefinition { Self.definition }

    public static let definition = OperatorDefinition(
        SkipLayerNorm(), name: "skip_layer_norm", operands: ["x", "skip", "scale", "bias?"], results: ["y", "sum?"],
        examples: {
            let x = try Tensor.random(seed: 1, shape: [2, 3, 8])
            let skip = try Tensor.random(seed: 2, shape: [2, 3, 8])
            let scale = try Tensor.random(seed: 3, shape: [8])
            return [
                Example("scale", SkipLayerNorm(), [x, skip, scale]),
                Example("bias", SkipLayerNorm(epsilon: 1e-3), [x, skip, scale, try Tensor.random(seed: 4, shape: [8])]),
            ]
        }
    ) {
        Attribute("epsilon", \.epsilon)
    }

    public func infer(_ context: inout InferContext) throws -> [Fact] {
        try context.expect(0, "x", [.float32, .float64, .float16, .bfloat16])
        let (x, skip) = (try context.operand(0), try context.operand(1))
        guard x.element == skip.element, x.rank > 0 else { throw DLCError("x is \(x.type) and skip is \(skip.type): they must agree") }
        try context.require(skip.shape, equals: x.shape, "x is \(x.type) and skip is \(skip.type): they must agree")
        for (index, name) in [(2, "scale"), (3, "bias")] {
            guard let vector = context.optional(index) else { continue }
            try context.require(vector.shape, equals: [x.shape[x.rank - 1]], "\(name) is \(vector.type); expected [\(x.shape[x.rank - 1])]")
        }
        return [Fact(x.type), Fact(x.type)]
    }

    public func evaluate(_ operands: [Tensor?]) throws -> [Tensor] {
        guard operands.count >= 3, let x = operands[0], let skip = operands[1], let scale = operands[2] else { throw DLCError("an operand is missing") }
        let length = x.shape[x.rank - 1]
        let (a, b, gamma) = (try x.doubles(), try skip.doubles(), try scale.doubles())
        let beta = try operands.count > 3 ? operands[3]?.doubles() : nil
        let sum = zip(a, b).map { $0 + $1 }
        var result = sum
        for start in stride(from: 0, to: sum.count, by: max(length, 1)) {
            let row = sum[start..<start + length]
            let mean = row.reduce(0, +) / Double(length)
            let variance = row.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(length)
            for i in 0..<length {
                result[start + i] = (sum[start + i] - mean) / (variance + epsilon).squareRoot() * gamma[i] + (beta?[i] ?? 0)
            }
        }
        return [
            try Tensor(doubles: result, type: x.type, shape: x.shape), try Tensor(doubles: sum, type: x.type, shape: x.shape),
        ]
    }
}
