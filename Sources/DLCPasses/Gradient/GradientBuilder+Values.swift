import DLCGraph
import DLCOps

/// Selections, indices and layouts that rules build with.
extension GradientBuilder {
    // MARK: Conditions

    public mutating func isGreater(_ a: Value, _ b: Double) throws -> Value { try add(Binary(.greater), a, scalar(b, like: a)) }
    public mutating func isEqual(_ a: Value, _ b: Value) throws -> Value { try add(Binary(.equal), a, b) }
    public mutating func isZero(_ a: Value) throws -> Value { try isEqual(a, scalar(0, like: a)) }

    /// `b` where the condition holds, else `a`: a value that is safe to compute with.
    public mutating func replaced(_ a: Value, where condition: Value, by b: Double) throws -> Value {
        try select(condition, scalar(b, like: a), a)
    }

    // MARK: Indices

    /// One i64 that an extent is.
    public mutating func extent(_ extent: Dim) throws -> Value { try add(Extents(values: [extent], shape: [], type: .int64)) }

    /// 0, 1, … up to an extent, as i64.
    public mutating func range(_ count: Dim) throws -> Value {
        if let number = count.constant, number >= 0, number <= 1 << 16 {
            return builder.constant(try Tensor((0..<Int64(number)).map { $0 }, shape: [number]))
        }
        return try add(RangeOf(count: count), extent(0), extent(count), extent(1))
    }

    // MARK: Shapes

    public mutating func slice(_ a: Value, axis: Int, from start: Dim, count: Dim) throws -> Value {
        var sizes = shape(a)
        if sizes[axis] == count { return a }
        sizes[axis] = count
        var starts = Shape(repeating: 0, count: sizes.count)
        starts[axis] = start
        return try add(Slice(starts: starts, sizes: sizes, steps: sizes.map { _ in 1 }), a)
    }

    public mutating func concat(_ parts: [Value], axis: Int) throws -> Value {
        if parts.count == 1 { return parts[0] }
        let results = try builder.add(Concat(axis: axis), parts, name: name)
        return results[0]
    }

    /// A vector with an element per channel, so that it broadcasts along an axis of a tensor of `rank` dimensions.
    public mutating func along(_ axis: Int, _ vector: Value, rank: Int) throws -> Value {
        try reshape(vector, to: shape(vector) + Shape(repeating: 1, count: rank - 1 - axis))
    }

    /// The gradient with respect to an operand that may have been broadcast, of its element type.
    public mutating func handed(_ adjoint: Value, to operand: Value) throws -> Value {
        try cast(summed(adjoint, to: shape(operand)), to: builder.fact(operand).element)
    }

    // MARK: Reductions

    public mutating func mean(_ a: Value, axes: [Int]) throws -> Value { try add(Reduce(.mean, axes: axes), a) }

    /// The sum over all dimensions but one.
    public mutating func channelSum(_ a: Value, channel: Int) throws -> Value {
        let axes = shape(a).indices.filter { $0 != channel }
        return axes.isEmpty ? a : try add(Reduce(.sum, axes: axes, keepDims: false), a)
    }

    /// 1 / √(a + epsilon).
    public mutating func inverseRoot(_ a: Value, epsilon: Double) throws -> Value {
        try unary(.reciprocal, unary(.sqrt, plus(a, epsilon)))
    }

    // MARK: Products

    public mutating func matmul(_ a: Value, _ b: Value) throws -> Value { try add(MatMul(), a, b) }
}
