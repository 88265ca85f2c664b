import DLCGraph

/// Short spellings for operators that are read as arithmetic on others.
extension ONNXReader {
    mutating func apply(_ function: BinaryFunction, _ a: Value, _ b: Value) throws -> Value { try add1(Binary(function), [a, b]) }
    mutating func apply(_ function: UnaryFunction, _ x: Value) throws -> Value { try add1(Unary(function), [x]) }
    mutating func reshape(_ x: Value, _ shape: Shape) throws -> Value {
        shape == builder.shape(x) ? x : try add1(Reshape(shape: shape), [x])
    }
    mutating func transpose(_ x: Value, _ perm: [Int]) throws -> Value { try add1(Transpose(perm), [x]) }
    mutating func cast(_ x: Value, _ type: ElementType) throws -> Value {
        builder.fact(x).element == type ? x : try add1(Cast(to: type), [x])
    }
    mutating func select(_ condition: Value, _ a: Value, _ b: Value) throws -> Value { try add1(Where(), [condition, a, b]) }

    /// A constant scalar of a value's element type.
    mutating func scalar(_ number: Double, like x: Value) throws -> Value {
        constant(try Tensor(filling: number, type: builder.fact(x).element, shape: []))
    }

    /// An extent as a scalar of a value's element type.
    mutating func extent(_ dim: Dim, like x: Value) throws -> Value {
        try cast(add1(Extents(values: [dim], shape: []), []), builder.fact(x).element)
    }

    /// The i64 numbers from 0 up to but without an extent.
    mutating func range(_ dim: Dim) throws -> Value {
        let (zero, one) = (constant(try Tensor([0 as Int64], shape: [])), constant(try Tensor([1 as Int64], shape: [])))
        return try add1(RangeOf(), [zero, extent(dim, like: zero), one])
    }

    /// Part of one axis.
    mutating func slice(_ x: Value, axis: Int, from start: Dim, count: Dim, step: Int = 1) throws -> Value {
        let shape = builder.shape(x)
        var (starts, sizes, steps) = (shape.map { _ in Dim(0) }, shape, shape.map { _ in 1 })
        (starts[axis], sizes[axis], steps[axis]) = (start, count, step)
        return try add1(Slice(starts: starts, sizes: sizes, steps: steps), [x])
    }

    /// Part of one axis that begins at a number.
    mutating func slice(_ x: Value, axis: Int, from start: Int, count: Dim, step: Int = 1) throws -> Value {
        try slice(x, axis: axis, from: Dim(start), count: count, step: step)
    }

    /// Each head of keys or values `[B, G, S, D]` once per head of queries that shares it: `[B, heads, S, D]`.
    mutating func repeated(_ value: Value, heads: Dim) throws -> Value {
        let shape = builder.shape(value)
        if heads == shape[1] { return value }
        let group = try heads.quotient(shape[1])
        let column = try reshape(value, [shape[0], shape[1], 1, shape[2], shape[3]])
        let spread = try add1(Expand(shape: [shape[0], shape[1], group, shape[2], shape[3]]), [column])
        return try reshape(spread, [shape[0], heads, shape[2], shape[3]])
    }
}
