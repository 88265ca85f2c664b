import DLCGraph

/// A matrix product with what may follow it: `activation(scale · A · B + bias + residual)`.
///
/// Operands: a `[…, M, K]` (with `transA` `[…, K, M]`), b `[…, K, N]` (with `transB` `[…, N, K]`), leading dimensions
/// broadcast; bias and slope `[N]`; residual of the result's shape `[…, M, N]`.
public struct FusedMatMul: Operator {
    public var transA = false
    public var transB = false
    public var scale = 1.0
    public var activation = ActivationKind.none
    public var alpha = 0.0
    public var beta = 0.0
    public var residualAfterActivation = false

    public init() {}

    public var definition: OperatorDefinition { Self.definition }

    public static let definition = OperatorDefinition(
        FusedMatMul(), name: "fused_matmul", operands: ["a", "b", "bias?", "residual?", "slope?"],
        examples: {
            let a = try Tensor.random(seed: 1, shape: [2, 3, 5])
            let b = try Tensor.random(seed: 2, shape: [5, 7])
            let bias = try Tensor.random(seed: 3, shape: [7])
            let residual = try Tensor.random(seed: 4, shape: [2, 3, 7])
            var gelu = FusedMatMul()
            gelu.activation = .gelu
            var transposed = FusedMatMul()
            (transposed.transA, transposed.transB, transposed.scale) = (true, true, 0.5)
            var after = FusedMatMul()
            (after.activation, after.residualAfterActivation) = (.relu, true)
            let batched = try Tensor.random(seed: 5, shape: [3, 1, 4, 6])
            return [
                Example("bias", FusedMatMul(), [a, b, bias]),
                Example("gelu", gelu, [a, b, bias, residual]),
                Example("relu then residual", after, [a, b, nil, residual]),
                Example("both transposed", transposed, [batched, try Tensor.random(seed: 6, shape: [2, 5, 4])]),
                Example("no depth", FusedMatMul(), [try Tensor.random(seed: 7, shape: [2, 0]), try Tensor.random(seed: 8, shape: [0, 3])]),
            ]
        }
    ) {
        Attribute("trans_a", \.transA)
        Attribute("trans_b", \.transB)
        Attribute("scale", \.scale)
        Attribute("activation", \.activation)
        Attribute("alpha", \.alpha)
        Attribute("beta", \.beta)
        Attribute("residual_after_activation", \.residualAfterActivation)
    }

    private var epilogue: Epilogue {
        Epilogue(activation: activation, alpha: alpha, beta: beta, residualAfterActivation: residualAfterActivation)
    }

    public func infer(_ context: inout InferContext) throws -> [Fact] {
        let (a, b) = (try context.operand(0), try context.operand(1))
        guard a.element == b.element, a.rank >= 2, b.rank >= 2 else { throw DLCError("a is \(a.type) and b is \(b.type); expected matrices of one type") }
        let (m, k) = transA ? (a.shape[a.rank - 1], a.shape[a.rank - 2]) : (a.shape[a.rank - 2], a.shape[a.rank - 1])
        let (depth, n) = transB ? (b.shape[b.rank - 1], b.shape[b.rank - 2]) : (b.shape[b.rank - 2], b.shape[b.rank - 1])
        if k.constant != nil, depth.constant != nil, k != depth { throw DLCError("a is \(a.type) and b is \(b.type): \(k) columns against \(depth) rows") }
        let shape = try InferenceRules.broadcast([Shape(a.shape.dropLast(2)), Shape(b.shape.dropLast(2))]) + [m, n]
        try epilogue.check(context, result: shape, channel: n)
        return [Fact(a.element, shape)]
    }

    public func evaluate(_ operands: [Tensor?]) throws -> [Tensor] {
        let (a, b) = (try Oracle.operand(operands, 0), try Oracle.operand(operands, 1))
        let (m, k) = transA ? (a.shape[a.rank - 1], a.shape[a.rank - 2]) : (a.shape[a.rank - 2], a.shape[a.rank - 1])
        let n = b.shape[transB ? b.rank - 2 : b.rank - 1]
        let batch = try Oracle.broadcast([Array(a.shape.dropLast(2)), Array(b.shape.dropLast(2))])
        let aStarts = Oracle.broadcastIndices(Array(a.shape.dropLast(2)), to: batch)
        let bStarts = Oracle.broadcastIndices(Array(b.shape.dropLast(2)), to: batch)
        let (x, y) = (try a.doubles(), try b.doubles())
        var sums: [Double] = []
        for (i, j) in zip(aStarts, bStarts) {
            for row in 0..<m {
                for column in 0..<n {
                    var sum = 0.0
                    for d in 0..<k {
                        sum += x[i * m * k + (transA ? d * m + row : row * k + d)] * y[j * k * n + (transB ? column * k + d : d * n + column)]
                    }
                    sums.append(sum * scale)
                }
            }
        }
        let product = try Tensor(doubles: sums, type: a.type, shape: batch + [m, n])
        return [try epilogue.apply(product, operands) { $0 % max(n, 1) }]
    }
}
