import DLCGraph

/// A matrix product with what may follow it: `activation(scale · A · B + bias + residual)`.
///
/// Operands: a `[…, M, K]` (with `transA` `[…, K, M]`), b `[…, K, N]` (with `transB` `[…, N, K]`), leading dimensions
/// broadcast; bias and slope `[N]`; residual of the result's shape `[…, M, N]`.
///
/// With `scaleA`, `[K]` or `[…, 1, K]` that broadcasts to a, the product is of `a · scaleA + shiftA` instead, at least 0
/// with `reluA`; shiftA is `[K]`. Products of integers wrap and take a bias and a residual only.
public struct FusedMatMul: Operator {
    /// The position of `scaleA`; `shiftA` follows.
    public static let scalePosition = 5

    public var reluA = false
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
        FusedMatMul(), name: "fused_matmul", operands: ["a", "b", "bias?", "residual?", "slope?", "scale_a?", "shift_a?"],
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
            var scaled = FusedMatMul()
            scaled.reluA = true
            let batched = try Tensor.random(seed: 5, shape: [3, 1, 4, 6])
            return [
                Example("bias", FusedMatMul(), [a, b, bias]),
                Example("gelu", gelu, [a, b, bias, residual]),
                Example("relu then residual", after, [a, b, nil, residual]),
                Example("both transposed", transposed, [batched, try Tensor.random(seed: 6, shape: [2, 5, 4])]),
                Example(
                    "scaled columns", scaled,
                    [a, b, bias, nil, nil, try Tensor.random(seed: 9, shape: [5]), try Tensor.random(seed: 10, shape: [5])]),
                Example("gated columns", FusedMatMul(), [a, b, nil, residual, nil, try Tensor.random(seed: 11, shape: [2, 1, 5])]),
                Example(
                    "no depth", FusedMatMul(), [try Tensor.random(seed: 7, shape: [2, 0]), try Tensor.random(seed: 8, shape: [0, 3])]),
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
        Attribute("relu_a", \.reluA)
    }

    /// The elements of a as they are multiplied.
    private func scaled(_ a: Tensor, _ operands: [Tensor?]) throws -> [Double] {
        let values = try a.doubles()
        guard operands.count > Self.scalePosition, let scale = operands[Self.scalePosition] else { return values }
        let (factors, sources) = (try scale.doubles(), Oracle.broadcastIndices(scale.shape, to: a.shape))
        let shift = operands.count > Self.scalePosition + 1 ? try operands[Self.scalePosition + 1]?.doubles() : nil
        let columns = max(a.shape[a.rank - 1], 1)
        return values.indices.map { i in
            let x = values[i] * factors[sources[i]] + (shift?[i % columns] ?? 0)
            return reluA ? max(x, 0) : x
        }
    }

    private var epilogue: Epilogue {
        Epilogue(activation: activation, alpha: alpha, beta: beta, residualAfterActivation: residualAfterActivation)
    }

    public func infer(_ context: inout InferContext) throws -> [Fact] {
        let (a, b) = (try context.operand(0), try context.operand(1))
        try context.expect(0, "a", ElementType.numbers)
        guard a.element == b.element, a.rank >= 2, b.rank >= 2 else {
            throw DLCError("a is \(a.type) and b is \(b.type); expected matrices of one type")
        }
        let (m, k) = transA ? (a.shape[a.rank - 1], a.shape[a.rank - 2]) : (a.shape[a.rank - 2], a.shape[a.rank - 1])
        let (depth, n) = transB ? (b.shape[b.rank - 1], b.shape[b.rank - 2]) : (b.shape[b.rank - 2], b.shape[b.rank - 1])
        try context.require(k, equals: depth, "a is \(a.type) and b is \(b.type): \(k) columns against \(depth) rows")
        let shape = try context.broadcast([Shape(a.shape.dropLast(2)), Shape(b.shape.dropLast(2))]) + [m, n]
        try epilogue.check(&context, result: shape, channel: n)
        if let scale = context.optional(Self.scalePosition) {
            let reason = "scale_a is \(scale.type), which does not scale the columns of \(a.type)"
            guard !transA, scale.element == a.element, let columns = scale.shape.last, scale.rank == 1 || scale.shape[scale.rank - 2] == 1
            else { throw DLCError(reason) }
            try context.require(columns, equals: k, reason)
            try context.require(scale.shape, expandsTo: a.shape, reason)
        }
        if let shift = context.optional(Self.scalePosition + 1) {
            let reason = "shift_a is \(shift.type); expected [\(k)] beside a scale"
            guard context.optional(Self.scalePosition) != nil, shift.element == a.element else { throw DLCError(reason) }
            try context.require(shift.shape, equals: [k], reason)
        }
        if reluA, context.optional(Self.scalePosition) == nil { throw DLCError("relu_a needs a scale") }
        guard a.element.isFloat || scale == 1 && activation == .none && context.optional(Self.scalePosition) == nil else {
            throw DLCError("a is \(a.type); products of integers have neither scales nor activations")
        }
        return [Fact(a.element, shape)]
    }

    public func evaluate(_ operands: [Tensor?]) throws -> [Tensor] {
        let (a, b) = (try Oracle.operand(operands, 0), try Oracle.operand(operands, 1))
        let products = try MatrixProducts(a.shape, b.shape, transA: transA, transB: transB)
        let (shape, columns) = (products.batch + [products.m, products.n], max(products.n, 1))
        guard a.type.isFloat else {
            let sums = products.sums(try a.integers(), try b.integers())
            return [try epilogue.apply(sums, a.type, shape: shape, operands) { $0 % columns }]
        }
        let sums = products.sums(try scaled(a, operands), try b.doubles()).map { $0 * scale }
        return [try epilogue.apply(try Tensor(doubles: sums, type: a.type, shape: shape), operands) { $0 % columns }]
    }
}
