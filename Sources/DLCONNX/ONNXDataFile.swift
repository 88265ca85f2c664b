#if ONNX
internal import CONNX
public import DLCGraph

/// A sequence or an optional as a file of its own, in ONNX's SequenceProto and OptionalProto formats (`.pb`).
///
/// The formats do not say which of them a file is in, so who reads one says what it expects.
public enum ONNXDataFile {
    /// - Parameter kind: what the file should hold.
    /// - Throws: where the file is no such message, or holds maps, sparse tensors or sequences inside of sequences.
    public static func read(_ path: String, _ kind: Container.Kind) throws -> Datum {
        try located(path) {
            if kind == .sequence {
                let document = try ONNXDocument(path: path, kind: CONNX_SEQUENCE)
                return .sequence(try tensors(connx_document_sequence(document.raw), document, path))
            }
            // A message without fields is an optional that holds nothing.
            if let file = try? MappedFile(path: path), file.bytes.count == 0 { return .absent }
            let document = try ONNXDocument(path: path, kind: CONNX_OPTIONAL)
            let message = connx_document_optional(document.raw)
            switch connx_optional_element(message) {
            case CONNX_DATUM_UNDEFINED: return .absent
            case CONNX_DATUM_TENSOR where kind == .optional:
                guard connx_optional_has_tensor(message) else { return .absent }
                var reader = TensorReader(document: document, modelPath: path)
                return .tensor(try reader.read(connx_optional_tensor(message)))
            case CONNX_DATUM_SEQUENCE where kind == .optionalSequence:
                guard connx_optional_has_sequence(message) else { return .absent }
                return .sequence(try tensors(connx_optional_sequence(message), document, path))
            default: throw DLCError("holds another kind of value; expected \(kind == .optional ? "a tensor" : "a sequence of tensors")")
            }
        }
    }

    private static func tensors(_ message: connx_sequence, _ document: ONNXDocument, _ path: String) throws -> [Tensor] {
        let count = connx_sequence_tensor_count(message)
        guard connx_sequence_count(message) == count, [CONNX_DATUM_UNDEFINED, CONNX_DATUM_TENSOR].contains(connx_sequence_element(message))
        else { throw DLCError("is a sequence of something else than tensors") }
        var reader = TensorReader(document: document, modelPath: path)
        return try (0..<count).map { index in try located("tensor \(index)") { try reader.read(connx_sequence_tensor(message, index)) } }
    }

    /// - Parameter kind: what the file should hold.
    public static func write(_ value: Datum, _ kind: Container.Kind, name: String, to path: String) throws {
        try located(path) {
            let document = try ONNXDocument(building: kind == .sequence ? CONNX_SEQUENCE : CONNX_OPTIONAL)
            if kind == .sequence {
                try write(value.tensors, name, to: connx_document_sequence(document.raw))
            } else {
                let message = connx_document_optional(document.raw)
                name.withView { connx_optional_begin(message, $0) }
                switch value {
                case .absent: break
                case .tensor(let tensor): try TensorWriter(inside: ()).write(tensor, name: nil, to: connx_optional_make_tensor(message))
                case .sequence(let tensors): try write(tensors, "", to: connx_optional_make_sequence(message))
                }
            }
            try document.save(to: path)
        }
    }

    private static func write(_ tensors: [Tensor], _ name: String, to message: connx_sequence) throws {
        name.withView { connx_sequence_begin(message, $0) }
        for tensor in tensors { try TensorWriter(inside: ()).write(tensor, name: nil, to: connx_sequence_add_tensor(message)) }
    }
}
#endif
