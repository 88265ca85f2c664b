#if ONNX
internal import DLCGraph

/// Distinct ONNX names for the values and nodes of a graph. A class, because writers of operators ask for names as they go.
final class ValueNames {
    private var taken: Set<String>
    private var names: [Value: String] = [:]
    private var counters: [String: Int] = [:]
    private var takenByNodes = Set<String>()
    /// Those of the graph around this one, which share what is taken.
    private let outer: ValueNames?
    /// Outputs whose value has another name already; they are written as copies of it.
    private(set) var copies: [(name: String, value: Value)] = []

    /// The outputs that the next values of the states are.
    private(set) var nextNames: [String] = []

    /// Names of inputs, states and outputs are kept; other values keep theirs where it is free.
    init(_ graph: Graph) {
        outer = nil
        taken = Set(graph.inputs.map(\.name) + graph.outputs.map(\.name) + graph.states.map(\.name))
        for port in graph.inputs { names[port.value] = port.name }
        for state in graph.states { names[state.value] = state.name }
        nextNames = graph.states.map { unique("next_\($0.name)") }
        let nextPorts = zip(nextNames, graph.states).map { (name: $0, value: $1.next) }
        for port in graph.outputs.map({ (name: $0.name, value: $0.value) }) + nextPorts {
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

    /// Names of a body: none of the graphs around it has them.
    /// - Parameters:
    ///   - entries: how many inputs are its own.
    ///   - captured: what its other inputs are called outside.
    init(body graph: Graph, entries: Int, captured: [String], inside outer: ValueNames) {
        self.outer = outer
        taken = []
        for (index, port) in graph.inputs.enumerated() {
            names[port.value] = index < entries ? unique(port.name) : captured[index - entries]
        }
        for node in graph.nodes {
            for (index, value) in node.results.enumerated() where names[value] == nil {
                names[value] = unique(graph.name(of: value) ?? "\(node.name.isEmpty ? node.op.name : node.name)_\(index)")
            }
        }
    }

    func name(of value: Value) -> String { names[value] ?? "" }

    /// An unused value name that begins with `hint`.
    func unique(_ hint: String) -> String { outer?.unique(hint) ?? unique(hint.isEmpty ? "value" : hint, &taken) }

    /// An unused node name that begins with `hint`; empty where the hint is, which ONNX allows for any node.
    func uniqueNode(_ hint: String) -> String { outer?.uniqueNode(hint) ?? (hint.isEmpty ? "" : unique(hint, &takenByNodes)) }

    private func unique(_ hint: String, _ taken: inout Set<String>) -> String {
        var name = hint
        while !taken.insert(name).inserted {
            counters[hint, default: 0] += 1
            name = "\(hint)_\(counters[hint, default: 0])"
        }
        return name
    }
}
#endif
