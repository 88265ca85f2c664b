import DLCGraph
import DLCOps
import DLCRuntime

extension Scheduling {
    /// Says what an item does that stands for an operator of sequences and optionals. False for any other.
    func completeSequence(_ item: inout Schedule.Item, _ node: Node, _ graph: Graph) throws -> Bool {
        switch node.op {
        case is MakeSequence: item.kind = .sequence
        case is SequenceAt: item.kind = .sequenceAt
        case is SequenceInsert: item.kind = .sequenceInsert
        case is SequenceErase: item.kind = .sequenceErase
        case is SequenceLength: item.kind = .sequenceLength
        case let op as SplitToSequence:
            let rank = node.operands[0].map { graph.shape($0).count } ?? 0
            (item.kind, item.parameters) = (.splitToSequence, [try InferenceRules.axis(op.axis, rank: rank), op.keepsAxis ? 1 : 0])
        case let op as ConcatFromSequence:
            let rank = graph.shape(node.results[0]).count
            (item.kind, item.parameters) = (.concatFromSequence, [try InferenceRules.axis(op.axis, rank: rank), op.isNewAxis ? 1 : 0])
        case is MakeOptional: item.kind = .optional
        case is OptionalHasElement: item.kind = .hasElement
        case is OptionalGetElement: item.kind = .getElement
        default: return false
        }
        return true
    }
}
