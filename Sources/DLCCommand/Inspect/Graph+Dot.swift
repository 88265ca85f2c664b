import DLC

extension Graph {
    /// The graph in Graphviz's language: boxes for nodes, edges with types; constants are left out.
    var dot: String {
        var lines = ["digraph \(Self.quoted(name.isEmpty ? "main" : name)) {", "    node [shape=box, fontname=\"sans-serif\"];"]
        func source(_ value: Value) -> String? {
            guard let index = producerIndex(of: value) else { return inputs.firstIndex { $0.value == value }.map { "input\($0)" } }
            return nodes[index].op is Constant ? nil : "node\(index)"
        }
        func edge(_ value: Value, _ target: String) {
            guard let source = source(value) else { return }
            lines.append("    \(source) -> \(target) [label=\(Self.quoted(type(value).description))];")
        }
        for (index, port) in inputs.enumerated() { lines.append("    input\(index) [shape=ellipse, label=\(Self.quoted(port.name))];") }
        for (index, node) in nodes.enumerated() where !(node.op is Constant) {
            let label = node.name.isEmpty ? node.op.name : "\(node.op.name)\n\(node.name)"
            lines.append("    node\(index) [label=\(Self.quoted(label))];")
            for case let operand? in node.operands { edge(operand, "node\(index)") }
        }
        for (index, port) in outputs.enumerated() {
            lines.append("    output\(index) [shape=ellipse, label=\(Self.quoted(port.name))];")
            edge(port.value, "output\(index)")
        }
        lines.append("}")
        return lines.joined(separator: "\n")
    }

    private static func quoted(_ text: String) -> String {
        var result = "\""
        for character in text {
            switch character {
            case "\"", "\\": result += "\\" + String(character)
            case "\n": result += "\\n"
            default: result.append(character)
            }
        }
        return result + "\""
    }
}
