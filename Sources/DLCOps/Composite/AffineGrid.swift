import DLCGraph

/// ONNX AffineGrid: where an affine map takes the points of a regular grid (Jaderberg et al., 2015).
enum AffineGrid {
    static let read: @Sendable (inout ONNXReader) throws -> [Value] = { reader in
        try reader.allowAttributes(["align_corners"])
        let alignsCorners: Bool = try reader.attribute("align_corners") ?? false
        let theta = try reader.fact(0)
        guard let size = try reader.dims(1, "size"), size.count == 4 || size.count == 5, theta.rank == 3 else {
            throw DLCError("theta is \(theta.type); expected 3 dimensions and a size of 4 or 5 numbers")
        }
        let reason = "theta is \(theta.type), the size \(size.text)"
        for extent in size { try reader.require(.atLeast, extent, 1, reason) }
        try reader.require(.equal, theta.shape[0], size[0], reason)
        let (extents, points) = (Shape(size[2...]), try Shape(size[2...]).product())
        // One column per point: x, y (z) and 1.
        var rows: [Value] = []
        for axis in extents.indices.reversed() {
            var along = Shape(repeating: 1, count: extents.count)
            along[axis] = extents[axis]
            let line = try reader.reshape(places(extents[axis], alignsCorners, theta.element, &reader), along)
            rows.append(try reader.reshape(reader.add1(Expand(shape: extents), [line]), [1, points]))
        }
        let one = try Tensor(filling: 1, type: theta.element, shape: [])
        rows.append(try reader.add1(Fill(shape: [1, points], value: one), []))
        let grid = try reader.add1(Concat(axis: 0), rows)
        let moved = try reader.transpose(reader.add1(MatMul(), [reader.required(0), grid]), [0, 2, 1])
        return [try reader.reshape(moved, [theta.shape[0]] + extents + [Dim(extents.count)])]
    }

    /// The regular places along one dimension: from −1 to 1, or the centres of as many equal parts of that stretch.
    private static func places(_ extent: Dim, _ alignsCorners: Bool, _ type: ElementType, _ reader: inout ONNXReader) throws -> Value {
        let index = try reader.cast(reader.range(extent), type)
        let one = try reader.scalar(1, like: index)
        let two = try reader.scalar(2, like: index)
        let steps = try reader.apply(.mul, index, two)
        let ratio: Value
        if alignsCorners {
            ratio = try reader.apply(.div, steps, reader.extent(Dim.max(extent.minus(1), 1), like: index))
        } else {
            ratio = try reader.apply(.div, reader.apply(.add, steps, one), reader.extent(extent, like: index))
        }
        return try reader.apply(.sub, ratio, one)
    }
}
