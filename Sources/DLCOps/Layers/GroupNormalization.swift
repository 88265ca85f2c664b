import DLCGraph

/// Group normalisation (Wu and He, 2018; ONNX GroupNormalization): mean 0 and variance 1 over space and runs of
/// adjacent channels, then a scale and a bias per channel. With as many groups as channels it is instance normalisation
/// (Ulyanov et al., 2016; ONNX InstanceNormalization).
///
/// x `[N, C, spatial…]`, `[N, spatial…, C]` with `channelsLast`; scale and bias `[C]`.
public struct GroupNormalization: Operator {
    public var groups: Int
    public var epsilon: Double
    public var channelsLast = false

    public init(groups: Int = 1, epsilon: Double = 1e-5, channelsLast: Bool = false) {
        self.groups = groups
        self.epsilon = epsilon
        self.channelsLast = channelsLast
    }

    public var definition: OperatorDefinition { Self.definition }

    public static let definition = OperatorDefinition(
        GroupNormalization(), name: "group_norm", operands: ["x", "scale", "bias"],
        onnx: [
            ONNXMapping("GroupNormalization", read: read, write: write),
            ONNXMapping("InstanceNormalization", read: readInstance, write: write),
        ],
        examples: {
            let x = try Tensor.random(seed: 1, shape: [2, 6, 3, 4])
            let (scale, bias) = (try Tensor.random(seed: 2, shape: [6]), try Tensor.random(seed: 3, shape: [6]))
            let f64 = try (4..<7).map { try Tensor.random(seed: $0, type: .float64, shape: $0 == 4 ? [1, 2, 5] : [2]) }
            return [
                Example("two groups", GroupNormalization(groups: 2), [x, scale, bias]),
                Example("per channel", GroupNormalization(groups: 6, epsilon: 0.01), [x, scale, bias]),
                Example(
                    "channels last", GroupNormalization(groups: 3, channelsLast: true),
                    [try .random(seed: 7, shape: [2, 5, 6]), scale, bias]),
                Example("1-D f64", GroupNormalization(groups: 2), f64),
            ]
        }
    ) {
        Attribute("num_groups", \.groups)
        Attribute("epsilon", \.epsilon)
        Attribute("channels_last", \.channelsLast)
    }

    /// Up to opset 20 scale and bias have an element per group.
    private static let read: @Sendable (inout ONNXReader) throws -> [Value] = { reader in
        try reader.allowAttributes(["epsilon", "num_groups", "stash_type"])
        let x = try reader.fact(0)
        guard let groups: Int = try reader.attribute("num_groups"), groups >= 1 else { throw DLCError("num_groups is missing or below 1") }
        var operands = reader.operands
        if reader.opset < 21 {
            guard x.rank >= 2, let channels = x.shape[1].constant, channels % groups == 0 else {
                throw DLCError("x is \(x.type); expected a known number of channels that \(groups) groups divide")
            }
            let ones = reader.constant(try Tensor(filling: 1, type: x.element, shape: [groups, channels / groups]))
            for index in 1..<3 {
                let perGroup = try reader.fact(index)
                guard perGroup.shape == [Dim(groups)] else { throw DLCError("operand \(index) is \(perGroup.type); expected [\(groups)]") }
                let column = try reader.add1(Reshape(shape: [Dim(groups), 1]), [operands[index]])
                let spread = try reader.add1(Binary(.mul), [column, ones])
                operands[index] = try reader.add1(Reshape(shape: [Dim(channels)]), [spread])
            }
        }
        return try reader.add(GroupNormalization(groups: groups, epsilon: try reader.attribute("epsilon") ?? 1e-5), operands)
    }

    private static let readInstance: @Sendable (inout ONNXReader) throws -> [Value] = { reader in
        try reader.allowAttributes(["epsilon"])
        let (x, scale) = (try reader.fact(0), try reader.fact(1))
        guard x.rank >= 2, let channels = x.shape[1].constant ?? scale.shape.first?.constant else {
            throw DLCError("x is \(x.type); expected a known number of channels")
        }
        return try reader.add(GroupNormalization(groups: channels, epsilon: try reader.attribute("epsilon") ?? 1e-5), reader.operands)
    }

