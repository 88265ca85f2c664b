import DLCGraph
import DLCOps

extension GradientRules {
    /// Functions of one tensor. At points without a derivative they have the one that PyTorch takes.
    static let elementwise: [GradientRule] = [
        GradientRule(Unary.self, single: unary),
        GradientRule(Activation.self, single: activation),
        GradientRule(Gelu.self, single: gelu),
        GradientRule(PRelu.self, single: prelu),
        GradientRule(Clip.self, single: clip),
        GradientRule(Cast.self, single: { gradient, _, node, adjoint in
            guard let x = node.operands[0], gradient.type(x).element.isFloat else { return [] }
            return [try gradient.cast(adjoint, to: gradient.type(x).element)]
        }),
        .zero(IsInf.self),
        .zero(QuantizeLinear.self),
        .zero(NarrowCast.self),
        .spelled(DequantizeLinear.self, dequantized),
        .none(ElementwiseRegion.self, because: "it arises only when a graph is lowered"),
    ]

    /// The bounds belong to what lies between, but for ReLU6, where they are outside and y alone is needed.
    @Sendable private static func clip(
        _ gradient: inout GradientBuilder, _ op: Clip, _ node: Node, _ adjoint: Value
    ) throws -> [Value?] {
        guard let x = node.operands[0], let y = node.results.first else { return [] }
        let isSix = op.min == 0 && op.max == 6
        let value = isSix ? y : x
        var adjoint = adjoint
        for (limit, function) in [(op.min, isSix ? BinaryFunction.greater : .greaterOrEqual), (op.max, isSix ? .less : .lessOrEqual)] {
            guard let limit else { continue }
            adjoint = try gradient.masked(adjoint, where: gradient.add(Binary(function), value, gradient.scalar(limit, like: value)))
        }
        return [adjoint]
    }

    @Sendable private static func unary(
        _ gradient: inout GradientBuilder, _ op: Unary, _ node: Node, _ adjoint: Value
    ) throws -> [Value?] {
        guard let x = node.operands[0], let y = node.results.first else { return [] }
        switch op.function {
        case .relu: return [try gradient.masked(adjoint, where: gradient.isGreater(y, 0))]
        case .sigmoid: return [try gradient.times(adjoint, gradient.times(y, gradient.complement(y)))]
        case .tanh: return [try gradient.times(adjoint, gradient.complement(gradient.squared(y)))]
        case .exp: return [try gradient.times(adjoint, y)]
        case .log: return [try gradient.over(adjoint, x)]
        case .sqrt: return [try gradient.over(gradient.times(adjoint, 0.5), y)]
        case .neg: return [try gradient.negative(adjoint)]
        case .abs: return [try gradient.times(adjoint, gradient.unary(.sign, x))]
        case .reciprocal: return [try gradient.negative(gradient.times(adjoint, gradient.squared(y)))]
        case .floor, .ceil, .round, .sign, .not, .isNaN, .bitwiseNot: return []
        case .erf:
            let bell = try gradient.unary(.exp, gradient.negative(gradient.squared(x)))
            return [try gradient.times(adjoint, gradient.times(bell, 2 / Double.pi.squareRoot()))]
        case .softplus: return [try gradient.times(adjoint, gradient.unary(.sigmoid, x))]
        case .softsign: return [try gradient.over(adjoint, gradient.squared(gradient.plus(gradient.unary(.abs, x), 1)))]
        case .sin: return [try gradient.times(adjoint, gradient.unary(.cos, x))]
        case .cos: return [try gradient.negative(gradient.times(adjoint, gradient.unary(.sin, x)))]
        case .tan: return [try gradient.times(adjoint, gradient.plus(gradient.squared(y), 1))]
        case .asin: return [try gradient.over(adjoint, gradient.unary(.sqrt, gradient.complement(gradient.squared(x))))]
        case .acos: return [try gradient.negative(gradient.over(adjoint, gradient.unary(.sqrt, gradient.complement(gradient.squared(x)))))]
        case .atan: return [try gradient.over(adjoint, gradient.plus(gradient.squared(x), 1))]
        case .sinh: return [try gradient.times(adjoint, gradient.unary(.cosh, x))]
        case .cosh: return [try gradient.times(adjoint, gradient.unary(.sinh, x))]
        case .asinh: return [try gradient.over(adjoint, gradient.unary(.sqrt, gradient.plus(gradient.squared(x), 1)))]
        case .acosh: return [try gradient.over(adjoint, gradient.unary(.sqrt, gradient.plus(gradient.squared(x), -1)))]
        case .atanh: return [try gradient.over(adjoint, gradient.complement(gradient.squared(x)))]
        case .mish:
            let t = try gradient.unary(.tanh, gradient.unary(.softplus, x))
            let rise = try gradient.times(gradient.complement(gradient.squared(t)), gradient.unary(.sigmoid, x))
            return [try gradient.times(adjoint, gradient.plus(t, gradient.times(x, rise)))]
        case .hardSwish:
            let inner = try gradient.times(adjoint, gradient.plus(gradient.times(x, 1 / 3.0), 0.5))
            let left = try gradient.masked(inner, where: gradient.isGreater(x, -3))
            return [try gradient.select(gradient.add(Binary(.less), x, gradient.scalar(3, like: x)), left, adjoint)]
        }
    }

