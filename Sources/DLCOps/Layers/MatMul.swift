import DLCGraph

/// Matrix product with NumPy's rules (ONNX MatMul): leading dimensions broadcast, vectors are rows or columns.
public struct MatMul: Operator {
    public init() {}

    public var definition: OperatorDefinition { Self.definition }

    public static let definition = OperatorDefinition(
        MatMul(), name: "matmul", operands: ["a", "b"],
        onnx: [ONNXMapping("MatMul", MatMul())],
        examples: {
            let a = try Tensor.random(seed: 1, shape: [2, 3, 4])
            return [
                Example("batch times matrix", MatMul(), [a, try .random(seed: 2, shape: [4, 5])]),
                Example("broadcast", MatMul(), [try .random(seed: 3, shape: [2, 1, 3, 4]), try .random(seed: 4, shape: [3, 4, 2])]),
                Example("vectors", MatMul(), [try .random(seed: 5, shape: [4]), try .random(seed: 6, shape: [4])]),
                Example("matrix times vector", MatMul(), [a, try .random(seed: 7, shape: [4])]),
                Example(
                    "integers", MatMul(),
                    [try .random(seed: 8, type: .int32, shape: [3, 2]), try .random(seed: 9, type: .int32, shape: [2, 3])]),
                Example(
                    "f64", MatMul(),
                    [try .random(seed: 10, type: .float64, shape: [7, 9]), try .random(seed: 11, type: .float64, shape: [9, 5])]),
            ]
        }
    )

    public func infer(_ context: inout InferContext) throws -> [Fact] {
        try context.expect(0, "a", ElementType.numbers)
        let (a, b) = (try context.operand(0), try context.operand(1))
        try context.expect(1, "b", sameTypeAs: 0)
        guard a.rank >= 1, b.rank >= 1 else { throw DLCError("a is \(a.type) and b is \(b.type); expected at least one dimension each") }
        let x = a.rank == 1 ? [1] + a.shape : a.shape
        let y = b.rank == 1 ? b.shape + [1] : b.shape
        let (k, depth) = (x[x.count - 1], y[y.count - 2])
        try context.require(k, equals: depth, "a is \(a.type) and b is \(b.type): \(k) columns against \(depth) rows")
        var shape = try context.broadcast([Shape(x.dropLast(2)), Shape(y.dropLast(2))])
        if a.rank > 1 { shape.append(x[x.count - 2]) }
        if b.rank > 1 { shape.append(y[y.count - 1]) }
        return [Fact(a.element, shape)]
    }

    public func evaluate(_ operands: [Tensor?]) throws -> [Tensor] {
        let (a, b) = (try Oracle.operand(operands, 0), try Oracle.operand(operands, 1))
        let x = a.rank == 1 ? [1] + a.shape : a.shape
        let y = b.rank == 1 ? b.shape + [1] : b.shape
        let products = try MatrixProducts(x, y)
        let shape = products.batch + (a.rank > 1 ? [products.m] : []) + (b.rank > 1 ? [products.n] : [])
        if a.type.isFloat { return [try Tensor(doubles: products.sums(a.doubles(), b.doubles()), type: a.type, shape: shape)] }
        return [try Tensor(integers: products.sums(a.integers(), b.integers()), type: a.type, shape: shape)]
    }
}
