import DLCGraph

/// How `Gelu` computes the normal distribution function.
public enum GeluApproximation: String, Sendable, CaseIterable, AttributeConvertible {
    case none, tanh
}

/// The Gaussian error linear unit, x · Φ(x) (Hendrycks and Gimpel, 2016; ONNX Gelu). Opsets before 20 get its definition.
public struct Gelu: Operator {
    public var approximate: GeluApproximation

    public init(_ approximate: GeluApproximation = .none) { self.approximate = approximate }

    public var definition: OperatorDefinition { Self.definition }

    public static let definition = OperatorDefinition(
        Gelu(), name: "gelu", operands: ["x"], traits: [.elementwise, .inPlaceable],
        onnx: [
            ONNXMapping("Gelu", read: { try $0.add($0.configured(Gelu()), $0.operands) }, write: write),
            ONNXMapping(
                "Gelu", domain: "com.microsoft", read: { try $0.add(Gelu(), $0.operands) }, write: write),
        ],
        examples: {
            let x = try Tensor.random(seed: 1, shape: [2, 3, 5])
            return [
                Example("exact", Gelu(), [x]),
                Example("tanh", Gelu(.tanh), [x]),
                Example("f16", Gelu(), [try Tensor.random(seed: 2, type: .float16, shape: [4])]),
            ]
        }
    ) {
        Attribute("approximate", \.approximate)
    }

    private static let write: @Sendable (inout ONNXWriter) throws -> Void = { writer in
        guard let op = writer.op as? Gelu else { return }
        if writer.opset >= 20 { return writer.node("Gelu", attributes: op.changedAttributes) }
        let x = writer.inputs[0]
        let type = writer.resultFacts[0].element
        func scalar(_ value: Double) throws -> Tensor { try Tensor(filling: value, type: type, shape: []) }
        let inner: String
        switch op.approximate {
        case .none:
            try writer.require(9, "Gelu")
            inner = writer.intermediate(
                "Erf", [writer.intermediate("Mul", [x, writer.constant(try scalar(0.5.squareRoot()))])])
        case .tanh:
            let square = writer.intermediate("Mul", [x, x])
            let cubic = writer.intermediate("Mul", [writer.intermediate("Mul", [square, x]), writer.constant(try scalar(0.044715))])
            let sum = writer.intermediate("Add", [x, cubic])
            let scale = writer.constant(try scalar((2 / Double.pi).squareRoot()))
            inner = writer.intermediate("Tanh", [writer.intermediate("Mul", [sum, scale])])
        }
        let gate = writer.intermediate("Add", [inner, writer.constant(try scalar(1))])
        let half = writer.intermediate("Mul", [x, writer.constant(try scalar(0.5))])
        writer.node("Mul", inputs: [half, gate])
    }

    public func infer(_ context: inout InferContext) throws -> [Fact] {
        try context.expect(0, "x", ElementType.floats)
        return [Fact(try context.operand(0).type)]
    }

    public func evaluate(_ operands: [Tensor?]) throws -> [Tensor] {
        let x = try Oracle.operand(operands, 0)
        let values = try x.doubles().map { x in
            switch approximate {
            case .none: 0.5 * x * (1 + Oracle.erf(x * 0.5.squareRoot()))
            case .tanh: 0.5 * x * (1 + Oracle.tanh((2 / Double.pi).squareRoot() * (x + 0.044715 * x * x * x)))
            }
        }
        return [try Tensor(doubles: values, type: x.type, shape: x.shape)]
    }
}
