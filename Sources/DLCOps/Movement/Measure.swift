import DLCGraph
import DLCRuntime

/// x itself, whose extents that speak of many symbols are symbols of their own from here on: the sum of the numbers of boxes of 90
/// classes is one number when it is known, and would be an expression of 90 symbols in every type behind it.
public struct Measure: Operator {
    /// The most symbols that an extent keeps.
    public static let most = 6

    public init() {}

    public var definition: OperatorDefinition { Self.definition }

    public static let definition = OperatorDefinition(
        Measure(), name: "measure", operands: ["x"],
        onnx: [ONNXMapping("Measure", domain: "dlc", read: { try $0.add(Measure(), $0.operands) }, write: { $0.node("Identity") })],
        examples: { [Example("matrix", Measure(), [try Tensor.random(seed: 1, shape: [2, 3])])] })

    public func infer(_ context: inout InferContext) throws -> [Fact] {
        let x = try context.operand(0)
        return [Fact(x.element, x.shape.map { $0.symbols.count > Self.most ? context.unknown("extent") : $0 })]
    }

    public func evaluate(_ operands: [Tensor?]) throws -> [Tensor] { [try Oracle.operand(operands, 0)] }
}

extension Measure: ScheduledOperator {
    package func item(_ node: Node, _ graph: Graph) throws -> ScheduledItem { ScheduledItem(.measure) }
}

extension ONNXReader {
    /// The values with extents that are measured where they speak of many symbols that data decide.
    mutating func measured(_ values: [Value]) throws -> [Value] {
        try values.map { value in
            let isLong = builder.shape(value).contains {
                $0.symbols.count > Measure.most && $0.symbols.contains(where: builder.graph.isFromData)
            }
            return isLong ? try add1(Measure(), [value]) : value
        }
    }
}
