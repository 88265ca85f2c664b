#if ONNX
internal import DLCGraph

/// Distinct ONNX names for the values of a graph. A class, because writers of operators ask for names as they go.
final class ValueNames {
    private var taken: Set<String>
    private var names: [Value: String] = [:]
    private var counters: [String: Int] = [:]
    /// Outputs whose value has another name already; they are written as copies of it.
    private(set) var copies: [(name: String, value: Value)] = []

    /// Names of inputs and outputs are kept; other values keep theirs where it is free.
    init(_ graph: Graph) {
        taken = Set(graph.inputs.map(\.name) + graph.outputs.map(\.name))
        for port in graph.inputs { names[port.value] = port.name }
        for port in graph.outputs {
            if names[port.value] == nil {
                names[port.value] = port.name
            } else if names[port.value] != port.name {
                copies.append((port.name, port.value))
            }
        }
        for node in graph.nodes {
            for (index, value) in node.results.enumerated() where names[value] == nil {
                let hint = graph.name(of: value) ?? "\(node.name.isEmpty ? node.op.name : node.name)_\(index)"
                names[value] = unique(hint)
            }
        }
    }

    func name(of value: Value) -> String { names[value] ?? "" }

    /// An unused name that begins with `hint`.
    func unique(_ hint: String) -> String {
        let hint = hint.isEmpty ? "value" : hint
        var name = hint
        while !taken.insert(name).inserted {
            counters[hint, default: 0] += 1
            name = "\(hint)_\(counters[hint, default: 0])"
        }
        return name
    }
}
#endif
