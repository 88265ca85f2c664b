import DLCGraph

/// Slices of x, each chosen by a vector of indices into its first dimensions after `batch_dims` (ONNX GatherND).
public struct GatherND: Operator {
    public var batchDims: Int

    public init(batchDims: Int = 0) { self.batchDims = batchDims }

    public var definition: OperatorDefinition { Self.definition }

    public static let definition = OperatorDefinition(
        GatherND(), name: "gather_nd", operands: ["x", "indices"], traits: [.movesData],
        onnx: [ONNXMapping("GatherND", GatherND(), since: 11)],
        examples: {
            let x = try Tensor.random(seed: 1, shape: [2, 3, 4])
            return [
                Example("elements", GatherND(), [x, try Tensor([0, 1, 2, 1, -1, 3] as [Int64], shape: [2, 3])]),
                Example("rows", GatherND(), [x, try Tensor([0, 1, 1, 2, 0, 0] as [Int64], shape: [3, 1, 2])]),
                Example("batch", GatherND(batchDims: 1), [x, try Tensor([2, 0] as [Int64], shape: [2, 1])]),
            ]
        }
    ) {
        Attribute("batch_dims", \.batchDims)
    }

    public func infer(_ context: inout InferContext) throws -> [Fact] {
        try context.expect(1, "indices", [.int64, .int32])
        let (x, indices) = (try context.operand(0), try context.operand(1))
        guard indices.rank > 0, batchDims >= 0, batchDims < indices.rank, let depth = indices.shape[indices.rank - 1].constant,
            depth >= 1, depth <= x.rank - batchDims
        else {
            throw DLCError(
                "indices are \(indices.type) with \(batchDims) batch dimensions; their last dimension must address dimensions of \(x.type)")
        }
        for axis in 0..<batchDims {
            try context.require(
                x.shape[axis], equals: indices.shape[axis], "batch dimension \(axis) of \(x.type) and of indices \(indices.type)")
        }
        return [Fact(x.element, Shape(indices.shape.dropLast()) + Shape(x.shape[(batchDims + depth)...]))]
    }

    public func evaluate(_ operands: [Tensor?]) throws -> [Tensor] {
        let (x, indices) = (try Oracle.operand(operands, 0), try Oracle.operand(operands, 1))
        let depth = indices.shape.last ?? 0
        let starts = try Oracle.sliceStarts(indices, in: x.shape, batchDims: batchDims)
        let rest = Array(x.shape[(batchDims + depth)...])
        let length = rest.reduce(1, *)
        return [try x.selecting(starts.flatMap { start in (0..<length).map { start + $0 } }, shape: Array(indices.shape.dropLast()) + rest)]
    }
}

extension Oracle {
    /// For every index vector along the last dimension, the first element of the slice that it addresses.
    static func sliceStarts(_ indices: Tensor, in shape: [Int], batchDims: Int = 0) throws -> [Int] {
        let strides = strides(shape)
        let depth = indices.shape.last ?? 0
        let values = try indices.integers()
        var starts: [Int] = []
        try forEach(Array(indices.shape.dropLast())) { place in
            var start = 0
            for axis in 0..<batchDims { start += place[axis] * strides[axis] }
            for k in 0..<depth {
                start += try index(Int(values[starts.count * depth + k]), shape[batchDims + k]) * strides[batchDims + k]
            }
            starts.append(start)
        }
        return starts
    }
}
