import DLCGraph

/// y[i, j, …] = x[index[i, j, …], j, …] for axis 0, likewise for others (ONNX GatherElements).
public struct GatherElements: Operator {
    public var axis: Int

    public init(axis: Int = 0) { self.axis = axis }

    public var definition: OperatorDefinition { Self.definition }

    public static let definition = OperatorDefinition(
        GatherElements(), name: "gather_elements", operands: ["x", "indices"], traits: [.movesData],
        onnx: [ONNXMapping("GatherElements", GatherElements(), since: 11)],
        examples: {
            let x = try Tensor.random(seed: 1, shape: [3, 4])
            return [
                Example("rows", GatherElements(), [x, try Tensor([0, 1, -1, 2, 2, 0] as [Int64], shape: [2, 3])]),
                Example("columns", GatherElements(axis: -1), [x, try Tensor([3, 0, -4, 1, 2, 2] as [Int32], shape: [3, 2])]),
                Example(
                    "i64", GatherElements(axis: 0),
                    [try Tensor.random(seed: 2, type: .int64, shape: [5]), try Tensor([4, 0] as [Int64], shape: [2])],
                    isDifferentiable: false),
            ]
        }
    ) {
        Attribute("axis", \.axis)
    }

    public func infer(_ context: inout InferContext) throws -> [Fact] {
        try context.expect(1, "indices", ElementType.indices)
        let (x, indices) = (try context.operand(0), try context.operand(1))
        let axis = try InferenceRules.axis(axis, rank: x.rank)
        guard indices.rank == x.rank else { throw DLCError("indices are \(indices.type); expected the rank of \(x.type)") }
        for i in x.shape.indices where i != axis {
            try context.require(
                .atLeast, x.shape[i], indices.shape[i], "indices are \(indices.type); dimension \(i) of \(x.type) is not shorter")
        }
        return [Fact(x.element, indices.shape)]
    }

    public func evaluate(_ operands: [Tensor?]) throws -> [Tensor] {
        let (x, indices) = (try Oracle.operand(operands, 0), try Oracle.operand(operands, 1))
        let places = try Oracle.elementPlaces(indices, in: x.shape, axis: InferenceRules.axis(axis, rank: x.rank))
        return [try x.selecting(places, shape: indices.shape)]
    }
}

extension Oracle {
    /// For every element of `indices`, the element of a tensor of `shape` at the same place but for the index on `axis`.
    static func elementPlaces(_ indices: Tensor, in shape: [Int], axis: Int) throws -> [Int] {
        let strides = strides(shape)
        let values = try indices.integers()
        var places: [Int] = []
        try forEach(indices.shape) { place in
            let row = try index(Int(values[places.count]), shape[axis])
            places.append(place.indices.reduce(0) { $0 + ($1 == axis ? row : place[$1]) * strides[$1] })
        }
        return places
    }
}
