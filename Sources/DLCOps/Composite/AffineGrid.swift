import DLCGraph

/// ONNX AffineGrid: where an affine map takes the points of a regular grid (Jaderberg et al., 2015).
enum AffineGrid {
    static let read: @Sendable (inout ONNXReader) throws -> [Value] = { reader in
        try reader.allowAttributes(["align_corners"])
        let theta = try reader.fact(0)
        guard let size = try reader.ints(1, "size"), size.count == 4 || size.count == 5, size.allSatisfy({ $0 > 0 }), theta.rank == 3 else {
            throw DLCError("theta is \(theta.type); expected 3 dimensions and a size of 4 or 5 numbers")
        }
        let alignsCorners: Bool = try reader.attribute("align_corners") ?? false
        let extents = Array(size[2...])
        guard try Checked.count(extents) <= 1 << 24 else { throw DLCError("a grid of \(extents) points is too large") }
        func coordinate(_ index: Int, _ extent: Int) -> Double {
            alignsCorners
                ? (extent > 1 ? -1 + 2 * Double(index) / Double(extent - 1) : -1) : -1 + (2 * Double(index) + 1) / Double(extent)
        }
        // One column per point: x, y (z) and 1.
        var points: [[Double]] = []
        Oracle.forEach(extents) { index in
            points.append(zip(index, extents).map { coordinate($0, $1) }.reversed() + [1])
        }
        let rows = (0...extents.count).flatMap { row in points.map { $0[row] } }
        let grid = reader.constant(try Tensor(doubles: rows, type: theta.element, shape: [extents.count + 1, points.count]))
        let moved = try reader.transpose(reader.add1(MatMul(), [reader.required(0), grid]), [0, 2, 1])
        return [try reader.reshape(moved, [theta.shape[0]] + extents.map { Dim($0) } + [Dim(extents.count)])]
    }
}
