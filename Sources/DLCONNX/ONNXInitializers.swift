#if ONNX
internal import CONNX
public import DLCGraph

/// The initializers of an ONNX file's graph by name, without reading its nodes: its weights.
///
/// Tensors lie where the file's bytes do.
/// - Throws: where the file is no model, two initializers have one name, or one cannot be read.
public func readONNXInitializers(path: String) throws -> [(name: String, tensor: Tensor)] {
    try located(path) {
        let document = try ONNXDocument(path: path, kind: CONNX_MODEL)
        let model = connx_document_model(document.raw)
        guard connx_model_has_graph(model) else { throw DLCError("the file holds no graph; is it an ONNX model?") }
        var reader = TensorReader(document: document, modelPath: path)
        var names = Set<String>()
        return try connx_model_graph(model).initializers.map { message in
            let name = String(connx_tensor_name(message))
            guard names.insert(name).inserted else { throw DLCError("two initializers are named '\(name.printable())'") }
            return (name, try located("initializer '\(name.printable())'") { try reader.read(message) })
        }
    }
}
#endif