    @Sendable private static func activation(
        _ gradient: inout GradientBuilder, _ op: Activation, _ node: Node, _ adjoint: Value
    ) throws -> [Value?] {
        guard let x = node.operands[0], let y = node.results.first else { return [] }
        let isPositive = try gradient.isGreater(x, 0)
        func pieces(_ gradient: inout GradientBuilder, _ below: Value) throws -> [Value?] {
            [try gradient.select(isPositive, adjoint, gradient.times(adjoint, below))]
        }
        switch op.function {
        case .elu: return try pieces(&gradient, gradient.plus(y, op.alpha))
        case .leakyRelu: return try pieces(&gradient, gradient.scalar(op.alpha, like: x))
        case .celu: return try pieces(&gradient, gradient.plus(gradient.times(y, 1 / op.alpha), 1))
        case .selu:
            let slopes = try gradient.select(isPositive, gradient.scalar(op.gamma, like: x), gradient.plus(y, op.gamma * op.alpha))
            return [try gradient.times(adjoint, slopes)]
        case .thresholdedRelu: return [try gradient.masked(adjoint, where: gradient.isGreater(x, op.alpha))]
        case .hardSigmoid:
            let isBelow = try gradient.add(Binary(.less), y, gradient.scalar(1, like: y))
            let isRising = try gradient.add(Binary(.and), gradient.isGreater(y, 0), isBelow)
            return [try gradient.masked(gradient.times(adjoint, op.alpha), where: isRising)]
        case .swish:
            let gate = try gradient.unary(.sigmoid, op.alpha == 1 ? x : gradient.times(x, op.alpha))
            let bend = try gradient.times(gradient.times(y, gradient.complement(gate)), op.alpha)
            return [try gradient.times(adjoint, gradient.plus(gate, bend))]
        }
    }

    /// Φ(x) + x · φ(x), or the derivative of the approximation.
    @Sendable private static func gelu(
        _ gradient: inout GradientBuilder, _ op: Gelu, _ node: Node, _ adjoint: Value
    ) throws -> [Value?] {
        guard let x = node.operands[0] else { return [] }
        switch op.approximate {
        case .none:
            let normal = try gradient.times(gradient.plus(gradient.unary(.erf, gradient.times(x, 0.5.squareRoot())), 1), 0.5)
            let bell = try gradient.unary(.exp, gradient.times(gradient.squared(x), -0.5))
            let density = try gradient.times(gradient.times(x, bell), 1 / (2 * Double.pi).squareRoot())
            return [try gradient.times(adjoint, gradient.plus(normal, density))]
        case .tanh:
            let factor = (2 / Double.pi).squareRoot()
            let square = try gradient.squared(x)
            let inner = try gradient.times(x, gradient.plus(gradient.times(square, factor * 0.044715), factor))
            let t = try gradient.unary(.tanh, inner)
            let slope = try gradient.plus(gradient.times(square, 3 * factor * 0.044715), factor)
            let bend = try gradient.times(gradient.times(x, slope), gradient.complement(gradient.squared(t)))
            return [try gradient.times(adjoint, gradient.times(gradient.plus(gradient.plus(t, 1), bend), 0.5))]
        }
    }

    @Sendable private static func prelu(
        _ gradient: inout GradientBuilder, _ op: PRelu, _ node: Node, _ adjoint: Value
    ) throws -> [Value?] {
        guard let x = node.operands[0], let slope = node.operands[1] else { return [] }
        let isPositive = try gradient.isGreater(x, 0)
        let below = try gradient.select(isPositive, gradient.scalar(0, like: x), gradient.times(adjoint, x))
        return [
            try gradient.select(isPositive, adjoint, gradient.times(adjoint, slope)),
            try gradient.summed(below, to: gradient.shape(slope)),
        ]
    }

    @Sendable private static func dequantized(
        _ gradient: inout GradientBuilder, _ op: DequantizeLinear, _ operands: [Value?]
    ) throws -> [Value?] {
        guard let x = operands[0], let scale = operands[1] else { return [] }
        let (shape, type) = (gradient.shape(x), gradient.type(scale).element)
        func spread(_ gradient: inout GradientBuilder, _ value: Value) throws -> Value {
            let own = gradient.shape(value)
            if op.blockSize == 0, own.allSatisfy({ $0 == 1 }) { return try gradient.reshape(value, to: []) }
            let axis = try InferenceRules.axis(op.axis, rank: shape.count)
            if op.blockSize == 0 { return try gradient.along(axis, value, rank: shape.count) }
            let blocks = try gradient.add(Binary(.div), gradient.range(shape[axis]), gradient.extent(Dim(op.blockSize)))
            return try gradient.add(Gather(axis: axis), value, blocks)
        }
        var steps = try gradient.cast(x, to: type)
        if operands.count > 2, let zero = operands[2] {
            steps = try gradient.minus(steps, spread(&gradient, gradient.cast(zero, to: type)))
        }
        return [try gradient.times(steps, spread(&gradient, scale))]
    }
}
