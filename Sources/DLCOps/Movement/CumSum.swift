import DLCGraph

/// Running sums along an axis (ONNX CumSum).
public struct CumSum: Operator {
    public var axis: Int
    /// Leaves out the element itself.
    public var exclusive: Bool
    /// Sums from the end.
    public var reverse: Bool

    public init(axis: Int = 0, exclusive: Bool = false, reverse: Bool = false) {
        self.axis = axis
        self.exclusive = exclusive
        self.reverse = reverse
    }

    public var definition: OperatorDefinition { Self.definition }

    public static let definition = OperatorDefinition(
        CumSum(), name: "cum_sum", operands: ["x"], traits: [.inPlaceable],
        onnx: [
            ONNXMapping(
                "CumSum",
                read: { reader in
                    try reader.allowAttributes(["exclusive", "reverse"])
                    guard let axis = try reader.ints(1, "axis")?.first else { throw DLCError("axis is missing") }
                    let op = CumSum(
                        axis: axis, exclusive: try reader.attribute("exclusive") ?? false, reverse: try reader.attribute("reverse") ?? false
                    )
                    return try reader.add(op, [reader.operand(0)])
                },
                write: { writer in
                    guard let op = writer.op as? CumSum else { return }
                    try writer.require(11, "CumSum")
                    let axis = writer.constant(try Tensor([Int64(op.axis)], shape: []), "axis")
                    let attributes = op.changedAttributes.filter { $0.name != "axis" }
                    writer.node("CumSum", inputs: [writer.inputs[0], axis], attributes: attributes)
                })
        ],
        examples: {
            let x = try Tensor.random(seed: 1, shape: [2, 3, 4])
            return [
                Example("rows", CumSum(axis: 1), [x]),
                Example("exclusive", CumSum(axis: -1, exclusive: true), [x]),
                Example("reverse", CumSum(axis: 0, reverse: true), [try x.converted(to: .float64)]),
                Example(
                    "both", CumSum(axis: 0, exclusive: true, reverse: true), [try Tensor.random(seed: 2, type: .int32, shape: [5])],
                    isDifferentiable: false),
            ]
        }
    ) {
        Attribute("axis", \.axis)
        Attribute("exclusive", \.exclusive)
        Attribute("reverse", \.reverse)
    }

    public func infer(_ context: inout InferContext) throws -> [Fact] {
        try context.expect(0, "x", ElementType.numbers)
        let x = try context.operand(0)
        _ = try InferenceRules.axis(axis, rank: x.rank)
        return [Fact(x.type)]
    }

    public func evaluate(_ operands: [Tensor?]) throws -> [Tensor] {
        let x = try Oracle.operand(operands, 0)
        let axis = try InferenceRules.axis(axis, rank: x.rank)
        func sums<T>(_ values: [T], _ zero: T, _ plus: (T, T) -> T) -> [T] {
            var result = values
            Oracle.forEachRow(x.shape, axis) { _, row in
                var sum = zero
                for element in reverse ? row.reversed() : row {
                    let next = plus(sum, values[element])
                    result[element] = exclusive ? sum : next
                    sum = next
                }
            }
            return result
        }
        if x.type.isFloat { return [try Tensor(doubles: sums(x.doubles(), 0, +), type: x.type, shape: x.shape)] }
        return [try Tensor(integers: sums(x.integers(), 0, &+), type: x.type, shape: x.shape)]
    }
}
