import DLCGraph

/// The adjoint of `Gather`, its gradient: every slice of dy is added to the slice of the result that its index names. The
/// gradient of an embedding, where rows that no index names are 0.
///
/// Indices of any shape `[i…]`, negative ones from the end; dy `[a…, i…, b…]` where the result has the shape `[a…, n, b…]`
/// with `n` at the axis. Slices with equal indices are added in the order of the indices.
public struct GatherGradient: Operator {
    public var axis: Int
    /// The shape of what was gathered from.
    public var shape: [Dim]

    public init(axis: Int = 0, shape: [Dim] = [1]) {
        self.axis = axis
        self.shape = shape
    }

    public var definition: OperatorDefinition { Self.definition }

    public static let definition = OperatorDefinition(
        GatherGradient(), name: "gather_gradient", operands: ["indices", "dy"], results: ["dx"],
        examples: {
            let indices = try Tensor([0, -1, 2, 2, 1, 2] as [Int64], shape: [2, 3])
            let many = try Tensor((0..<200).map { Int64($0 * 7 % 50) }, shape: [200])
            return [
                Example("rows", GatherGradient(shape: [4, 3, 5]), [indices, try .random(seed: 1, shape: [2, 3, 3, 5])]),
                Example("embedding", GatherGradient(shape: [60, 33]), [many, try .random(seed: 2, shape: [200, 33])]),
                Example("columns", GatherGradient(axis: 1, shape: [3, 4]), [indices, try .random(seed: 3, shape: [3, 2, 3])]),
                Example(
                    "one row", GatherGradient(axis: -2, shape: [4, 5]),
                    [try Tensor([3] as [Int32], shape: []), try .random(seed: 4, type: .float64, shape: [5])]),
                Example(
                    "nothing", GatherGradient(shape: [4, 3]), [try Tensor([] as [Int64], shape: [0]), try .random(seed: 5, shape: [0, 3])]),
            ]
        }
    ) {
        Attribute("axis", \.axis)
        Attribute("shape", \.shape)
    }

    public func infer(_ context: inout InferContext) throws -> [Fact] {
        try context.expect(0, "indices", ElementType.indices)
        try context.expect(1, "dy", ElementType.floats)
        let (indices, dy) = (try context.operand(0), try context.operand(1))
        let axis = try InferenceRules.axis(axis, rank: shape.count)
        let expected = Shape(shape[..<axis]) + indices.shape + Shape(shape[(axis + 1)...])
        try context.require(
            dy.shape, equals: expected,
            "dy is \(dy.type); indices \(indices.type) into \(shape.text) along axis \(axis) give \(expected.text)")
        return [Fact(dy.element, shape)]
    }

    public func evaluate(_ operands: [Tensor?]) throws -> [Tensor] {
        let (indices, dy) = (try Oracle.operand(operands, 0).integers(), try Oracle.operand(operands, 1))
        let shape = try Oracle.numbers(shape, "shape")
        let axis = try InferenceRules.axis(axis, rank: shape.count)
        let rows = try indices.map { try Oracle.index(Int($0), shape[axis]) }
        let (outer, inner) = (shape[..<axis].reduce(1, *), shape[(axis + 1)...].reduce(1, *))
        let values = try dy.doubles()
        if outer == 0 || inner == 0 { return [try Tensor(doubles: [], type: dy.type, shape: shape)] } // the other may be as large as it likes
        var result = [Double](repeating: 0, count: shape.reduce(1, *))
        for o in 0..<outer {
            for (i, row) in rows.enumerated() {
                for place in 0..<inner { result[(o * shape[axis] + row) * inner + place] += values[(o * rows.count + i) * inner + place] }
            }
        }
        return [try Tensor(doubles: result, type: dy.type, shape: shape)]
    }
}
