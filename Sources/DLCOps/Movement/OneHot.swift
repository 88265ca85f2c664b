import DLCGraph

/// A new axis of extent `depth` with values[1] where it meets the index and values[0] elsewhere; negative indices count
/// from the end, others outside are nowhere (ONNX OneHot).
public struct OneHot: Operator {
    public var depth: Dim
    public var axis: Int

    public init(depth: Dim = 1, axis: Int = -1) {
        self.depth = depth
        self.axis = axis
    }

    public var definition: OperatorDefinition { Self.definition }

    public static let definition = OperatorDefinition(
        OneHot(), name: "one_hot", operands: ["indices", "values"],
        onnx: [
            ONNXMapping(
                "OneHot",
                read: { reader in
                    try reader.allowAttributes(["axis"])
                    let depth: Dim
                    let fact = try reader.fact(1)
                    if let known = try fact.content?.first ?? fact.reals?.first?.truncated() {
                        depth = known
                    } else if fact.constant == nil {
                        let given = try reader.number(1)
                        let whole = fact.element.isFloat ? try reader.add1(Cast(to: .int64), [given]) : given
                        let known = try reader.builder.numbers(of: whole, isSigned: false)
                        depth = reader.builder.fact(known).content?.first ?? 0
                    } else if let number = try reader.doubles(1, "depth")?.first, let whole = Int(exactly: number.rounded(.towardZero)) {
                        depth = Dim(whole)
                    } else {
                        throw DLCError("depth is no number")
                    }
                    let op = OneHot(depth: depth, axis: try reader.attribute("axis") ?? -1)
                    return try reader.add(op, [reader.operand(0), reader.operand(2)])
                },
                write: { writer in
                    guard let op = writer.op as? OneHot else { return }
                    try writer.require(9, "OneHot")
                    let depth = try writer.dimensions([op.depth], "depth")
                    writer.node(
                        "OneHot", inputs: [writer.inputs[0], depth, writer.inputs[1]],
                        attributes: op.axis == -1 ? [] : [("axis", .int(op.axis))])
                })
        ],
        examples: {
            let values = try Tensor([0, 1] as [Float], shape: [2])
            return [
                Example(
                    "last", OneHot(depth: 4), [try Tensor([0, 3, -1, 7] as [Int64], shape: [2, 2]), values], isDifferentiable: false),
                Example(
                    "first", OneHot(depth: 3, axis: 0),
                    [try Tensor([1, 2] as [Int32], shape: [2]), try Tensor([5, -5] as [Int64], shape: [2])], isDifferentiable: false),
                Example("float indices", OneHot(depth: 3), [try Tensor([2, 0] as [Float], shape: [2]), values], isDifferentiable: false),
            ]
        }
    ) {
        Attribute("depth", \.depth)
        Attribute("axis", \.axis)
    }

    public func infer(_ context: inout InferContext) throws -> [Fact] {
        try context.expect(0, "indices", ElementType.numbers)
        let (indices, values) = (try context.operand(0), try context.operand(1))
        guard values.rank == 1 else { throw DLCError("values are \(values.type); expected two") }
        try context.require(values.shape[0], equals: 2, "values are \(values.type); expected two")
        try context.require(.atLeast, depth, 0, "depth is \(depth)")
        var shape = indices.shape
        shape.insert(depth, at: try InferenceRules.axis(axis, rank: indices.rank + 1))
        return [Fact(values.element, shape)]
    }

    public func evaluate(_ operands: [Tensor?]) throws -> [Tensor] {
        let (indices, values) = (try Oracle.operand(operands, 0), try Oracle.operand(operands, 1))
        let depth = try Oracle.numbers([depth], "depth")[0]
        let axis = try InferenceRules.axis(axis, rank: indices.rank + 1)
        var shape = indices.shape
        shape.insert(depth, at: axis)
        let numbers = try indices.doubles()
        let strides = Oracle.strides(indices.shape)
        var sources: [Int] = []
        Oracle.forEach(shape) { place in
            var rest = place
            let position = Double(rest.remove(at: axis))
            let index = numbers[zip(rest, strides).reduce(0) { $0 + $1.0 * $1.1 }].rounded(.towardZero)
            sources.append(position == (index < 0 ? index + Double(depth) : index) ? 1 : 0)
        }
        return [try values.selecting(sources, shape: shape)]
    }
}
