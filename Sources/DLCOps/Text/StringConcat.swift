import DLCGraph
import DLCRuntime

/// Each text of a followed by that of b, after broadcasting (ONNX StringConcat).
public struct StringConcat: Operator {
    public init() {}

    public var definition: OperatorDefinition { Self.definition }

    public static let definition = OperatorDefinition(
        StringConcat(), name: "string_concat", operands: ["a", "b"], onnx: [ONNXMapping("StringConcat", StringConcat(), since: 20)],
        examples: {
            let names = try Tensor(["abc", "", "日本", "e\u{301}"], shape: [2, 2])
            func example(_ name: String, _ a: Tensor, _ b: Tensor) -> Example {
                Example(name, StringConcat(), [a, b], isDifferentiable: false)
            }
            return [
                example("equal shapes", names, try Tensor([".com", ".de", "本", "!"], shape: [2, 2])),
                example("broadcast", try names.reshaped([2, 1, 2]), try Tensor(["/1", "/2", "a longer end"], shape: [3, 1])),
                example("scalars", try Tensor(["one"], shape: []), try Tensor([" and two"], shape: [])),
                example("empty", try Tensor([], shape: [0, 2]), try Tensor(["x", "y"], shape: [2])),
            ]
        })

    public func infer(_ context: inout InferContext) throws -> [Fact] {
        try context.expect(0, "a", [.string])
        try context.expect(1, "b", [.string])
        return [Fact(.string, try context.broadcast([context.operand(0).shape, context.operand(1).shape]))]
    }

    public func evaluate(_ operands: [Tensor?]) throws -> [Tensor] { try computed(operands) }
}

extension StringConcat: TextOperator {
    package func call(_ element: ElementType) -> TextCall? { TextCall(.concat) }
}
