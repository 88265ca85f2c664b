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
        var tensors = [Tensor?](repeating: nil, count: graph.valueCount)
        for port in graph.inputs {
            guard let tensor = inputs[port.name] else { throw DLCError("input \(port.name) is missing") }
            let type = graph.type(port.value)
            guard tensor.type == type.element, tensor.rank == type.rank else {
                throw DLCError("expected \(type), found \(tensor.type)\(tensor.shape)", at: ["input \(port.name)"])
            }
            tensors[port.value.index] = tensor
        }
        let shapes = graph.inputs.map { tensors[$0.value.index]?.shape ?? [] }
        var symbols = try graph.binding.values(shapes).mapValues { Dim($0) }
        for state in graph.states {
            guard let tensor = states[state.name] else { throw DLCError("state \(state.name) is missing") }
            try located("state \(state.name)") { try bind(graph.type(state.value), to: tensor, &symbols) }
            tensors[state.value.index] = tensor
        }
        var remaining = graph.useCounts()
        for node in graph.nodes {
            try located("\(node.op.name) \(node.name)") {
                let op = try node.op.substituting(symbols)
                let results = try op.evaluate(node.operands.map { $0.flatMap { tensors[$0.index] } })
                guard results.count == node.results.count else {
                    throw DLCError("computed \(results.count) results, declared \(node.results.count)")
                }
                for (value, tensor) in zip(node.results, results) {
                    try bind(graph.type(value), to: tensor, &symbols)
                    tensors[value.index] = tensor
                }
            }
            for case let operand? in node.operands {
                remaining[operand.index] -= 1
                if remaining[operand.index] == 0 { tensors[operand.index] = nil }
            }
        }
        var outputs: [String: Tensor] = [:]
        for port in graph.outputs { outputs[port.name] = tensors[port.value.index] }
        for state in graph.states { states[state.name] = tensors[state.next.index] }
        return outputs
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
