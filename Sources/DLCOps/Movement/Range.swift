import DLCGraph
import DLCRuntime

/// start, start + delta, … up to but without limit (ONNX Range). All three are scalars.
public struct RangeOf: Operator {
    /// The number of elements, as follows from the operands where they are known when the node is made; nil where only data says it.
    public var count: Dim?

    public init(count: Dim? = nil) { self.count = count }

    public var definition: OperatorDefinition { Self.definition }

    public static let definition = OperatorDefinition(
        RangeOf(), name: "range", operands: ["start", "limit", "delta"],
        onnx: [
            ONNXMapping(
                "Range",
                read: { reader in
                    try reader.allowAttributes([])
                    // How many whole numbers there are is read before they are made; of floats the run counts.
                    let operands = try (0..<3).map { index in
                        let value = try reader.number(index)
                        return try reader.builder.fact(value).element.isFloat ? value : reader.builder.numbers(of: value, isSigned: true)
                    }
                    return try reader.add(RangeOf(count: count(operands.map { reader.builder.fact($0) })), operands)
                },
                write: { writer in
                    try writer.require(11, "Range")
                    writer.node("Range")
                })
        ],
        examples: {
            func scalars(_ values: [Double], _ type: ElementType) throws -> [Tensor?] {
                try values.map { try Tensor(doubles: [$0], type: type, shape: []) }
            }
            return [
                Example("i64", RangeOf(), try scalars([1, 10, 3], .int64), isDifferentiable: false),
                Example("f32", RangeOf(), try scalars([0.5, 3, 0.75], .float32), isDifferentiable: false),
                Example("downwards", RangeOf(), try scalars([7, -2, -4], .int32), isDifferentiable: false),
                Example("none", RangeOf(), try scalars([3, 3, 1], .float64), isDifferentiable: false),
            ]
        }
    ) {
        Attribute("count", \.count)
    }

    public func infer(_ context: inout InferContext) throws -> [Fact] {
        try context.expect(0, "start", ElementType.floats + [.int16, .int32, .int64])
        let facts = try (0..<3).map { try context.operand($0) }
        for (fact, what) in zip(facts, ["start", "limit", "delta"]) {
            let reason = "\(what) is \(fact.type); expected one \(facts[0].element)"
            guard fact.element == facts[0].element else { throw DLCError(reason) }
            try context.require(.equal, fact.shape.product(), 1, reason)
        }
        let known = try count ?? Self.count(facts)
        return [Fact(facts[0].element, [known ?? context.unknown("range")])]
    }

    /// The number of elements where the operands' are known; nil where they are data.
    private static func count(_ facts: [Fact]) throws -> Dim? {
        let constants = facts.compactMap(\.constant)
        if constants.count == 3, constants.allSatisfy({ $0.count == 1 }) { return Dim(try Tensor.rangeCount(constants)) }
        guard facts.allSatisfy({ $0.elements?.count == 1 }) else { return nil }
        let wholes = facts.compactMap { $0.content?.first }
        if wholes.count == 3 {
            guard wholes[2].constant != 0 else { throw DLCError("the range from \(wholes[0]) to \(wholes[1]) by 0 has no end") }
            // Rounded up, whatever the sign of the step.
            return try Dim.max(0, wholes[0].minus(wholes[1]).quotient(wholes[2]).times(-1))
        }
        let type = facts[0].element
        let reals = facts.compactMap { $0.knownReals?.first }
        guard reals.count == 3 else { return nil }
        let length = try Real.apply(.sub, type, [reals[1], reals[0]])
        let steps = try Real.apply(.ceil, .float64, [Real.apply(.div, .float64, [widened(length, type), widened(reals[2], type)])])
        return try Dim.max(0, steps.truncated())
    }

    private static func widened(_ real: Real, _ type: ElementType) throws -> Real {
        type == .float64 ? real : try Real.apply(.convert, .float64, [real])
    }

    public func evaluate(_ operands: [Tensor?]) throws -> [Tensor] {
        [try Tensor.range((0..<3).map { try Oracle.operand(operands, $0) })]
    }
}

extension RangeOf: ScheduledOperator {
    package func isScheduled(_ node: Node, _ graph: Graph) -> Bool {
        graph.shape(node.results[0])[0].symbol.map(graph.isFromData) ?? false
    }

    package func item(_ node: Node, _ graph: Graph) throws -> ScheduledItem { ScheduledItem(.range) }
}

extension RangeOf: FollowsElements {
    public func follow(_ operands: [Fact?], _ result: Fact) throws -> Elements? {
        guard let count = result.shape[0].constant, result.element.isFollowed, let start = operands[0]?.content?.first,
            let delta = operands[2]?.content?.first
        else { return nil }
        return .whole(try (0..<count).map { try start.plus(delta.times(Dim($0))) })
    }
}
