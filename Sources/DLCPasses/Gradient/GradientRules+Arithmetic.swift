import DLCGraph
import DLCOps

extension GradientRules {
    /// Functions of two tensors that broadcast, and the choice between two.
    static let arithmetic: [GradientRule] = [
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

    /// Where operands of a maximum or minimum are equal, each gets half, as in PyTorch.
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
        case .pow: return try power(&gradient, a, b, y, adjoint)
        case .mod:
            // a = b · n + y with a whole number n.
            let whole = try gradient.unary(.round, gradient.over(gradient.minus(a, y), b))
            (left, right) = (adjoint, try gradient.negative(gradient.times(adjoint, whole)))
        case .max, .min:
            let half = try gradient.times(adjoint, 0.5)
            let isLeft = try gradient.add(Binary(op.function == .max ? .greater : .less), a, b)
            left = try gradient.select(gradient.isEqual(a, b), half, gradient.masked(adjoint, where: isLeft))
            right = try gradient.minus(adjoint, left)
        default: return []
        }
        return [try gradient.summed(left, to: gradient.shape(a)), try gradient.summed(right, to: gradient.shape(b))]
    }

    /// b · a^(b−1), 0 where b is 0, and a^b · ln a, 0 where a is not positive. Small constant exponents are products.
    private static func power(
        _ gradient: inout GradientBuilder, _ a: Value, _ b: Value, _ y: Value, _ adjoint: Value
    ) throws -> [Value?] {
        let slope: Value
        if let exponents = gradient.builder.constant(b), exponents.count == 1, let exponent = try exponents.doubles().first {
            switch exponent {
            case 0: return []
            case 1: slope = try gradient.full(1, like: y)
            case 2: slope = try gradient.times(a, 2)
            case 3: slope = try gradient.times(gradient.squared(a), 3)
            default: slope = try gradient.times(gradient.add(Binary(.pow), a, gradient.scalar(exponent - 1, like: a)), exponent)
            }
            return [try gradient.summed(gradient.times(adjoint, slope), to: gradient.shape(a)), nil]
        }
        // 0 times the infinite power of the smallest a, where b is 0.
        let least = gradient.type(a).element == .float16 ? 0x1p-14 : 0x1p-126
        let isSmall = try gradient.add(Binary(.less), gradient.unary(.abs, a), gradient.scalar(least, like: a))
        let isFlat = try gradient.add(Binary(.and), isSmall, gradient.isZero(b))
        slope = try gradient.times(b, gradient.add(Binary(.pow), gradient.replaced(a, where: isFlat, by: 1), gradient.plus(b, -1)))
        let base = try gradient.select(gradient.isGreater(a, 0), a, gradient.scalar(1, like: a))
        return [
            try gradient.summed(gradient.times(adjoint, slope), to: gradient.shape(a)),
            try gradient.summed(gradient.times(adjoint, gradient.times(y, gradient.unary(.log, base))), to: gradient.shape(b)),
        ]
    }
}
