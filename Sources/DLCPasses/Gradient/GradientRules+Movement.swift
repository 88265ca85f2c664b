import DLCGraph
import DLCOps

extension GradientRules {
    static let movement: [GradientRule] = [
        GradientRule(Reshape.self, single: { gradient, _, node, adjoint in
            try node.operands.map { try $0.map { try gradient.reshape(adjoint, to: gradient.shape($0)) } }
        }),
        GradientRule(Expand.self, single: { gradient, _, node, adjoint in
            try node.operands.map { try $0.map { try gradient.summed(adjoint, to: gradient.shape($0)) } }
        }),
        .zero(StopGradient.self),
        .zero(Random.self),
        .none(Gradient.self, because: "it is taken of a value that needs another gradient first"),
    ]
}
