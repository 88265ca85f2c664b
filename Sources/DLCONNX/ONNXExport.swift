#if ONNX
internal import CONNX
public import DLCGraph
internal import DLCOps

/// Writes a graph as an ONNX file.
///
/// Names of inputs, outputs and nodes are kept, and those of values where they are distinct. Constants become
/// initializers; beyond 1.9 GB they go to `PATH.data`. A state becomes an input and an output (`StateNotes`). Up to opset
/// 17, libonnx checks what is written.
/// - Parameter opset: the version of the standard operators; nil for the least from 17 on that can say the graph. Older ones are
///   written where they are asked for only, since they spell layers in many operators.
/// - Throws: where an operator has no form in the opset, naming the operator, the node, and the opset that would do; where the file
///   cannot be written.
public func exportONNX(_ graph: Graph, opset asked: Int? = nil, to path: String) throws {
    try located(path) {
        let opset = try asked ?? leastOpset(graph)
        let tensors = try TensorWriter(for: graph, path: path)
        let document: ONNXDocument
        do { document = try makeModel(graph, opset: opset, tensors) } catch var error as DLCError {
            if asked != nil, opset < ImportContext.newestOpset, let other = try? leastOpset(graph, from: opset + 1) {
                error.message += "; opset \(other) can say all of the model"
            }
            throw error
        }
        if opset <= checkedOpset, !tensors.isExternal, !isClassic(graph) { try document.check() }
        try tensors.finish()
        try document.save(to: path)
    }
}

/// The least opset from `first` on in which every operator has a form.
/// - Throws: where there is none, what the newest cannot say.
private func leastOpset(_ graph: Graph, from first: Int = checkedOpset) throws -> Int {
    for opset in first...ImportContext.newestOpset {
        do {
            _ = try makeModel(graph, opset: opset, TensorWriter(discarding: ()))
            return opset
        } catch where opset < ImportContext.newestOpset {}
    }
    return ImportContext.newestOpset
}

/// The newest opset that libonnx's checker knows.
private let checkedOpset = 17

/// The version of each domain beside ONNX's own that is written.
private let domainVersions = ["ai.onnx.ml": 5]

/// Whether operators of ai.onnx.ml occur, whose newest version libonnx's checker does not know.
private func isClassic(_ graph: Graph) -> Bool { graph.nodes.contains { $0.op.definition.onnx.first?.domain == "ai.onnx.ml" } }

private func makeModel(_ graph: Graph, opset: Int, _ tensors: TensorWriter) throws -> ONNXDocument {
    guard (7...ImportContext.newestOpset).contains(opset) else {
        throw DLCError("opset \(opset) is outside 7 ... \(ImportContext.newestOpset)")
    }
    let document = try ONNXDocument(building: CONNX_MODEL)
    let model = connx_document_model(document.raw)
    connx_model_set_ir_version(model, irVersion(opset))
    "dlc".withView { name in "".withView { connx_model_set_producer(model, name, $0) } }
    let names = ValueNames(graph)
    let notes = graph.metadata.merging(StateNotes.writing(graph.states, outputs: names.nextNames)) { $1 }
    for (key, value) in notes.sorted(by: { $0.key < $1.key }) {
        key.withView { key in value.withView { connx_model_add_metadata(model, key, $0) } }
    }
    let message = connx_model_make_graph(model)
    (graph.name.isEmpty ? "main" : graph.name).withView { connx_graph_set_name(message, $0) }
    for port in graph.inputs {
        NodeWriter.write(graph.type(port.value), to: port.name.withView { connx_graph_add_input(message, $0) })
    }
    for state in graph.states {
        NodeWriter.write(graph.type(state.value), to: state.name.withView { connx_graph_add_input(message, $0) })
        if StateNotes.isDefault(state, graph.shape(state.value)) {
            try tensors.write(state.initial, name: state.name, to: connx_graph_add_initializer(message))
        }
    }
    var domains = try writeNodes(graph, opset, names, tensors, message)
    for (name, value) in names.copies { NodeWriter.writeCopy(of: names.name(of: value), as: name, to: message) }
    for port in graph.outputs {
        NodeWriter.write(graph.type(port.value), to: port.name.withView { connx_graph_add_output(message, $0) })
    }
    for (state, name) in zip(graph.states, names.nextNames) {
        NodeWriter.write(graph.type(state.next), to: name.withView { connx_graph_add_output(message, $0) })
    }
    domains.remove("")
    "".withView { connx_model_add_opset(model, $0, Int64(opset)) }
    for domain in domains.sorted() { domain.withView { connx_model_add_opset(model, $0, Int64(domainVersions[domain] ?? 1)) } }
    return document
}

