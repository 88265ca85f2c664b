import DLCGraph
import DLCOps

extension GradientRules {
    static let training: [GradientRule] = [
        .zero(StopGradient.self),
        .zero(Random.self),
        .none(Gradient.self, because: "it is taken of a value that needs another gradient first"),
    ]
}
