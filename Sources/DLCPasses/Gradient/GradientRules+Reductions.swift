import DLCGraph
import DLCOps

extension GradientRules {
    static let reductions: [GradientRule] = [
        GradientRule(Reduce.self, single: reduce)
    ]

    @Sendable private static func reduce(
        _ gradient: inout GradientBuilder, _ op: Reduce, _ node: Node, _ adjoint: Value
    ) throws -> [Value?] {
        guard let x = node.operands[0] else { return [] }
        let shape = gradient.shape(x)
        let axes = op.axes.isEmpty ? Array(shape.indices) : try InferenceRules.axes(op.axes, rank: shape.count)
        var kept = shape
        for axis in axes { kept[axis] = 1 }
        let spread = try gradient.reshape(adjoint, to: kept)
        switch op.kind {
        case .sum: return [try gradient.expand(spread, to: shape)]
        case .mean:
            let count = try gradient.count(of: shape, axes: axes, like: adjoint)
            return [try gradient.expand(gradient.over(spread, count), to: shape)]
        default: throw DLCError("has no gradient")
        }
    }
}
