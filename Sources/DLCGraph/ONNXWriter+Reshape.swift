/// Reshapes as ONNX has them.
extension ONNXWriter {
    /// The second operand of a Reshape from one shape to another, and its attributes: an extent that is 0, or may turn out to
    /// be, is meant so and copies none, where there is another in its place.
    public mutating func reshapeTarget(
        _ shape: Shape, from: Shape
    ) throws -> (name: String, attributes: [(name: String, value: AttributeValue)]) {
        var shape = shape
        let open = shape.indices.filter { shape[$0].constant == nil }
        func isCopied(_ axis: Int) -> Bool { axis < from.count && from[axis] == shape[axis] }
        var means0 = shape.indices.contains { shape[$0] == 0 && !isCopied($0) }
        if means0 { try require(14, "a reshape to [\(shape.map(\.description).joined(separator: ", "))]") }
        if open.count == 1, !shape.contains(0) {
            shape[open[0]] = -1
        } else if opset >= 14, open.contains(where: { !isCopied($0) && !shape[$0].isAtLeast(1) }) {
            means0 = true
        }
        return (try dimensions(shape), means0 ? [("allowzero", .int(1))] : [])
    }

    /// A value in another shape.
    public mutating func reshaped(_ name: String, from: Shape, to shape: Shape) throws -> String {
        let (target, attributes) = try reshapeTarget(shape, from: from)
        return intermediate("Reshape", [name, target], attributes)
    }
}
