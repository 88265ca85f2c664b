import DLCGraph
import DLCOps

/// How the gradient passes through one operator.
public struct GradientRule: Sendable {
    /// Builds the gradients with respect to the operands.
    ///
    /// `node` has its operands in the graph that is being built; `adjoints` holds, per result, the gradient with respect to it,
    /// nil where none arrives (at least one does). Returned is a gradient per operand, of the operand's type; nil where it is
    /// zero or the operand is no floating-point value. Operators that a rule adds have rules themselves, so that gradients of
    /// any order exist.
    public typealias Body = @Sendable (inout GradientBuilder, Node, [Value?]) throws -> [Value?]

    /// The type of the operators.
    let type: ObjectIdentifier
    let body: Body

    private init<Op: Operator>(_ type: Op.Type, body: @escaping Body) {
        self.type = ObjectIdentifier(type)
        self.body = body
    }

    /// A rule for all operators of a type.
    public init<Op: Operator>(
        _ type: Op.Type, _ body: @escaping @Sendable (inout GradientBuilder, Op, Node, [Value?]) throws -> [Value?]
    ) {
        self.init(
            type,
            body: { gradient, node, adjoints in
                guard let op = node.op as? Op else { throw DLCError("the gradient of \(Op.self) is asked for \(node.op.name)") }
                return try body(&gradient, op, node, adjoints)
            })
    }

    /// A rule for operators with one result, of which the gradient is given.
    public init<Op: Operator>(
        _ type: Op.Type, single body: @escaping @Sendable (inout GradientBuilder, Op, Node, Value) throws -> [Value?]
    ) {
        self.init(
            type,
            { gradient, op, node, adjoints in
                guard let adjoint = adjoints.first ?? nil else { return [] }
                return try body(&gradient, op, node, adjoint)
            } as @Sendable (inout GradientBuilder, Op, Node, [Value?]) throws -> [Value?])
    }

    /// Operators that are spelled in others: the closure builds the floating-point results that have gradients from the
    /// operands, and the gradients follow from what it added. Results it leaves nil, or out, have none.
    public static func spelled<Op: Operator>(
        _ type: Op.Type, _ spell: @escaping @Sendable (inout GradientBuilder, Op, [Value?]) throws -> [Value?]
    ) -> GradientRule {
        GradientRule(
            type,
            body: { gradient, node, adjoints in
                guard let op = node.op as? Op else { throw DLCError("the gradient of \(Op.self) is asked for \(node.op.name)") }
                return try gradient.backpropagated(to: node.operands, adjoints) { try spell(&$0, op, node.operands) }
            })
    }

    /// Operators that let no gradient through: what they compute is constant almost everywhere, or it shall not.
    public static func zero<Op: Operator>(_ type: Op.Type) -> GradientRule { GradientRule(type, body: { _, _, _ in [] }) }

    /// Operators that have no gradient, and why.
    public static func none<Op: Operator>(_ type: Op.Type, because reason: String) -> GradientRule {
        GradientRule(type, body: { _, _, _ in throw DLCError("has no gradient: \(reason)") })
    }
}

/// All rules: the tables of this folder's files.
public enum GradientRules {
    static let all: [GradientRule] =
        elementwise + arithmetic + movement + indexing + reductions + products + attention + normalization + layers + regions + classic
        + training + sequences + text

    private static let byType = Dictionary(all.map { ($0.type, $0) }) { first, _ in first }

    /// The rule for an operator, or nil where there is none.
    public static func rule(for op: any Operator) -> GradientRule? { byType[ObjectIdentifier(type(of: op))] }
}
