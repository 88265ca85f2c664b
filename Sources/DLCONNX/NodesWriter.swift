#if ONNX
internal import CONNX
internal import DLCGraph
internal import DLCOps

/// Writes the nodes of a graph, and the constants that they read, without those that no output needs in what ONNX says.
struct NodesWriter {
    private enum Step {
        case node(ONNXWriter.WrittenNode)
        /// Control flow, whose graphs read values around them by name.
        case bodies(any HasBodies, Node, BodyWriter)
    }

    private let graph: Graph
    private let opset: Int
    private let names: ValueNames
    private let tensors: TensorWriter
    private let uses: [Int]
    /// For each symbol a value and the axis whose extent it is.
    private var symbols: [String: (input: String, axis: Int)]
    private var contents = WrittenContents()
    private var types = TypeVersions()
    private var steps: [Step] = []
    private var initializers: [(name: String, tensor: Tensor)] = []
    /// Small constants of the graph by name: those that writers need again are not written again.
    private var known: [String: Tensor] = [:]
    /// Suppressions of boxes that ONNX's operator says in one, and their rows.
    private let rows: [Value: Value]

    /// - Parameter symbols: those of the graphs around this one.
    init(
        _ graph: Graph, _ opset: Int, _ names: ValueNames, _ tensors: TensorWriter,
        symbols: [String: (input: String, axis: Int)] = [:]
    ) throws {
        (self.graph, self.opset, self.names, self.tensors, self.symbols) = (graph, opset, names, tensors, symbols)
        uses = graph.useCounts()
        rows = try NonMaxSuppression.rows(in: graph)
        for port in graph.inputs { note(port.value) }
        for case let (node, constant as Constant) in graph.nodes.map({ ($0, $0.op) }) where constant.value.count <= 64 {
            known[names.name(of: node.results[0])] = constant.value
        }
    }

    /// - Returns: the domains of the operators that occur.
    mutating func write(to message: connx_graph) throws -> Set<String> {
        for node in graph.nodes {
            try located(node.name.isEmpty ? node.op.name : "\(node.op.name) '\(node.name)'") { try add(node) }
            for value in node.results { note(value) }
        }
        let (kept, order) = needed()
        var domains: Set<String> = []
        for step in kept {
            switch step {
            case .node(var node):
                node.name = names.uniqueNode(node.name)
                try NodeWriter.write(node, to: message)
                domains.insert(node.domain)
            case .bodies(let op, let node, let writer):
                try located(node.name.isEmpty ? node.op.name : "\(node.op.name) '\(node.name)'") {
                    domains.formUnion(try writer.write(op, node, to: message))
                }
            }
        }
        let read = initializers.filter { order[$0.name] != nil }.sorted { order[$0.name, default: 0] < order[$1.name, default: 0] }
        for (name, tensor) in read { try tensors.write(tensor, name: name, to: connx_graph_add_initializer(message)) }
        return domains
    }

    private mutating func note(_ value: Value) {
        contents.note(names.name(of: value), graph.fact(value))
        for (axis, dim) in graph.shape(value).enumerated() {
            if let name = dim.symbolName, symbols[name] == nil { symbols[name] = (names.name(of: value), axis) }
        }
    }

    private mutating func add(_ node: Node) throws {
        if let constant = node.op as? Constant { return initializers.append((names.name(of: node.results[0]), constant.value)) }
        if let op = node.op as? any HasBodies {
            return steps.append(.bodies(op, node, BodyWriter(opset, names, tensors, symbols)))
        }
        if rows.values.contains(node.results[0]) { return }
        let definition = node.op.definition
        guard let mapping = definition.onnx.first else { throw DLCError("has no form in ONNX") }
        // The numbers of a vector are its elements, under its own name.
        if node.op is Numbers, let operand = node.operands.first ?? nil, graph.type(operand).element == .int64 {
            contents.note(names.name(of: operand), graph.fact(node.results[0]))
        }
        let outputs = node.results.enumerated().map { index, value in
            let isOptional = index < definition.results.count && definition.results[index].hasSuffix("?")
            return isOptional && uses[value.index] == 0 ? "" : names.name(of: value)
        }
        var writer = ONNXWriter(
            opset: opset, node: node, inputs: node.operands.map { $0.map(names.name(of:)) ?? "" }, outputs: outputs,
            operandFacts: node.operands.map { $0.map(graph.fact) }, resultFacts: node.results.map(graph.fact),
            uniqueName: names.unique, symbolValue: { [symbols] in symbols[$0] }, contents: contents)
        if let rows = rows[node.results[0]], let op = node.op as? NonMaxSuppression {
            try NonMaxSuppression.writeRows(op, &writer, as: names.name(of: rows))
        } else {
            try mapping.write(&writer)
        }
        writer.nameConstants(known: known)
        guard !writer.nodes.isEmpty else { throw DLCError("has no form in opset \(opset)") }
        for value in node.operands.compactMap({ $0 }) + node.results { types.note(names.name(of: value), graph.type(value).element) }
        for (name, tensor) in writer.initializers { types.note(name, tensor.type) }
        initializers += writer.initializers
        for (index, written) in writer.nodes.enumerated() {
            var written = written
            // Helpers come before the node that computes the result; it alone keeps the name.
            written.name = index == writer.nodes.count - 1 ? node.name : ""
            try types.check(written, opset: opset)
            steps.append(.node(written))
        }
    }

    /// The steps that outputs need, and the place of each name in the order in which they read it.
    private func needed() -> (steps: [Step], order: [String: Int]) {
        let outputs = graph.outputs.map { names.name(of: $0.value) } + graph.states.map { names.name(of: $0.next) }
            + names.copies.map { names.name(of: $0.value) }
        var needed = Set(outputs)
        var kept: [Step] = []
        for step in steps.reversed() {
            if case .node(let node) = step, needed.isDisjoint(with: node.outputs) { continue }
            needed.formUnion(reads(step))
            kept.append(step)
        }
        kept.reverse()
        var order: [String: Int] = [:]
        for name in kept.flatMap(reads) + outputs where order[name] == nil { order[name] = order.count }
        return (kept, order)
    }

    /// The names that a step reads; graphs inside may ask for any extent outside.
    private func reads(_ step: Step) -> [String] {
        switch step {
        case .node(let node): return node.inputs.filter { !$0.isEmpty }
        case .bodies(_, let node, _):
            return node.operands.compactMap { $0.map(names.name(of:)) } + symbols.values.map(\.input).sorted()
        }
    }
}
#endif