    private static let write: @Sendable (inout ONNXWriter) throws -> Void = { writer in
        guard let op = writer.op as? GroupNormalization, let x = writer.operandFacts[0] else { return }
        let epsilon: (name: String, value: AttributeValue) = ("epsilon", .float(op.epsilon))
        if x.shape[op.channelsLast ? x.rank - 1 : 1].constant == op.groups {
            return writer.image("InstanceNormalization", channelsLast: op.channelsLast, attributes: [epsilon])
        }
        if writer.opset >= 21 {
            let attributes: [(name: String, value: AttributeValue)] = [epsilon, ("num_groups", .int(op.groups))]
            return writer.image("GroupNormalization", channelsLast: op.channelsLast, attributes: attributes)
        }
        if op.channelsLast {
            throw DLCError("GroupNormalization with channels last needs opset 21 or newer, opset \(writer.opset) was asked for")
        }
        // Groups as the channels of an instance normalisation, then the scale and bias of each channel.
        let inner = try Shape(x.shape.dropFirst()).product().quotient(Dim(op.groups))
        // Nothing has no groups.
        if inner == 0 { return writer.node("Identity", inputs: [writer.inputs[0]]) }
        let grouped = try writer.reshaped(writer.inputs[0], from: x.shape, to: [x.shape[0], Dim(op.groups), inner])
        let ones = writer.constant(try Tensor(filling: 1, type: x.element, shape: [op.groups]))
        let zeros = writer.constant(try Tensor(filling: 0, type: x.element, shape: [op.groups]))
        let normal = writer.intermediate("InstanceNormalization", [grouped, ones, zeros], [epsilon])
        let shaped = try writer.reshaped(normal, from: [x.shape[0], Dim(op.groups)], to: x.shape)
        let column = try writer.integers([-1] + [Int](repeating: 1, count: x.rank - 2))
        let scale = writer.intermediate("Reshape", [writer.inputs[1], column])
        let bias = writer.intermediate("Reshape", [writer.inputs[2], column])
        writer.node("Add", inputs: [writer.intermediate("Mul", [shaped, scale]), bias])
    }

    public func infer(_ context: inout InferContext) throws -> [Fact] {
        try context.expect(0, "x", ElementType.floats)
        let x = try context.operand(0)
        guard x.rank >= 2 else { throw DLCError("x is \(x.type); expected a batch and channels") }
        let channels = x.shape[channelsLast ? x.rank - 1 : 1]
        guard groups >= 1 else { throw DLCError("num_groups is \(groups); expected at least 1") }
        try context.require(.divides, Dim(groups), channels, "\(groups) groups divide the channels of x \(x.type)")
        for (index, name) in [(1, "scale"), (2, "bias")] {
            try context.expect(index, name, sameTypeAs: 0)
            let vector = try context.operand(index)
            try context.require(vector.shape, equals: [channels], "\(name) is \(vector.type); expected [\(channels)]")
        }
        return [Fact(x.type)]
    }

    public func evaluate(_ operands: [Tensor?]) throws -> [Tensor] {
        let x = try Oracle.operand(operands, 0)
        let (scale, bias) = (try Oracle.operand(operands, 1).doubles(), try Oracle.operand(operands, 2).doubles())
        let channels = x.shape[channelsLast ? x.rank - 1 : 1]
        let spatial = (channelsLast ? x.shape[1..<(x.rank - 1)] : x.shape[2...]).reduce(1, *)
        let values = try x.doubles()
        var result = values
        func index(_ n: Int, _ c: Int, _ s: Int) -> Int {
            channelsLast ? (n * spatial + s) * channels + c : (n * channels + c) * spatial + s
        }
        let width = channels / groups
        let count = Double(width * spatial)
        for n in 0..<x.shape[0] {
            for group in 0..<groups {
                var members: [(index: Int, channel: Int)] = []
                for c in group * width..<(group + 1) * width { for s in 0..<spatial { members.append((index(n, c, s), c)) } }
                let mean = members.reduce(0) { $0 + values[$1.index] } / count
                let variance = members.reduce(0) { $0 + (values[$1.index] - mean) * (values[$1.index] - mean) } / count
                for member in members {
                    result[member.index] =
                        (values[member.index] - mean) / (variance + epsilon).squareRoot() * scale[member.channel] + bias[member.channel]
                }
            }
        }
        return [try Tensor(doubles: result, type: x.type, shape: x.shape)]
    }
}
