import DLCGraph

/// a where the condition holds, else b; all three broadcast (ONNX Where).
public struct Where: Operator {
    public init() {}

    public var definition: OperatorDefinition { Self.definition }

    public static let definition = OperatorDefinition(
        Where(), name: "where", operands: ["condition", "a", "b"], traits: [.elementwise],
        onnx: [ONNXMapping("Where", Where(), since: 9)],
        examples: {
            let condition = try Tensor.random(seed: 1, type: .bool, shape: [3, 1])
            return [
                Example(
                    "broadcast", Where(), [condition, try Tensor.random(seed: 2, shape: [2, 1, 4]), try Tensor.random(seed: 3, shape: [])]),
                Example(
                    "i64", Where(),
                    [
                        condition, try Tensor.random(seed: 4, type: .int64, shape: [3, 2]),
                        try Tensor.random(seed: 5, type: .int64, shape: [2]),
                    ],
                    isDifferentiable: false),
                Example(
                    "bf16", Where(),
                    [
                        condition, try Tensor.random(seed: 6, type: .bfloat16, shape: [3, 2]),
                        try Tensor.random(seed: 7, type: .bfloat16, shape: [3, 2]),
                    ]),
                Example(
                    "bool", Where(),
                    [
                        condition, try Tensor.random(seed: 8, type: .bool, shape: [3, 2]),
                        try Tensor.random(seed: 9, type: .bool, shape: [3, 1]),
                    ],
                    isDifferentiable: false),
                Example(
                    "strings", Where(),
                    [
                        condition, try Tensor.random(seed: 10, type: .string, shape: [3, 2]),
                        try Tensor(["another, longer one"], shape: []),
                    ],
                    isDifferentiable: false),
            ]
        })

    public func infer(_ context: inout InferContext) throws -> [Fact] {
        try context.expect(0, "condition", [.bool])
        try context.expect(1, "a", ElementType.computed + [.string])
        try context.expect(2, "b", sameTypeAs: 1)
        let (condition, a, b) = (try context.operand(0), try context.operand(1), try context.operand(2))
        let shape = try context.broadcast([condition.shape, a.shape, b.shape])
        return [Fact(a.element, shape)]
    }

    public func evaluate(_ operands: [Tensor?]) throws -> [Tensor] {
        let condition = try Oracle.operand(operands, 0)
        let (a, b) = (try Oracle.operand(operands, 1), try Oracle.operand(operands, 2))
        let shape = try Oracle.broadcast([condition.shape, a.shape, b.shape])
        let choice = try condition.broadcast(to: shape).integers()
        let (x, y) = (try a.broadcast(to: shape), try b.broadcast(to: shape))
        let both = try Concat.joined([try x.reshaped([x.count]), try y.reshaped([y.count])], axis: 0)
        return [try both.selecting(choice.indices.map { choice[$0] != 0 ? $0 : $0 + x.count }, shape: shape)]
    }
}
