import DLCGraph

/// Which elements share a scale and a zero point: all, those at one place along an axis, or blocks along an axis
/// (ONNX QuantizeLinear, "per-tensor", "per-axis", "blocked").
struct QuantizationGrain {
    var axis: Int
    /// 0 unless blocked.
    var blockSize: Int

    /// Requires that a scale, the operand at 1, and a zero point, at 2, fit the tensor.
    func check(_ context: inout InferContext) throws {
        let (x, scale) = (try context.operand(0), try context.operand(1))
        if let zeroPoint = context.optional(2) {
            try context.require(
                zeroPoint.shape, equals: scale.shape, "zero_point is \(zeroPoint.type), scale is \(scale.type); expected one shape")
        }
        if blockSize == 0 {
            if scale.rank == 0 || (scale.rank == 1 && scale.shape[0].constant == 1) { return }
            let axis = try InferenceRules.axis(axis, rank: x.rank)
            let reason = "scale is \(scale.type); expected one element, or \(x.shape[axis]) along axis \(axis) of \(x.type)"
            guard scale.rank == 1 else { throw DLCError(reason) }
            try context.require(.expands, scale.shape[0], x.shape[axis], reason)
            return
        }
        let axis = try InferenceRules.axis(axis, rank: x.rank)
        guard blockSize > 0 else { throw DLCError("block_size is \(blockSize); expected a positive number") }
        var expected = x.shape
        expected[axis] = try expected[axis].ceilingQuotient(Dim(blockSize))
        try context.require(
            scale.shape, equals: expected,
            "scale is \(scale.type); blocks of \(blockSize) along axis \(axis) of \(x.type) need \(expected.text)")
    }

    /// For every element of `shape`, the element of the scale that belongs to it.
    /// - Throws: where the scale or the zero point has fewer elements than that takes.
    func indices(_ shape: [Int], scale: [Int], zeroPoint: [Int]?) throws -> [Int] {
        let count = try Checked.count(shape)
        let result = try indices(shape, scale: scale, count: count)
        let available = try Checked.count(scale)
        guard result.allSatisfy({ $0 < available }), try zeroPoint.map({ try Checked.count($0) }) ?? available == available else {
            throw DLCError("scale \(scale) and zero point \(zeroPoint ?? scale) do not fit \(shape)")
        }
        return result
    }

    private func indices(_ shape: [Int], scale: [Int], count: Int) throws -> [Int] {
        if scale.allSatisfy({ $0 == 1 }), blockSize == 0 { return [Int](repeating: 0, count: count) }
        let axis = try InferenceRules.axis(axis, rank: shape.count)
        let strides = Oracle.strides(scale)
        var result: [Int] = []
        result.reserveCapacity(count)
        Oracle.forEach(shape) { index in
            if blockSize == 0 { return result.append(index[axis]) }
            result.append(index.indices.reduce(0) { $0 + ($1 == axis ? index[$1] / blockSize : index[$1]) * strides[$1] })
        }
        return result
    }
}
