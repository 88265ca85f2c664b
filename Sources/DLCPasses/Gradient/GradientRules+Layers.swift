import DLCGraph
import DLCOps

extension GradientRules {
    static let layers: [GradientRule] = []
}
