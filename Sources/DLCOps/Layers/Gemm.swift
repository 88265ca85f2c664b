import DLCGraph

/// `alpha · A · B + beta · C` of matrices (ONNX Gemm); C broadcasts to the result and is not read where beta is 0. Of integers
/// alpha and beta are whole, and sums wrap.
public struct Gemm: Operator {
    public var alpha = 1.0
    public var beta = 1.0
    public var transA = false
    public var transB = false

    public init() {}

    public var definition: OperatorDefinition { Self.definition }

    public static let definition = OperatorDefinition(
        Gemm(), name: "gemm", operands: ["a", "b", "c?"],
        onnx: [ONNXMapping("Gemm", Gemm(), ignoring: ["broadcast"])],
        examples: {
            let a = try Tensor.random(seed: 1, shape: [3, 4])
            var transposed = Gemm()
            (transposed.transA, transposed.transB, transposed.alpha, transposed.beta) = (true, true, 0.5, 2)
            return [
                Example("plain", Gemm(), [a, try .random(seed: 2, shape: [4, 5])]),
                Example("row", Gemm(), [a, try .random(seed: 3, shape: [4, 5]), try .random(seed: 4, shape: [5])]),
                Example(
                    "transposed", transposed,
                    [try .random(seed: 5, shape: [4, 3]), try .random(seed: 6, shape: [5, 4]), try .random(seed: 7, shape: [3, 1])]),
                Example("scalar", Gemm(), [a, try .random(seed: 8, shape: [4, 2]), try .random(seed: 9, shape: [])]),
            ]
        }
    ) {
        Attribute("alpha", \.alpha)
        Attribute("beta", \.beta)
        Attribute("transA", \.transA)
        Attribute("transB", \.transB)
    }

    private func isWhole(_ number: Double) -> Bool { Int64(exactly: number) != nil }

    public func infer(_ context: inout InferContext) throws -> [Fact] {
        try context.expect(0, "a", ElementType.numbers)
        try context.expect(0, "a", rank: 2)
        try context.expect(1, "b", rank: 2)
        try context.expect(1, "b", sameTypeAs: 0)
        let (a, b) = (try context.operand(0), try context.operand(1))
        guard a.element.isFloat || isWhole(alpha) && isWhole(beta) else {
            throw DLCError("alpha is \(alpha) and beta \(beta); of \(a.element) expected whole numbers")
        }
        let (m, k) = transA ? (a.shape[1], a.shape[0]) : (a.shape[0], a.shape[1])
        let (depth, n) = transB ? (b.shape[1], b.shape[0]) : (b.shape[0], b.shape[1])
        try context.require(k, equals: depth, "a is \(a.type) and b is \(b.type): \(k) columns against \(depth) rows")
        if let c = context.optional(2) {
            try context.require(c.shape, expandsTo: [m, n], "c \(c.type) broadcasts to [\(m), \(n)]")
        }
        return [Fact(a.element, [m, n])]
    }

    public func evaluate(_ operands: [Tensor?]) throws -> [Tensor] {
        let (a, b) = (try Oracle.operand(operands, 0), try Oracle.operand(operands, 1))
        let products = try MatrixProducts(a.shape, b.shape, transA: transA, transB: transB)
        let shape = [products.m, products.n]
        let c = beta == 0 ? nil : try Oracle.optional(operands, 2)?.broadcast(to: shape)
        guard a.type.isFloat else {
            let (alpha, beta) = (Int64(alpha), Int64(beta))
            let sums = products.sums(try a.integers(), try b.integers())
            let addends = try c?.integers()
            return [try Tensor(integers: sums.indices.map { alpha &* sums[$0] &+ beta &* (addends?[$0] ?? 0) }, type: a.type, shape: shape)]
        }
        let sums = products.sums(try a.doubles(), try b.doubles())
        let addends = try c?.doubles()
        return [try Tensor(doubles: sums.indices.map { alpha * sums[$0] + beta * (addends?[$0] ?? 0) }, type: a.type, shape: shape)]
    }
}
