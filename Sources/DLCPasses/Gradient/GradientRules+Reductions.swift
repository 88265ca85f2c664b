import DLCGraph
import DLCOps

extension GradientRules {
    static let reductions: [GradientRule] = [
        GradientRule(Reduce.self, single: reduce),
        GradientRule(Softmax.self, single: softmax),
    ]

    /// Equal extremes share the gradient, as in PyTorch; a norm of 0 has none, nor have infinite sums of exponentials.
    @Sendable private static func reduce(
        _ gradient: inout GradientBuilder, _ op: Reduce, _ node: Node, _ adjoint: Value
    ) throws -> [Value?] {
        guard let x = node.operands[0], let result = node.results.first else { return [] }
        let shape = gradient.shape(x)
        let axes = op.axes.isEmpty ? Array(shape.indices) : try InferenceRules.axes(op.axes, rank: shape.count)
        var kept = shape
        for axis in axes { kept[axis] = 1 }
        let spread = try gradient.reshape(adjoint, to: kept)
        let y = try gradient.reshape(result, to: kept)
        switch op.kind {
        case .sum: return [try gradient.expand(spread, to: shape)]
        case .mean:
            let count = try gradient.count(of: shape, axes: axes, like: adjoint)
            return [try gradient.expand(gradient.over(spread, count), to: shape)]
        case .max, .min:
            let isExtreme = try gradient.isEqual(x, y)
            let count = try gradient.sum(gradient.cast(isExtreme, to: gradient.type(x).element), axes: axes)
            let share = try gradient.over(spread, gradient.add(Binary(.max), count, gradient.scalar(1, like: count)))
            return [try gradient.masked(share, where: isExtreme)]
        case .prod:
            let isZero = try gradient.isZero(x)
            let safe = try gradient.replaced(x, where: isZero, by: 1)
            let product = try gradient.add(Reduce(.prod, axes: axes), safe)
            let zeros = try gradient.sum(gradient.cast(isZero, to: gradient.type(x).element), axes: axes)
            return [try gradient.times(spread, gradient.productOfOthers(safe, isZero, product, zeros))]
        case .l1: return [try gradient.times(spread, gradient.unary(.sign, x))]
        case .l2:
            let isZero = try gradient.isZero(y)
            let factor = try gradient.over(spread, gradient.replaced(y, where: isZero, by: 1))
            return [try gradient.times(x, gradient.masked(factor, where: gradient.unary(.not, isZero)))]
        case .sumSquare: return [try gradient.times(x, gradient.times(spread, 2))]
        case .logSum: return [try gradient.expand(gradient.over(spread, gradient.sum(x, axes: axes)), to: shape)]
        case .logSumExp:
            let isInfinite = try gradient.add(IsInf(), y)
            let share = try gradient.unary(.exp, gradient.replaced(gradient.minus(x, y), where: isInfinite, by: 0))
            return [try gradient.times(gradient.masked(spread, where: gradient.unary(.not, isInfinite)), share)]
        }
    }

    @Sendable private static func softmax(
        _ gradient: inout GradientBuilder, _ op: Softmax, _ node: Node, _ adjoint: Value
    ) throws -> [Value?] {
        guard let y = node.results.first else { return [] }
        switch op.kind {
        case .softmax:
            let sum = try gradient.sum(gradient.times(adjoint, y), axes: [op.axis])
            return [try gradient.times(y, gradient.minus(adjoint, sum))]
        case .logSoftmax:
            let sum = try gradient.sum(adjoint, axes: [op.axis])
            return [try gradient.minus(adjoint, gradient.times(gradient.unary(.exp, y), sum))]
        case .hardmax: return []
        }
    }
}
