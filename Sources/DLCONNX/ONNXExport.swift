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
        let document = try makeModel(graph, opset: opset, isAsked: asked != nil, tensors)
        if opset <= checkedOpset, !tensors.isExternal, !isClassic(graph) { try document.check() }
        try tensors.finish()
        try document.save(to: path)
    }
}

/// What `exportONNX` writes of a graph, read again: layers that ONNX spells in several operators are these operators, so that passes
/// can simplify what is written. Tensors are not copied.
/// - Throws: what `exportONNX` throws; where what would be written cannot be read.
public func respelledInONNX(_ graph: Graph, opset asked: Int? = nil) throws -> Graph {
    let table = TensorTable()
    let document = try makeModel(graph, opset: asked ?? leastOpset(graph), isAsked: asked != nil, TensorWriter(keeping: table))
    return try importModel(document, path: nil, InputSettings(), given: table.tensors)
}

/// - Parameter isAsked: whether the opset is one that a user wants, who hears where another would do.
private func makeModel(_ graph: Graph, opset: Int, isAsked: Bool, _ tensors: TensorWriter) throws -> ONNXDocument {
    do { return try makeModel(graph, opset: opset, tensors) } catch var error as DLCError {
        if isAsked, opset < ImportContext.newestOpset, let other = try? leastOpset(graph, from: opset + 1) {
            error.message += "; opset \(other) can say all of the model"
        }
        throw error
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
    var nodes = try NodesWriter(graph, opset, names, tensors)
    var domains = try nodes.write(to: message)
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
