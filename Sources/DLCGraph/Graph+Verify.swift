extension Graph {
    /// Checks what every pass must keep: operands are computed before they are read, every type is what inference
    /// gives, expression for expression, what operators need of extents is proved or recorded, ports and states have distinct
    /// names, a state and its next value one type.
    /// - Throws: the first violation, naming the node.
    public func verify() throws {
        let claims = Set(constraints.map(\.claim))
        var isKnown = [Bool](repeating: false, count: values.count)
        for port in inputs {
            guard values.indices.contains(port.value.index) else { throw DLCError("input \(port.name) is no value of the graph") }
            isKnown[port.value.index] = true
        }
        for state in states {
            guard values.indices.contains(state.value.index), !isKnown[state.value.index], values[state.value.index].producer == nil else {
                throw DLCError("state \(state.name) is no value of its own")
            }
            try Self.check(state: state.name, type(state.value), initial: state.initial)
            isKnown[state.value.index] = true
        }
        for (index, node) in nodes.enumerated() {
            try located("node \(index), \(node.op.name) \(node.name)") {
                for case let operand? in node.operands {
                    guard values.indices.contains(operand.index), isKnown[operand.index] else {
                        throw DLCError("reads value \(operand.index) before it is computed")
                    }
                }
                var inferred = try InferredTypes(node.op, node.operands.map { $0.map { fact($0) } }, recorded: claims)
                if let open = inferred.constraints.first { throw open.violation { "\($0)" } }
                guard inferred.types.count == node.results.count else {
                    throw DLCError("has \(node.results.count) results, inference gives \(inferred.types.count)")
                }
                for (position, result) in node.results.enumerated() {
                    guard values.indices.contains(result.index), !isKnown[result.index], values[result.index].producer == index else {
                        throw DLCError("result \(result.index) is computed elsewhere too")
                    }
                    guard inferred.matches(type(result), at: position) else {
                        throw DLCError("is recorded as \(type(result)), inference gives \(inferred.types[position])")
                    }
                    isKnown[result.index] = true
                }
            }
        }
        for port in outputs where !values.indices.contains(port.value.index) || !isKnown[port.value.index] {
            throw DLCError("output \(port.name) is never computed")
        }
        guard Set(outputs.map(\.name)).count == outputs.count else { throw DLCError("two outputs have one name") }
        for state in states {
            guard values.indices.contains(state.next.index), isKnown[state.next.index] else {
                throw DLCError("the next value of state \(state.name) is never computed")
            }
            try Self.check(state: state.name, type(state.value), next: type(state.next))
        }
        let names = inputs.map(\.name) + states.map(\.name)
        guard Set(names).count == names.count else { throw DLCError("two inputs or states have one name") }
    }
}
