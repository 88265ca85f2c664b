import DLCGraph

/// Activations that the kernels of convolutions and products apply to a tile before it leaves the registers or the cache.
public enum ActivationKind: String, Sendable, CaseIterable, AttributeConvertible {
    case none, relu, clip, leakyRelu = "leaky_relu", prelu, sigmoid, silu, hardSwish = "hard_swish"
    case hardSigmoid = "hard_sigmoid", gelu, geluTanh = "gelu_tanh", tanh, elu

    /// The activation of one element.
    /// - Parameters:
    ///   - alpha: the lower limit of `clip`, the slope of `leakyRelu`, alpha of `hardSigmoid` and `elu`.
    ///   - beta: the upper limit of `clip`, beta of `hardSigmoid`.
    ///   - slope: the slope of `prelu` for the element's channel.
    func apply(_ x: Double, alpha: Double, beta: Double, slope: Double) -> Double {
        switch self {
        case .none: x
        case .relu: x > 0 || x.isNaN ? x : 0
        case .clip: min(max(x, alpha), beta)
        case .leakyRelu: x < 0 ? alpha * x : x
        case .prelu: x < 0 ? slope * x : x
        case .sigmoid: Oracle.sigmoid(x)
        case .silu: x * Oracle.sigmoid(x)
        case .hardSwish: x * max(0, min(1, x / 6 + 0.5))
        case .hardSigmoid: alpha * x + beta < 0 ? 0 : alpha * x + beta > 1 ? 1 : alpha * x + beta
        case .gelu: 0.5 * x * (1 + Oracle.erf(x * 0.5.squareRoot()))
        case .geluTanh: 0.5 * x * (1 + Oracle.tanh((2 / Double.pi).squareRoot() * (x + 0.044715 * x * x * x)))
        case .tanh: Oracle.tanh(x)
        case .elu: x < 0 ? alpha * Oracle.expm1(x) : x
        }
    }
}

/// What a kernel does to a finished sum: `activation(sum + bias + residual)`, or `activation(sum + bias) + residual`.
struct Epilogue {
    var activation: ActivationKind
    var alpha: Double
    var beta: Double
    var residualAfterActivation: Bool

    /// Throws where the operands at 2 (bias), 3 (residual) and 4 (slope) do not fit a result.
    func check(_ context: inout InferContext, result: Shape, channel: Dim) throws {
        for (index, name) in [(2, "bias"), (4, "slope")] {
            guard let vector = context.optional(index) else { continue }
            try context.require(vector.shape, equals: [channel], "\(name) is \(vector.type); expected [\(channel)]")
        }
        if let residual = context.optional(3), residual.shape != result {
            throw DLCError("residual is \(residual.type); the result is [\(result.map(\.description).joined(separator: ", "))]")
        }
        for (index, name) in [(2, "bias"), (3, "residual"), (4, "slope")] where context.optional(index) != nil {
            try context.expect(index, name, sameTypeAs: 0)
        }
        if activation == .prelu, context.optional(4) == nil { throw DLCError("prelu needs a slope") }
    }

    /// Applies it to the sums; `channel` gives the channel of an element.
    func apply(_ sums: Tensor, _ operands: [Tensor?], channel: (Int) -> Int) throws -> Tensor {
        func doubles(_ index: Int) throws -> [Double]? { index < operands.count ? try operands[index]?.doubles() : nil }
        let (bias, residual, slope) = (try doubles(2), try doubles(3), try doubles(4))
        var values = try sums.doubles()
        for i in values.indices {
            let c = channel(i)
            var x = values[i] + (bias?[c] ?? 0)
            if !residualAfterActivation { x += residual?[i] ?? 0 }
            x = activation.apply(x, alpha: alpha, beta: beta, slope: slope?[c] ?? 0)
            if residualAfterActivation { x += residual?[i] ?? 0 }
            values[i] = x
        }
        return try Tensor(doubles: values, type: sums.type, shape: sums.shape)
    }

    /// Adds bias and residual to sums of integers, which wrap and have no activation.
    func apply(_ sums: [Int64], _ type: ElementType, shape: [Int], _ operands: [Tensor?], channel: (Int) -> Int) throws -> Tensor {
        let (bias, residual) = (try Oracle.optional(operands, 2)?.integers(), try Oracle.optional(operands, 3)?.integers())
        let values = sums.indices.map { sums[$0] &+ (bias?[channel($0)] ?? 0) &+ (residual?[$0] ?? 0) }
        return try Tensor(integers: values, type: type, shape: shape)
    }
}
