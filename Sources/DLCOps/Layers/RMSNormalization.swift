import DLCGraph

/// Division by the root mean square over the dimensions from `axis` on, then a scale (Zhang and Sennrich, 2019; ONNX
/// RMSNormalization). Opsets before 23 get its definition.
public struct RMSNormalization: Operator {
    public var axis: Int
    public var epsilon: Double

    public init(axis: Int = -1, epsilon: Double = 1e-5) {
        self.axis = axis
        self.epsilon = epsilon
    }

    public var definition: OperatorDefinition { Self.definition }

    public static let definition = OperatorDefinition(
        RMSNormalization(), name: "rms_norm", operands: ["x", "scale"],
        onnx: [ONNXMapping("RMSNormalization", read: read, write: write)],
        examples: {
            let x = try Tensor.random(seed: 1, shape: [2, 3, 8])
            return [
                Example("last", RMSNormalization(), [x, try .random(seed: 2, shape: [8])]),
                Example("two axes", RMSNormalization(axis: 1, epsilon: 0.01), [x, try .random(seed: 3, shape: [3, 8])]),
                Example(
                    "f64", RMSNormalization(),
                    [try .random(seed: 4, type: .float64, shape: [4, 5]), try .random(seed: 5, type: .float64, shape: [5])]),
            ]
        }
    ) {
        Attribute("axis", \.axis)
        Attribute("epsilon", \.epsilon)
    }

    private static let read: @Sendable (inout ONNXReader) throws -> [Value] = { reader in
        try reader.allowAttributes(["axis", "epsilon", "stash_type"])
        return try reader.add(reader.configured(RMSNormalization(), ignoring: ["stash_type"]), reader.operands)
    }

    private static let write: @Sendable (inout ONNXWriter) throws -> Void = { writer in
        guard let op = writer.op as? RMSNormalization, let x = writer.operandFacts[0] else { return }
        if writer.opset >= 23 { return writer.node("RMSNormalization", attributes: op.attributes) }
        let axes = Array(try InferenceRules.axis(op.axis, rank: x.rank)..<x.rank)
        let type = writer.resultFacts[0].element
        // Of two types, both as f32, or f64 where one is.
        let isMixed = x.element != type
        let wide: ElementType = !isMixed ? type : x.element == .float64 || type == .float64 ? .float64 : .float32
        func widened(_ name: String, _ from: ElementType) -> String {
            from == wide ? name : writer.intermediate("Cast", [name], [("to", .int(wide.onnx))])
        }
        let (values, scale) = (widened(writer.inputs[0], x.element), widened(writer.inputs[1], type))
        let square = writer.intermediate("Mul", [values, values])
        let mean: String
        if writer.opset >= 18 {
            mean = writer.intermediate("ReduceMean", [square, try writer.integers(axes)])
        } else {
            mean = writer.intermediate("ReduceMean", [square], [("axes", .ints(axes))])
        }
        let epsilon = writer.constant(try Tensor(filling: op.epsilon, type: wide, shape: []), "epsilon")
        let root = writer.intermediate("Sqrt", [writer.intermediate("Add", [mean, epsilon])])
        let normal = [writer.intermediate("Div", [values, root]), scale]
        if wide == type { return writer.node("Mul", inputs: normal) }
        writer.node("Cast", inputs: [writer.intermediate("Mul", normal)], attributes: [("to", .int(type.onnx))])
    }

    public func infer(_ context: inout InferContext) throws -> [Fact] {
        try context.expect(0, "x", ElementType.floats)
        try context.expect(1, "scale", ElementType.floats)
        let (x, scale) = (try context.operand(0), try context.operand(1))
        let axis = try InferenceRules.axis(axis, rank: x.rank)
        try context.require(scale.shape, expandsTo: x.shape, "scale is \(scale.type); expected \(Shape(x.shape[axis...]).text)")
        return [Fact(scale.element, x.shape)]
    }

    public func evaluate(_ operands: [Tensor?]) throws -> [Tensor] {
        let (x, scale) = (try Oracle.operand(operands, 0), try Oracle.operand(operands, 1))
        let factors = try scale.broadcast(to: x.shape).doubles()
        let length = max(x.shape[try InferenceRules.axis(axis, rank: x.rank)...].reduce(1, *), 1)
        let values = try x.doubles()
        var result = values
        for start in stride(from: 0, to: values.count, by: length) {
            let meanSquare = values[start..<start + length].reduce(0) { $0 + $1 * $1 } / Double(length)
            for i in start..<start + length { result[i] = values[i] / (meanSquare + epsilon).squareRoot() * factors[i] }
        }
        return [try Tensor(doubles: result, type: scale.type, shape: x.shape)]
    }
}
