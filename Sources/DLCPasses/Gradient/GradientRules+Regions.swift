import DLCGraph
import DLCOps

extension GradientRules {
    /// Regions of images: features have gradients, boxes have none.
    static let regions: [GradientRule] = [
        GradientRule(RegionAlign.self, single: { gradient, op, node, adjoint in
            let operands = Array(node.operands.prefix(2)) + [adjoint] + node.operands.dropFirst(2)
            let levels = try gradient.builder.add(RegionAlignGradient(of: op), operands, name: gradient.name)
            return [nil, nil] + levels
        }),
        // In mode avg linear in dy, with the operator itself as adjoint.
        GradientRule(RegionAlignGradient.self, { gradient, op, node, adjoints in
            guard op.align.mode == .avg else {
                throw DLCError("has no gradient: second derivatives of maxima over regions are not available")
            }
            let levels = try zip(node.operands.dropFirst(3), adjoints).map { level, adjoint -> Value? in
                try adjoint ?? level.map { try gradient.full(0, like: $0) }
            }
            let results = try gradient.builder.add(op.align, Array(node.operands.prefix(2)) + levels, name: gradient.name)
            return [nil, nil, results.first]
        }),
        GradientRule(RegionPool.self, single: { gradient, op, node, adjoint in
            let dx = try gradient.add(RegionPoolGradient(of: op), node.operands[0], node.operands[1], node.operands[2], adjoint)
            return [nil, nil, dx]
        }),
        .none(RegionPoolGradient.self, because: "second derivatives of maxima over regions are not available"),
        .zero(NonMaxSuppression.self),
    ]

    /// Classic machine learning.
    static let classic: [GradientRule] = [
        .zero(TreeEnsemble.self),
        .zero(Find.self),
        .none(PairwiseCoupling.self, because: "the iteration has no derivative of its own"),
        // As the sums of squared differences that they are.
        .spelled(SquaredDistances.self, { gradient, _, operands in
            guard let a = operands[0], let b = operands[1] else { return [] }
            let rows = try gradient.reshape(a, to: [gradient.shape(a)[0], 1, gradient.shape(a)[1]])
            return [try gradient.add(Reduce(.sum, axes: [2], keepDims: false), gradient.squared(gradient.minus(rows, b)))]
        }),
    ]
}
