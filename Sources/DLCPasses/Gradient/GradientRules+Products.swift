import DLCGraph
import DLCOps

extension GradientRules {
    static let products: [GradientRule] = []
}
