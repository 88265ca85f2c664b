#if ONNX
internal import CONNX
internal import DLCGraph
internal import DLCOps

/// Writes control flow with its graphs, which read the values of graphs around them by name.
struct BodyWriter {
    private let opset: Int
    private let names: ValueNames
    private let tensors: TensorWriter
    private let symbols: [String: (input: String, axis: Int)]

    init(_ opset: Int, _ names: ValueNames, _ tensors: TensorWriter, _ symbols: [String: (input: String, axis: Int)]) {
        (self.opset, self.names, self.tensors, self.symbols) = (opset, names, tensors, symbols)
    }

    /// Writes the node and returns the domains of the operators in its graphs.
    func write(_ op: any HasBodies, _ node: Node, to message: connx_graph) throws -> Set<String> {
        let operands = node.operands.map { $0.map(names.name(of:)) ?? "" }
        let results = node.results.map(names.name(of:))
        var domains: Set<String> = []
        func add(_ opType: String, _ inputs: [String]) -> connx_node {
            NodeWriter.add(opType, "", names.uniqueNode(node.name), inputs, results, to: message)
        }
        func body(_ name: String, _ graph: Graph, entries: Int, captured: [String], of written: connx_node) throws {
            let attribute = name.withView { connx_node_add_attribute(written, $0, CONNX_ATTRIBUTE_GRAPH) }
            domains.formUnion(
                try write(graph, entries: entries, captured: captured, named: name, to: connx_attribute_make_graph(attribute)))
        }
        switch op {
        case let op as If:
            let written = add("If", [operands[0]])
            let (then, otherwise) = (operands[1...].prefix(op.then.inputs.count), operands[1...].dropFirst(op.then.inputs.count))
            try body("then_branch", op.then, entries: 0, captured: Array(then), of: written)
            try body("else_branch", op.otherwise, entries: 0, captured: Array(otherwise), of: written)
        case let op as Loop:
            var inputs = Array(operands.prefix(2 + op.carried))
            while inputs.count < 2 { inputs.append("") }
            let written = add("Loop", inputs)
            try body("body", op.body, entries: 2 + op.carried, captured: Array(operands.dropFirst(2 + op.carried)), of: written)
        default: throw DLCError("has no form in ONNX")
        }
        return domains
    }

    private func write(_ graph: Graph, entries: Int, captured: [String], named name: String, to message: connx_graph) throws -> Set<String>
    {
        let inner = ValueNames(body: graph, entries: entries, captured: captured, inside: names)
        names.unique(graph.name.isEmpty ? name : graph.name).withView { connx_graph_set_name(message, $0) }
        for port in graph.inputs.prefix(entries) {
            NodeWriter.write(graph.type(port.value), to: inner.name(of: port.value).withView { connx_graph_add_input(message, $0) })
        }
        var nodes = try NodesWriter(graph, opset, inner, tensors, symbols: symbols)
        let domains = try nodes.write(to: message)
        var written: Set<String> = []
        for port in graph.outputs {
            var output = inner.name(of: port.value)
            // What the graph only passes on, and what it gives twice, gets a name of its own.
            if graph.producer(of: port.value) == nil || graph.constant(port.value) != nil || !written.insert(output).inserted {
                let copy = inner.unique("\(output)_out")
                NodeWriter.writeCopy(of: output, as: copy, to: message)
                output = copy
            }
            NodeWriter.write(graph.type(port.value), to: output.withView { connx_graph_add_output(message, $0) })
        }
        return domains
    }
}
#endif
