#if ONNX
internal import CONNX
public import DLCGraph

/// A tensor as a file of its own, in ONNX's TensorProto format (`.pb`), as test suites and `dlc run` use it.
public enum ONNXTensorFile {
    /// The tensor and its name, which may be empty.
    /// - Throws: where the file is no TensorProto, its element type is not supported or its data not complete.
    public static func read(_ path: String) throws -> (name: String, tensor: Tensor) {
        try located(path) {
            let document = try ONNXDocument(path: path, kind: CONNX_TENSOR)
            let message = connx_document_tensor(document.raw)
            var reader = TensorReader(document: document, modelPath: path)
            return (String(connx_tensor_name(message)), try reader.read(message))
        }
    }

    public static func write(_ tensor: Tensor, name: String, to path: String) throws {
        try located(path) {
            let document = try ONNXDocument(building: CONNX_TENSOR)
            try TensorWriter(inside: ()).write(tensor, name: name, to: connx_document_tensor(document.raw))
            try document.save(to: path)
        }
    }
}
#endif
