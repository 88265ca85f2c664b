/// Computes a graph node by node with the operators' own `evaluate`: slow, simple, and what everything else is
/// compared with.
public struct Interpreter: Sendable {
    /// Runs a graph whose states are as before the first run; what they become is forgotten.
    public static func run(_ graph: Graph, _ inputs: [String: Tensor]) throws -> [String: Tensor] {
        var states = try graph.initialStates()
        return try run(graph, inputs, states: &states)
    }

    /// Runs a graph once more.
    /// - Parameter states: every state by name; the run, where it succeeds, leaves their next values.
    public static func run(
        _ graph: Graph, _ inputs: [String: Tensor], states: inout [String: Tensor]
    ) throws -> [String: Tensor] {
        try run(graph, values: inputs.mapValues { .tensor($0) }, states: &states).mapValues { try $0.tensor }
    }

    /// Runs a graph whose inputs or outputs may hold tensors; an optional input may be left out.
    public static func run(_ graph: Graph, values: [String: Datum]) throws -> [String: Datum] {
        var states = try graph.initialStates()
        return try run(graph, values: values, states: &states)
    }

    private static func run(
        _ graph: Graph, values inputs: [String: Datum], states: inout [String: Tensor]
    ) throws -> [String: Datum] {
        var values = [Datum?](repeating: nil, count: graph.valueCount)
        for port in graph.inputs {
            let type = graph.type(port.value)
            guard let value = inputs[port.name] ?? (type.container?.kind.isOptional == true ? .absent : nil) else {
                throw DLCError("input \(port.name) is missing")
            }
            try located("input \(port.name)") { try check(type, value) }
            values[port.value.index] = value
        }
        let shapes = try graph.inputs.map { graph.type($0.value).container == nil ? try values[$0.value.index]?.tensor.shape ?? [] : [] }
        var symbols = try graph.binding.values(shapes).mapValues { Dim($0) }
        for state in graph.states {
            guard let tensor = states[state.name] else { throw DLCError("state \(state.name) is missing") }
            try located("state \(state.name)") { try bind(graph.type(state.value), to: tensor, &symbols) }
            values[state.value.index] = .tensor(tensor)
        }
        var remaining = graph.useCounts()
        for node in graph.nodes {
            try located("\(node.op.name) \(node.name)") {
                let op = try node.op.substituting(symbols)
                let operands = node.operands.map { $0.flatMap { values[$0.index] } }
                let results =
                    if let op = op as? any ReadsContainers {
                        try op.evaluate(values: operands)
                    } else {
                        try op.evaluate(operands.map { try $0?.tensor }).map { Datum.tensor($0) }
                    }
                guard results.count == node.results.count else {
                    throw DLCError("computed \(results.count) results, declared \(node.results.count)")
                }
                for (value, result) in zip(node.results, results) {
                    let type = graph.type(value)
                    if type.container == nil { try bind(type, to: result.tensor, &symbols) } else { try check(type, result) }
                    values[value.index] = result
                }
            }
            for case let operand? in node.operands {
                remaining[operand.index] -= 1
                if remaining[operand.index] == 0 { values[operand.index] = nil }
            }
        }
        var outputs: [String: Datum] = [:]
        for port in graph.outputs { outputs[port.name] = values[port.value.index] }
        for state in graph.states { states[state.name] = try values[state.next.index]?.tensor }
        return outputs
    }

    /// Throws where a value is none of a type, extents that are symbols aside.
    private static func check(_ type: TensorType, _ value: Datum) throws {
        if let container = type.container { return try container.check(value, type.element) }
        guard case .tensor(let tensor) = value, tensor.type == type.element, tensor.rank == type.rank else {
            throw DLCError("expected \(type), found \(value.summary)")
        }
    }

    /// Checks a result against its type and binds symbols that the data defines.
    package static func bind(_ type: TensorType, to tensor: Tensor, _ symbols: inout [String: Dim]) throws {
        guard tensor.type == type.element, tensor.rank == type.rank else {
            throw DLCError("expected \(type), found \(tensor.type)\(tensor.shape)")
        }
        for (dim, extent) in zip(type.shape, tensor.shape) {
            let known = try dim.substituting(symbols)
            if let constant = known.constant {
                guard constant == extent else { throw DLCError("expected \(type), found \(tensor.type)\(tensor.shape)") }
            } else if known.symbols.count == 1, let name = known.symbols.first, known == Dim(symbol: name) {
                symbols[name] = Dim(extent)
            }
        }
    }
}
