import DLCGraph

/// Batch normalisation with given statistics (Ioffe and Szegedy, 2015; ONNX BatchNormalization in inference):
/// `(x - mean) / √(variance + epsilon) · scale + bias` along dimension 1.
public struct BatchNormalization: Operator {
    public var epsilon = 1e-5

    public init(epsilon: Double = 1e-5) { self.epsilon = epsilon }

    public var definition: OperatorDefinition { Self.definition }

    public static let definition = OperatorDefinition(
        BatchNormalization(), name: "batch_norm", operands: ["x", "scale", "bias", "mean", "variance"],
        onnx: [
            ONNXMapping(
                "BatchNormalization", read: read,
                write: { writer in
                    guard let op = writer.op as? BatchNormalization else { return }
                    writer.node("BatchNormalization", attributes: [("epsilon", .float(op.epsilon))])
                })
        ],
        examples: {
            func parameters(_ type: ElementType = .float32) throws -> [Tensor?] {
                [
                    try .random(seed: 2, type: type, shape: [3]), try .random(seed: 3, type: type, shape: [3]),
                    try .random(seed: 4, type: type, shape: [3]),
                    try Tensor(doubles: [0.5, 1, 2], type: type, shape: [3]),
                ]
            }
            return [
                Example("image", BatchNormalization(), [try .random(seed: 1, shape: [2, 3, 4, 5])] + (try parameters())),
                Example("epsilon", BatchNormalization(epsilon: 0.1), [try .random(seed: 5, shape: [4, 3])] + (try parameters())),
                Example(
                    "f64", BatchNormalization(), [try .random(seed: 6, type: .float64, shape: [1, 3, 2])] + (try parameters(.float64))),
            ]
        }
    ) {
        Attribute("epsilon", \.epsilon)
    }

    private static let read: @Sendable (inout ONNXReader) throws -> [Value] = { reader in
        try reader.allowAttributes(["epsilon", "momentum", "training_mode", "is_test", "spatial"])
        if try reader.attribute("training_mode") ?? false { return try readTraining(&reader) }
        if reader.resultNames.dropFirst().contains(where: { $0?.isEmpty == false }) {
            throw DLCError("results of training (running statistics) are not supported")
        }
        let op = BatchNormalization(epsilon: try reader.attribute("epsilon") ?? 1e-5)
        if let spatial: Bool = try reader.attribute("spatial"), !spatial, try reader.fact(1).rank > 1 {
            return try readElementwise(op, &reader)
        }
        return try reader.add(op, Array(reader.operands.prefix(5)))
    }

    /// The batch's own statistics, and the running ones moved toward them (opset 14 and newer).
    private static func readTraining(_ reader: inout ONNXReader) throws -> [Value] {
        let (x, scale, bias) = (try reader.required(0), try reader.required(1), try reader.required(2))
        let type = reader.builder.fact(x).element
        let op = BatchNormTraining(epsilon: try reader.attribute("epsilon") ?? 1e-5)
        let momentum: Double = try reader.attribute("momentum") ?? 0.9
        let results = try reader.builder.add(op, [x, reader.cast(scale, type), reader.cast(bias, type)], name: reader.name)
        var moved = [results[0]]
        for index in 1..<min(3, max(1, reader.resultNames.count)) {
            let old = try reader.required(index + 2)
            let new = try reader.cast(results[index], reader.builder.fact(old).element)
            let kept = try reader.apply(.mul, old, reader.scalar(momentum, like: old))
            moved.append(try reader.apply(.add, kept, reader.apply(.mul, new, reader.scalar(1 - momentum, like: new))))
        }
        return moved
    }

    /// Opset 7 with `spatial` 0: statistics for every element of a sample, as arithmetic.
    private static func readElementwise(_ op: BatchNormalization, _ reader: inout ONNXReader) throws -> [Value] {
        let (x, scale, bias) = (try reader.required(0), try reader.required(1), try reader.required(2))
        let (mean, variance) = (try reader.required(3), try reader.required(4))
        let deviation = try reader.apply(.sqrt, reader.apply(.add, variance, reader.scalar(op.epsilon, like: variance)))
        let normal = try reader.apply(.div, reader.apply(.sub, x, mean), deviation)
        return try reader.add(Binary(.add), [reader.apply(.mul, normal, scale), bias])
    }

    public func infer(_ context: inout InferContext) throws -> [Fact] {
        try context.expect(0, "x", ElementType.floats)
        let x = try context.operand(0)
        let channels = x.rank > 1 ? x.shape[1] : 1
        for (index, name) in ["scale", "bias", "mean", "variance"].enumerated() {
            let vector = try context.operand(index + 1)
            let reason = "\(name) is \(vector.type); expected [\(channels)] as in x \(x.type)"
            guard vector.element.isFloat, vector.rank == 1 else { throw DLCError(reason) }
            try context.require(vector.shape[0], equals: channels, reason)
        }
        return [Fact(x.type)]
    }

    public func evaluate(_ operands: [Tensor?]) throws -> [Tensor] {
        let x = try Oracle.operand(operands, 0)
        let p = try (1..<5).map { try Oracle.operand(operands, $0).doubles() }
        let channels = x.rank > 1 ? x.shape[1] : 1
        let inner = x.rank > 2 ? x.shape[2...].reduce(1, *) : 1
        let values = try x.doubles().enumerated().map { index, value -> Double in
            let c = index / inner % channels
            return (value - p[2][c]) / (p[3][c] + epsilon).squareRoot() * p[0][c] + p[1][c]
        }
        return [try Tensor(doubles: values, type: x.type, shape: x.shape)]
    }
}
