import DLCGraph
import DLCOps

extension GradientRules {
    static let elementwise: [GradientRule] = [
        GradientRule(Binary.self, single: binary),
        GradientRule(Where.self, single: { gradient, _, node, adjoint in
            guard let condition = node.operands[0], let a = node.operands[1], let b = node.operands[2] else { return [] }
            let zero = try gradient.scalar(0, like: adjoint)
            return [
                nil,
                try gradient.summed(gradient.select(condition, adjoint, zero), to: gradient.shape(a)),
                try gradient.summed(gradient.select(condition, zero, adjoint), to: gradient.shape(b)),
            ]
        }),
    ]

    /// Where operands of a maximum or minimum are equal, each gets half, as in NumPy-like frameworks.
    @Sendable private static func binary(
        _ gradient: inout GradientBuilder, _ op: Binary, _ node: Node, _ adjoint: Value
    ) throws -> [Value?] {
        guard let a = node.operands[0], let b = node.operands[1], let y = node.results.first else { return [] }
        let left: Value
        let right: Value
        switch op.function {
        case .add: (left, right) = (adjoint, adjoint)
        case .sub: (left, right) = (adjoint, try gradient.negative(adjoint))
        case .mul: (left, right) = (try gradient.times(adjoint, b), try gradient.times(adjoint, a))
        case .div:
            left = try gradient.over(adjoint, b)
            right = try gradient.negative(gradient.times(left, y))
        case .pow:
            // b · a^(b−1), also where a is 0; the logarithm only where a is positive, so that a constant exponent costs nothing.
            let below = try gradient.add(Binary(.pow), a, gradient.minus(b, gradient.scalar(1, like: b)))
            left = try gradient.times(adjoint, gradient.times(b, below))
            let isPositive = try gradient.add(Binary(.greater), a, gradient.scalar(0, like: a))
            let base = try gradient.select(isPositive, a, gradient.scalar(1, like: a))
            right = try gradient.times(adjoint, gradient.times(y, gradient.unary(.log, base)))
        case .max, .min:
            let half = try gradient.times(adjoint, 0.5)
            let isEqual = try gradient.add(Binary(.equal), a, b)
            let isLeft = try gradient.add(Binary(op.function == .max ? .greater : .less), a, b)
            left = try gradient.select(isEqual, half, gradient.masked(adjoint, where: isLeft))
            right = try gradient.minus(adjoint, left)
        default: return []
        }
        return [try gradient.summed(left, to: gradient.shape(a)), try gradient.summed(right, to: gradient.shape(b))]
    }
}
