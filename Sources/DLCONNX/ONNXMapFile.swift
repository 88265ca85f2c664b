#if ONNX
internal import CONNX
public import DLCGraph

/// Maps as files of their own, in ONNX's MapProto and SequenceProto formats (`.pb`), as `dlc run` takes and gives them.
public enum ONNXMapFile {
    /// The keys and the values of a MapProto, two vectors of one length.
    /// - Throws: where the file is no such message, or its values are no numbers of one type.
    public static func read(_ path: String) throws -> (keys: Tensor, values: Tensor) {
        try located(path) {
            let document = try ONNXDocument(path: path, kind: CONNX_MAP)
            let map = connx_document_map(document.raw)
            let isText = connx_map_key_type(map) == Int32(ElementType.string.onnx)
            let count = isText ? connx_map_string_count(map) : connx_map_integer_count(map)
            let keys =
                try isText
                ? Tensor(list(count) { String(connx_map_string(map, $0)) }, shape: [count])
                : Tensor(list(count) { connx_map_integer(map, $0) }, shape: [count])
            let sequence = connx_map_values(map)
            var reader = TensorReader(document: document, modelPath: path)
            let parts = try list(connx_sequence_tensor_count(sequence)) { $0 }.map { try reader.read(connx_sequence_tensor(sequence, $0)) }
            // One tensor holds all values, or each value is one.
            let whole = parts.count == 1 && count != 1
            let type = parts.first?.type ?? .float32
            guard whole ? parts[0].count == count : parts.count == count && parts.allSatisfy({ $0.count == 1 }), type != .string,
                parts.allSatisfy({ $0.type == type })
            else { throw DLCError("holds \(count) keys and \(parts.count) values; expected as many numbers of one type") }
            if whole { return (keys, try parts[0].reshaped([count])) }
            let values = try Tensor(type: type, shape: [count]) { target in
                for (index, part) in parts.enumerated() {
                    let place = UnsafeMutableRawBufferPointer(rebasing: target[(index * type.size)...])
                    part.withUnsafeBytes { place.copyMemory(from: UnsafeRawBufferPointer(rebasing: $0[..<type.size])) }
                }
            }
            return (keys, values)
        }
    }

    /// Writes the rows of a table `[N, C]` as a SequenceProto of maps with the keys `[C]`.
    public static func write(_ table: Tensor, keys: Tensor, name: String, to path: String) throws {
        try located(path) {
            guard table.rank == 2, keys.rank == 1, table.shape[1] == keys.count, table.type != .string else {
                throw DLCError("a table \(table.type)\(table.shape) has no rows for \(keys.count) keys")
            }
            let document = try ONNXDocument(building: CONNX_SEQUENCE)
            let sequence = connx_document_sequence(document.raw)
            name.withView { connx_sequence_begin(sequence, $0) }
            let (texts, numbers) = keys.type == .string ? (try keys.array(of: String.self), []) : ([], try keys.integers())
            let size = table.type.size
            for row in 0..<table.shape[0] {
                let map = connx_sequence_add_map(sequence, Int32(keys.type.onnx))
                for text in texts { text.withView { connx_map_add_string(map, $0) } }
                for number in numbers { connx_map_add_integer(map, number) }
                let values = connx_map_make_values(map)
                for column in 0..<keys.count {
                    let value = try Tensor(type: table.type, shape: []) { target in
                        let start = (row * keys.count + column) * size
                        table.withUnsafeBytes { target.copyMemory(from: UnsafeRawBufferPointer(rebasing: $0[start..<start + size])) }
                    }
                    try TensorWriter(inside: ()).write(value, name: nil, to: connx_sequence_add_tensor(values))
                }
            }
            try document.save(to: path)
        }
    }
}
#endif
