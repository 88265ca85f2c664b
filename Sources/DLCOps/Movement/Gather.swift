import DLCGraph

/// Slices of x along an axis, chosen by indices; negative indices count from the end (ONNX Gather). An index outside of the axis
/// is an error, also where the slices have no elements.
/// The result has x's shape with the indices' shape in place of the axis.
public struct Gather: Operator {
    public var axis: Int

    public init(axis: Int = 0) { self.axis = axis }

    public var definition: OperatorDefinition { Self.definition }

    public static let definition = OperatorDefinition(
        Gather(), name: "gather", operands: ["x", "indices"], traits: [.movesData],
        onnx: [ONNXMapping("Gather", Gather())],
        examples: {
            let x = try Tensor.random(seed: 1, shape: [4, 3, 5])
            return [
                Example("rows", Gather(), [x, try Tensor([0, -1, 2, 2, 1, 3] as [Int64], shape: [2, 3])]),
                Example("one column", Gather(axis: 2), [x, try Tensor([4] as [Int64], shape: [])]),
                Example("i32 indices", Gather(axis: -2), [try x.converted(to: .float16), try Tensor([2, 0] as [Int32], shape: [2])]),
                Example(
                    "u8", Gather(axis: 0),
                    [try Tensor.random(seed: 2, type: .uint8, shape: [6, 2]), try Tensor([5, 5] as [Int64], shape: [2])],
                    isDifferentiable: false),
                Example("nothing", Gather(axis: 1), [x, try Tensor([] as [Int64], shape: [0])]),
            ]
        }
    ) {
        Attribute("axis", \.axis)
    }

    public func infer(_ context: inout InferContext) throws -> [Fact] {
        try context.expect(1, "indices", ElementType.indices)
        let (x, indices) = (try context.operand(0), try context.operand(1))
        let axis = try InferenceRules.axis(axis, rank: x.rank)
        if let known = indices.content?.constants, let least = known.min(), let most = known.max() {
            let needed = try max(Checked.add(most, 1), Checked.multiply(least, -1))
            try context.require(
                .atLeast, x.shape[axis], Dim(needed), "index \(needed == -least ? least : most) lies in dimension \(axis) of \(x.type)")
        }
        let shape = Shape(x.shape[..<axis]) + indices.shape + Shape(x.shape[(axis + 1)...])
        return [Fact(x.element, shape)]
    }

    public func evaluate(_ operands: [Tensor?]) throws -> [Tensor] {
        let (x, indices) = (try Oracle.operand(operands, 0), try Oracle.operand(operands, 1))
        let axis = try InferenceRules.axis(axis, rank: x.rank)
        let shape = Array(x.shape[..<axis]) + indices.shape + Array(x.shape[(axis + 1)...])
        return [try x.selecting(Self.sources(x.shape, axis, indices.integers().map { Int($0) }), shape: shape)]
    }

    private static func sources(_ shape: [Int], _ axis: Int, _ indices: [Int]) throws -> [Int] {
        let outer = shape[..<axis].reduce(1, *)
        let inner = shape[(axis + 1)...].reduce(1, *)
        let rows = try indices.map { try Oracle.index($0, shape[axis]) }
        if outer == 0 || inner == 0 { return [] } // the other may be as large as it likes
        return (0..<outer).flatMap { o in rows.flatMap { row in (0..<inner).map { (o * shape[axis] + row) * inner + $0 } } }
    }
}

extension Oracle {
    /// The index counted from the front.
    static func index(_ index: Int, _ extent: Int) throws -> Int {
        guard index >= -extent, index < extent else { throw DLCError("index \(index) is outside \(-extent) ..< \(extent)") }
        return index < 0 ? index + extent : index
    }
}
