import DLCGraph

/// Layer normalisation (Ba et al., 2016; ONNX LayerNormalization) over the dimensions from `axis` on; the mean and the
/// inverse standard deviation are optional results.
public struct LayerNormalization: Operator {
    public var axis = -1
    public var epsilon = 1e-5

    public init(axis: Int = -1, epsilon: Double = 1e-5) {
        self.axis = axis
        self.epsilon = epsilon
    }

    public var definition: OperatorDefinition { Self.definition }

    public static let definition = OperatorDefinition(
        LayerNormalization(), name: "layer_norm", operands: ["x", "scale", "bias?"], results: ["y", "mean?", "inv_std?"],
        onnx: [ONNXMapping("LayerNormalization", read: read, write: write)],
        examples: {
            let x = try Tensor.random(seed: 1, shape: [2, 3, 8])
            return [
                Example("last", LayerNormalization(), [x, try .random(seed: 2, shape: [8]), try .random(seed: 3, shape: [8])]),
                Example("two axes", LayerNormalization(axis: 1, epsilon: 0.01), [x, try .random(seed: 4, shape: [3, 8])]),
                Example(
                    "f64", LayerNormalization(),
                    [try .random(seed: 5, type: .float64, shape: [4, 5]), try .random(seed: 6, type: .float64, shape: [5])]),
            ]
        }
    ) {
        Attribute("axis", \.axis)
        Attribute("epsilon", \.epsilon)
    }

    private static let read: @Sendable (inout ONNXReader) throws -> [Value] = { reader in
        // Types of the intermediate results are those of x: stash_type 1 (f32) is what the kernels do for halves too.
        try reader.allowAttributes(["axis", "epsilon", "stash_type"])
        return try reader.add(reader.configured(LayerNormalization(), ignoring: ["stash_type"]), reader.operands)
    }

    /// Opsets before 17 get its definition, without statistics.
    private static let write: @Sendable (inout ONNXWriter) throws -> Void = { writer in
        guard let op = writer.op as? LayerNormalization, let x = writer.operandFacts[0] else { return }
        if writer.opset >= 17 {
            return writer.node("LayerNormalization", attributes: [("axis", .int(op.axis)), ("epsilon", .float(op.epsilon))])
        }
        if writer.outputs.dropFirst().contains(where: { !$0.isEmpty }) { try writer.require(17, "LayerNormalization with statistics") }
        let axes: [(name: String, value: AttributeValue)] = [
            ("axes", .ints(Array(try InferenceRules.axis(op.axis, rank: x.rank)..<x.rank)))
        ]
        let centred = writer.intermediate("Sub", [writer.inputs[0], writer.intermediate("ReduceMean", [writer.inputs[0]], axes)])
        let variance = writer.intermediate("ReduceMean", [writer.intermediate("Mul", [centred, centred])], axes)
        let epsilon = writer.constant(try Tensor(filling: op.epsilon, type: x.element, shape: []), "epsilon")
        let deviation = writer.intermediate("Sqrt", [writer.intermediate("Add", [variance, epsilon])])
        let normal = writer.intermediate("Div", [centred, deviation])
        let outputs = [writer.outputs[0]]
        guard writer.inputs.count > 2, !writer.inputs[2].isEmpty else {
            return writer.node("Mul", inputs: [normal, writer.inputs[1]], outputs: outputs)
        }
        writer.node("Add", inputs: [writer.intermediate("Mul", [normal, writer.inputs[1]]), writer.inputs[2]], outputs: outputs)
    }

    public func infer(_ context: inout InferContext) throws -> [Fact] {
        try context.expect(0, "x", ElementType.floats)
        let x = try context.operand(0)
        let axis = try InferenceRules.axis(axis, rank: x.rank)
        let normalized = Shape(x.shape[axis...])
        for (index, name) in [(1, "scale"), (2, "bias")] {
            guard let parameter = context.optional(index) else { continue }
            try context.expect(index, name, sameTypeAs: 0)
            try context.require(parameter.shape, expandsTo: x.shape, "\(name) is \(parameter.type); expected \(normalized.text)")
        }
        let statistics = Shape(x.shape[..<axis]) + normalized.map { _ in 1 }
        return [Fact(x.type), Fact(.float32, statistics), Fact(.float32, statistics)]
    }

    public func evaluate(_ operands: [Tensor?]) throws -> [Tensor] {
        let x = try Oracle.operand(operands, 0)
        let axis = try InferenceRules.axis(axis, rank: x.rank)
        let (rows, length) = (x.shape[..<axis].reduce(1, *), x.shape[axis...].reduce(1, *))
        let scale = try Oracle.operand(operands, 1).broadcast(to: x.shape).doubles()
        let bias = try Oracle.optional(operands, 2)?.broadcast(to: x.shape).doubles()
        let values = try x.doubles()
        var (result, means, inverses) = (values, [Double](), [Double]())
        for start in (0..<rows).map({ $0 * length }) {
            let row = values[start..<start + length]
            let mean = row.reduce(0, +) / Double(length)
            let variance = row.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(length)
            let inverse = 1 / (variance + epsilon).squareRoot()
            for i in start..<start + length { result[i] = (values[i] - mean) * inverse * scale[i] + (bias?[i] ?? -0.0) }
            means.append(mean)
            inverses.append(inverse)
        }
        let shape = Array(x.shape[..<axis]) + x.shape[axis...].map { _ in 1 }
        return [
            try Tensor(doubles: result, type: x.type, shape: x.shape), try Tensor(doubles: means, type: .float32, shape: shape),
            try Tensor(doubles: inverses, type: .float32, shape: shape),
        ]
    }
}
