import DLCGraph
import DLCRuntime

/// An operator on strings, which no kernel computes. Its definition is the function that then runs.
package protocol TextOperator: ScheduledOperator {
    /// What it comes to for a first operand of some type; nil where a kernel computes it.
    func call(_ element: ElementType) -> TextCall?
}

extension TextOperator {
    package func isScheduled(_ node: Node, _ graph: Graph) -> Bool { call(node, graph) != nil }

    package func item(_ node: Node, _ graph: Graph) throws -> ScheduledItem {
        guard let call = call(node, graph) else { throw DLCError("has a kernel and no place in a schedule") }
        return ScheduledItem(.text, [call.function.rawValue] + call.numbers, texts: call.texts)
    }

    private func call(_ node: Node, _ graph: Graph) -> TextCall? {
        call((node.operands.first ?? nil).map { graph.type($0).element } ?? .string)
    }

    func computed(_ operands: [Tensor?]) throws -> [Tensor] {
        let given = try operands.indices.map { try Oracle.operand(operands, $0) }
        guard let first = given.first, let call = call(first.type) else { throw DLCError("is for strings") }
        return try call.run(given, TextCache())
    }
}

/// Operators on strings.
enum TextOps {
    static let definitions: [OperatorDefinition] = [
        RegexFullMatch.definition,
        StringCast.definition,
        StringConcat.definition,
        StringNormalizer.definition,
        StringSplit.definition,
        StringTokenizer.definition,
    ]
}
