import DLCGraph
import DLCRuntime

/// An operator that a schedule computes itself, between programs, since no kernel can: data decide how large its results are, or it
/// reads or makes sequences and optionals. A node of it ends a level of its block.
package protocol ScheduledOperator: Operator {
    /// Whether the schedule computes this node of it; else a kernel does.
    func isScheduled(_ node: Node, _ graph: Graph) -> Bool

    /// What a node that the schedule computes comes to.
    /// - Throws: where an attribute does not fit the operands.
    func item(_ node: Node, _ graph: Graph) throws -> ScheduledItem
}

extension ScheduledOperator {
    package func isScheduled(_ node: Node, _ graph: Graph) -> Bool { true }
}

/// An item of a schedule but for where its operands and results lie.
package struct ScheduledItem: Sendable {
    package var kind: Schedule.Kind
    package var parameters: [Int]
    /// Their places among the schedule's names follow the parameters.
    package var texts: [String]

    init(_ kind: Schedule.Kind, _ parameters: [Int] = [], texts: [String] = []) {
        (self.kind, self.parameters, self.texts) = (kind, parameters, texts)
    }
}

extension Node {
    /// An axis of the first operand, from the front.
    func axis(_ axis: Int, _ graph: Graph) throws -> Int {
        try InferenceRules.axis(axis, rank: (operands.first ?? nil).map { graph.shape($0).count } ?? 0)
    }
}

extension Numbers: ScheduledOperator {
    package func item(_ node: Node, _ graph: Graph) throws -> ScheduledItem { ScheduledItem(.numbers, [isSigned ? 1 : 0]) }
}
