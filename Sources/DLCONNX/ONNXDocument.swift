#if ONNX
internal import CONNX
internal import DLCGraph

/// A parsed ONNX message. Its handles, and tensors over its bytes, are valid while it lives.
///
/// Sendable because nothing changes it after import; the exporter's is local to one call.
final class ONNXDocument: @unchecked Sendable {
    let raw: OpaquePointer
    /// Other documents that tensors lie in: they live as long as this one.
    private var attached: [ONNXDocument] = []

    /// Opens a file of the given kind.
    /// - Throws: where it cannot be read or parsed.
    init(path: String, kind: connx_kind) throws {
        var error = connx_error()
        guard let raw = connx_open(path, kind, &error) else { throw DLCError(error.text) }
        self.raw = raw
    }

    /// Parses a model in ONNX's text syntax.
    init(text: String) throws {
        var error = connx_error()
        guard let raw = text.withView({ connx_parse_text($0, &error) }) else { throw DLCError(error.text) }
        self.raw = raw
    }

    /// An empty message to build.
    init(building kind: connx_kind) throws {
        guard let raw = connx_new(kind) else { throw DLCError("out of memory") }
        self.raw = raw
    }

    private init(owning raw: OpaquePointer) { self.raw = raw }

    /// The function by which ONNX defines the node's operator, kept alive by this document.
    /// - Parameters:
    ///   - attributes: the node's, without references to a function's attributes, on which the definition may depend.
    ///   - types: those of the node's inputs, nil where one is left out.
    func operatorBody(
        _ node: SourceNode, _ attributes: [String: AttributeValue], opset: Int, types: [TensorType?]
    ) throws -> connx_function {
        let signature = try ONNXDocument(building: CONNX_MODEL)
        let graph = connx_model_make_graph(connx_document_model(signature.raw))
        for type in types {
            let info = "".withView { connx_graph_add_input(graph, $0) }
            if let type { NodeWriter.write(type, to: info) }
        }
        let resolved = NodeWriter.add(node.key.opType, node.key.domain, "", node.inputs, node.outputs, to: graph)
        for (name, value) in attributes { try NodeWriter.write(name, value, to: resolved) }
        var error = connx_error()
        guard let raw = connx_operator_body(resolved, graph, Int64(opset), &error) else { throw DLCError(error.text) }
        attached.append(ONNXDocument(owning: raw))
        return connx_document_function(raw, 0)
    }

    deinit { connx_free(raw) }

    func save(to path: String) throws {
        var error = connx_error()
        guard connx_save(raw, path, &error) else { throw DLCError(error.text) }
    }

    /// Asks libonnx's checker, with its own inference of types and shapes. It knows opset 17 and below.
    func check() throws {
        var error = connx_error()
        guard connx_check(raw, true, &error) else { throw DLCError(error.text) }
    }
}

extension connx_error {
    fileprivate var text: String {
        withUnsafeBytes(of: message) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
    }
}

extension String {
    init(_ view: connx_string) {
        self.init(decoding: UnsafeRawBufferPointer(start: view.data, count: view.size), as: UTF8.self)
    }

    func withView<R>(_ body: (connx_string) throws -> R) rethrows -> R {
        var copy = self
        return try copy.withUTF8 { bytes in
            try bytes.withMemoryRebound(to: CChar.self) {
                try body(connx_string(data: $0.baseAddress, size: $0.count))
            }
        }
    }
}

/// All elements of a repeated field.
func list<Element>(_ count: Int, _ element: (Int) -> Element) -> [Element] { (0..<count).map(element) }

extension connx_graph {
    var name: String { String(connx_graph_name(self)) }
    var nodes: [connx_node] { list(connx_graph_node_count(self)) { connx_graph_node(self, $0) } }
    var inputs: [connx_value_info] { list(connx_graph_input_count(self)) { connx_graph_input(self, $0) } }
    var outputs: [connx_value_info] { list(connx_graph_output_count(self)) { connx_graph_output(self, $0) } }
    var initializers: [connx_tensor] {
        list(connx_graph_initializer_count(self)) { connx_graph_initializer(self, $0) }
    }
    var sparseInitializers: [connx_sparse_tensor] {
        list(connx_graph_sparse_initializer_count(self)) { connx_graph_sparse_initializer(self, $0) }
    }
}

extension connx_value_info {
    var name: String { String(connx_value_info_name(self)) }
    var type: connx_type { connx_value_info_type(self) }
}

extension connx_node {
    var attributes: [connx_attribute] {
        list(connx_node_attribute_count(self)) { connx_node_attribute(self, $0) }
    }
}

extension connx_attribute {
    var name: String { String(connx_attribute_name(self)) }

    /// The graphs that the attribute holds.
    var graphs: [connx_graph] {
        switch connx_attribute_get_type(self) {
        case CONNX_ATTRIBUTE_GRAPH: [connx_attribute_graph(self)]
        case CONNX_ATTRIBUTE_GRAPHS: list(connx_attribute_graph_count(self)) { connx_attribute_graph_at(self, $0) }
        default: []
        }
    }
}
#endif
