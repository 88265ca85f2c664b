import DLCGraph
import DLCOps

extension GradientRules {
    static let training: [GradientRule] = [
        .zero(StopGradient.self),
        GradientRule(RectifyGradient.self, single: { gradient, _, _, adjoint in [try gradient.unary(.relu, adjoint)] }),
        .zero(Random.self),
        .none(Gradient.self, because: "it is taken of a value that needs another gradient first"),
    ]
}
