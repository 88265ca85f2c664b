import DLCGraph
import DLCRuntime

/// The slices along an axis, or the elements of flattened x, at which a condition holds (ONNX Compress).
public struct Compress: Operator {
    /// Nil flattens x.
    public var axis: Int?

    public init(axis: Int? = nil) { self.axis = axis }

    public var definition: OperatorDefinition { Self.definition }

    public static let definition = OperatorDefinition(
        Compress(), name: "compress", operands: ["x", "condition"],
        onnx: [
            ONNXMapping(
                "Compress",
                read: { reader in
                    let op: Compress = try reader.configured(Compress())
                    guard let condition = try reader.fact(1).constant, condition.rank == 1 else {
                        return try reader.add(op, reader.operands)
                    }
                    // What is known to be kept is a gather.
                    let kept = try condition.integers().enumerated().filter { $0.element != 0 }.map { Int64($0.offset) }
                    var x = try reader.required(0)
                    if op.axis == nil { x = try reader.reshape(x, [reader.builder.shape(x).product()]) }
                    return try reader.add(Gather(axis: op.axis ?? 0), [x, reader.constant(Tensor(kept, shape: [kept.count]))])
                },
                write: { writer in
                    try writer.require(9, "Compress")
                    writer.node("Compress", attributes: writer.op.changedAttributes)
                })
        ],
        examples: {
            let x = try Tensor.random(seed: 1, shape: [3, 2])
            return [
                Example("rows", Compress(axis: 0), [x, try Tensor([true, false, true], shape: [3])]),
                Example("elements", Compress(), [x, try Tensor([false, true, false, false, true], shape: [5])]),
                Example("short condition", Compress(axis: -2), [x, try Tensor([false, true], shape: [2])]),
            ]
        }
    ) {
        Attribute("axis", \.axis)
    }

    public func infer(_ context: inout InferContext) throws -> [Fact] {
        try context.expect(1, "condition", [.bool])
        try context.expect(1, "condition", rank: 1)
        let (x, condition) = (try context.operand(0), try context.operand(1))
        let limit = try axis.map { x.shape[try InferenceRules.axis($0, rank: x.rank)] } ?? x.shape.product()
        try context.require(.atLeast, limit, condition.shape[0], "condition is \(condition.type) for \(x.type)")
        let count = condition.content?.constants.map { Dim($0.filter { $0 != 0 }.count) }
        guard let axis else { return [Fact(x.element, [count ?? context.unknown("compressed")])] }
        var shape = x.shape
        shape[try InferenceRules.axis(axis, rank: x.rank)] = count ?? context.unknown("compressed")
        return [Fact(x.element, shape)]
    }

    public func evaluate(_ operands: [Tensor?]) throws -> [Tensor] {
        let x = try Oracle.operand(operands, 0)
        let flat = try axis == nil ? x.reshaped([x.count]) : x
        let axis = try InferenceRules.axis(axis ?? 0, rank: flat.rank)
        let chosen = try Oracle.operand(operands, 1).integers().enumerated().filter { $0.element != 0 }.map { Int64($0.offset) }
        return try Gather(axis: axis).evaluate([flat, Tensor(chosen, shape: [chosen.count])])
    }
}

extension Compress: ScheduledOperator {
    package func isScheduled(_ node: Node, _ graph: Graph) -> Bool {
        node.operands.count < 2 || node.operands[1].map { graph.constant($0) == nil } ?? true
    }

    package func item(_ node: Node, _ graph: Graph) throws -> ScheduledItem {
        ScheduledItem(.compress, try axis.map { [try node.axis($0, graph)] } ?? [])
    }
}
