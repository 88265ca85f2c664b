import DLCGraph
import DLCOps

extension GradientRules {
    static let selection: [GradientRule] = []
}
