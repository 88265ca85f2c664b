import DLCGraph
import DLCOps

/// What holds from a stage on, beyond what holds for every graph.
extension Graph {
    /// Checks the graph and the rules of the stage that it is at.
    /// - Throws: the first violation, naming the node.
    func verifyAtStage() throws {
        try verify()
        for (index, node) in nodes.enumerated() {
            for rule in StageRules.all where rule.stages.contains(stage) && !rule.holds(self, node) {
                throw DLCError("\(stage) graphs \(rule.words)", at: ["node \(index), \(node.op.name) \(node.name)"])
            }
        }
    }
}

/// A rule that every node of a graph keeps at some stages.
struct StageRule: Sendable {
    let stages: ClosedRange<Stage>
    /// What such graphs do, as in "laid-out graphs convolve channels last".
    let words: String
    let holds: @Sendable (Graph, Node) -> Bool
}

enum StageRules {
    static let all: [StageRule] = [
        StageRule(stages: .laidOut ... .lowered, words: "compute images with their channels last") { graph, node in
            guard let op = node.op as? any HasChannelsLast, let x = node.operands.first ?? nil, graph.shape(x).count >= 3 else {
                return true
            }
            return op.channelsLast
        },
        StageRule(stages: .laidOut ... .lowered, words: "have no operator that is spelled in elementwise ones") { _, node in
            !(node.op is BatchNormalization)
        },
        StageRule(stages: .lowered ... .lowered, words: "compute elementwise operators in regions") { _, node in
            !node.op.definition.traits.contains(.elementwise) || node.op is ElementwiseRegion
        },
    ]
}