/// Writes constants and nodes; returns the domains of the operators that occur.
private func writeNodes(
    _ graph: Graph, _ opset: Int, _ names: ValueNames, _ tensors: TensorWriter, _ message: connx_graph
) throws -> Set<String> {
    try writeNodes(graph, opset, names, tensors, message, symbols: [:])
}

/// - Parameter symbols: for each symbol of a graph around this one a value and the axis whose extent it is.
func writeNodes(
    _ graph: Graph, _ opset: Int, _ names: ValueNames, _ tensors: TensorWriter, _ message: connx_graph,
    symbols outer: [String: (input: String, axis: Int)]
) throws -> Set<String> {
    let uses = graph.useCounts()
    var symbols = outer
    func note(_ value: Value) {
        for (axis, dim) in graph.shape(value).enumerated() {
            if let name = dim.symbolName, symbols[name] == nil { symbols[name] = (names.name(of: value), axis) }
        }
    }
    for port in graph.inputs { note(port.value) }
    var domains = Set<String>()
    var initializers: [(name: String, tensor: Tensor, isConstant: Bool)] = []
    // Constants that became attributes are nobody's operands.
    var used = Set(
        graph.outputs.map { names.name(of: $0.value) } + graph.states.map { names.name(of: $0.next) }
            + names.copies.map { names.name(of: $0.value) })
    // Initializers stand in the order in which nodes read them.
    var order: [String: Int] = [:]
    func read(_ inputs: [String]) {
        used.formUnion(inputs)
        for name in inputs where order[name] == nil { order[name] = order.count }
    }
    for node in graph.nodes {
        if let constant = node.op as? Constant {
            initializers.append((names.name(of: node.results[0]), constant.value, true))
            continue
        }
        defer { for value in node.results { note(value) } }
        try located(node.name.isEmpty ? node.op.name : "\(node.op.name) '\(node.name)'") {
            if let op = node.op as? any HasBodies {
                read(node.operands.compactMap { $0.map(names.name(of:)) })
                return domains.formUnion(try BodyWriter(opset, names, tensors, symbols).write(op, node, to: message))
            }
            let definition = node.op.definition
            guard let mapping = definition.onnx.first else { throw DLCError("has no form in ONNX") }
            let outputs = node.results.enumerated().map { index, value in
                let isOptional = index < definition.results.count && definition.results[index].hasSuffix("?")
                return isOptional && uses[value.index] == 0 ? "" : names.name(of: value)
            }
            var writer = ONNXWriter(
                opset: opset, node: node, inputs: node.operands.map { $0.map(names.name(of:)) ?? "" }, outputs: outputs,
                operandFacts: node.operands.map { $0.map(graph.fact) }, resultFacts: node.results.map(graph.fact),
                uniqueName: names.unique, symbolValue: { symbols[$0] })
            try mapping.write(&writer)
            writer.nameConstants()
            guard !writer.nodes.isEmpty else { throw DLCError("has no form in opset \(opset)") }
            initializers += writer.initializers.map { ($0.name, $0.tensor, false) }
            for (index, written) in writer.nodes.enumerated() {
                var written = written
                // Helpers come before the node that computes the result; it alone keeps the name.
                written.name = index == writer.nodes.count - 1 ? names.uniqueNode(node.name) : ""
                try NodeWriter.write(written, to: message)
                read(written.inputs)
                domains.insert(written.domain)
            }
        }
    }
    let ordered = initializers.enumerated().sorted { a, b in
        (order[a.element.name] ?? .max, a.offset) < (order[b.element.name] ?? .max, b.offset)
    }
    for case let (_, (name, tensor, isConstant)) in ordered where !isConstant || used.contains(name) {
        try tensors.write(tensor, name: name, to: connx_graph_add_initializer(message))
    }
    return domains
}

/// The IR version that was current with an opset; not below 4, before which initializers had to be inputs.
private func irVersion(_ opset: Int) -> Int64 {
    switch opset {
    case ...9: 4
    case 10: 5
    case 11: 6
    case 12...14: 7
    case 15...18: 8
    case 19...20: 9
    case 21...22: 10
    case 23: 11
    case 24: 12
    case 25...27: 13
    default: 14
    }
}
#endif
