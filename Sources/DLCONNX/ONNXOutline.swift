#if ONNX
internal import CONNX
internal import DLCGraph
#endif

/// What a file holds, as far as it can be said without reading it into a graph: for models that cannot be compiled yet.
public struct ONNXOutline: Sendable {
    public struct Operator: Sendable {
        /// With its domain in front where that is not ONNX's own.
        public var name: String
        /// Nodes, those of graphs inside of others too; functions of the file count once.
        public var count: Int
        /// Whether there is a reader for it, or a definition by other operators.
        public var isKnown: Bool
    }

    /// The most frequent first.
    public var operators: [Operator] = []
    /// Names with types, as messages spell them.
    public var inputs: [String] = []
    public var outputs: [String] = []
    /// Versions of operator sets, such as `17` or `com.microsoft 1`.
    public var opsets: [String] = []
}

#if ONNX
/// Reads what is in an ONNX file, whether all of it is supported or not.
/// - Throws: where the file holds no graph.
public func outlineONNX(path: String) throws -> ONNXOutline {
    let document = try ONNXDocument(path: path, kind: CONNX_MODEL)
    let model = connx_document_model(document.raw)
    guard connx_model_has_graph(model) else { throw DLCError("the file holds no graph; is it an ONNX model?") }
    let graph = connx_model_graph(model)
    var outline = ONNXOutline()
    outline.operators = try ImportContext(document: document, modelPath: path).census(of: graph).map { key, use in
        ONNXOutline.Operator(name: "\(key)", count: use.places.count, isKnown: use.isKnown)
    }.sorted { ($0.count, $1.name) > ($1.count, $0.name) }
    func text(_ info: connx_value_info) -> String {
        do { return try "\(info.name): \(TypeReader.input(info, names: SymbolNames([])))" } catch { return "\(info.name) \(error)" }
    }
    let given = Set(graph.initializers.map { String(connx_tensor_name($0)) })
    outline.inputs = graph.inputs.filter { !given.contains($0.name) }.map(text)
    outline.outputs = graph.outputs.map { connx_type_get_kind($0.type) == CONNX_TYPE_NONE ? $0.name : text($0) }
    outline.opsets = (0..<connx_model_opset_count(model)).map { index in
        let domain = String(connx_model_opset_domain(model, index))
        return (domain.isEmpty ? "" : domain + " ") + "\(connx_model_opset_version(model, index))"
    }
    return outline
}
#endif
