import DLCGraph

/// Whether each element is infinite with one of the wanted signs (ONNX IsInf).
public struct IsInf: Operator {
    public var detectPositive = true
    public var detectNegative = true

    public init(detectPositive: Bool = true, detectNegative: Bool = true) {
        self.detectPositive = detectPositive
        self.detectNegative = detectNegative
    }

    public var definition: OperatorDefinition { Self.definition }

    public static let definition = OperatorDefinition(
        IsInf(), name: "is_inf", operands: ["x"], traits: [.elementwise],
        onnx: [
            ONNXMapping(
                "IsInf", read: { try $0.add($0.configured(IsInf()), $0.operands) },
                write: { writer in
                    try writer.require(10, "IsInf")
                    writer.node(
                        "IsInf",
                        attributes: writer.op.changedAttributes.map { ($0.name, .int($0.value == .bool(true) ? 1 : 0)) })
                })
        ],
        examples: {
            let x = try Tensor([1, .infinity, -.infinity, .nan] as [Float], shape: [2, 2])
            return [
                Example("both", IsInf(), [x], isDifferentiable: false),
                Example("negative", IsInf(detectPositive: false), [x], isDifferentiable: false),
                Example("positive", IsInf(detectNegative: false), [try x.converted(to: .float64)], isDifferentiable: false),
            ]
        }
    ) {
        Attribute("detect_positive", \.detectPositive)
        Attribute("detect_negative", \.detectNegative)
    }

    public func infer(_ context: inout InferContext) throws -> [Fact] {
        try context.expect(0, "x", ElementType.floats)
        return [Fact(.bool, try context.operand(0).shape)]
    }

    public func evaluate(_ operands: [Tensor?]) throws -> [Tensor] {
        let x = try Oracle.operand(operands, 0)
        let values = try x.doubles().map { $0.isInfinite && ($0 > 0 ? detectPositive : detectNegative) ? 1.0 : 0 }
        return [try Tensor(doubles: values, type: .bool, shape: x.shape)]
    }
}
