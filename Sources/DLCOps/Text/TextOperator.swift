import DLCGraph
import DLCRuntime

/// An operator on strings that a schedule computes itself, between programs: no kernel does. Its definition is the function that
/// then runs.
package protocol TextOperator: Operator {
    /// What it comes to for a first operand of some type; nil where a kernel computes it.
    func call(_ element: ElementType) -> TextCall?
}

extension TextOperator {
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
