import DLCGraph

/// Local response normalisation across channels (Krizhevsky et al., 2012, section 3.3; ONNX LRN) of x `[N, C, …]`,
/// `[N, …, C]` with `channelsLast`: `x / (bias + alpha / size · Σ x²)^beta` over `size` neighbouring channels.
public struct LRN: Operator {
    public var size = 1
    public var alpha = 1e-4
    public var beta = 0.75
    public var bias = 1.0
    public var channelsLast = false

    public init(size: Int = 1) { self.size = size }

    public var definition: OperatorDefinition { Self.definition }

    public static let definition = OperatorDefinition(
        LRN(), name: "lrn", operands: ["x"],
        onnx: [
            ONNXMapping(
                "LRN", read: { try $0.add($0.configured(LRN()), $0.operands) },
                write: { writer in
                    guard let op = writer.op as? LRN else { return }
                    let attributes: [(name: String, value: AttributeValue)] = [
                        ("size", .int(op.size)), ("alpha", .float(op.alpha)), ("beta", .float(op.beta)), ("bias", .float(op.bias)),
                    ]
                    writer.image("LRN", channelsLast: op.channelsLast, attributes: attributes)
                })
        ],
        examples: {
            let x = try Tensor.random(seed: 1, shape: [2, 7, 3, 2])
            var even = LRN(size: 4)
            (even.alpha, even.beta, even.bias) = (0.5, 0.6, 2)
            var last = LRN(size: 5)
            (last.alpha, last.channelsLast) = (0.3, true)
            return [
                Example("odd", LRN(size: 3), [x]), Example("even", even, [x]),
                Example("channels last", last, [try .random(seed: 2, shape: [1, 4, 5, 9])]),
            ]
        }
    ) {
        Attribute("size", \.size)
        Attribute("alpha", \.alpha)
        Attribute("beta", \.beta)
        Attribute("bias", \.bias)
        Attribute("channels_last", \.channelsLast)
    }

    public func infer(_ context: inout InferContext) throws -> [Fact] {
        try context.expect(0, "x", ElementType.floats)
        let x = try context.operand(0)
        guard x.rank >= 2, size >= 1, size <= 1 << 30 else {
            throw DLCError("x is \(x.type), size \(size); expected at least 2 dimensions and a size from 1 to 2³⁰")
        }
        // As ONNX Runtime; a power of a negative number is none.
        guard alpha >= 0, beta >= 0 else { throw DLCError("alpha is \(alpha), beta \(beta); expected at least 0") }
        return [Fact(x.type)]
    }

    public func evaluate(_ operands: [Tensor?]) throws -> [Tensor] {
        let x = try Oracle.operand(operands, 0)
        let axis = channelsLast ? x.rank - 1 : 1
        let channels = x.shape[axis]
        let inner = x.shape[(axis + 1)...].reduce(1, *)
        let values = try x.doubles()
        let result = values.indices.map { index -> Double in
            let c = index / inner % channels
            let (first, last) = (max(0, c - (size - 1) / 2), min(channels - 1, c + size / 2))
            let sum = (first...max(first, last)).reduce(0.0) { total, other in
                let value = values[index + (other - c) * inner]
                return total + value * value
            }
            return values[index] / Oracle.pow(bias + alpha / Double(size) * sum, beta)
        }
        return [try Tensor(doubles: result, type: x.type, shape: x.shape)]
    }
}
