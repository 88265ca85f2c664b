#if ONNX
internal import CONNX
internal import DLCGraph

extension TypeReader {
    /// The type of a value that holds tensors; nil for a tensor's, a map's and none.
    /// - Throws: where it holds something else than tensors, such as sequences inside of sequences.
    static func container(_ type: connx_type) throws -> TensorType? {
        switch connx_type_get_kind(type) {
        case CONNX_TYPE_SEQUENCE:
            let (element, elements) = try Self.elements(connx_type_held(type), "a sequence")
            return TensorType(element, Container(.sequence, elements))
        case CONNX_TYPE_OPTIONAL:
            let held = connx_type_held(type)
            let isSequence = connx_type_get_kind(held) == CONNX_TYPE_SEQUENCE
            let (element, elements) = try Self.elements(isSequence ? connx_type_held(held) : held, isSequence ? "an optional sequence" : "an optional")
            return TensorType(element, Container(isSequence ? .optionalSequence : .optional, elements))
        default: return nil
        }
    }

    /// The type that an attribute is: of a tensor, whose unknown extents have no names, or of what holds tensors.
    static func value(_ type: connx_type) throws -> TensorType {
        if let held = try container(type) { return held }
        let (element, elements) = try Self.elements(type, "a type")
        guard case .shape(let extents) = elements else { return TensorType(element, Container(.optional, elements)) }
        return TensorType(element, Container(.optional, .shape(extents)))
    }

    /// The types of the two inputs that a map is: its keys and its values, of one length `NAME.count`; nil for another type.
    /// - Throws: where its values are no numbers, or texts are mapped to texts.
    static func map(_ info: connx_value_info) throws -> (keys: TensorType, values: TensorType)? {
        guard connx_type_get_kind(info.type) == CONNX_TYPE_MAP else { return nil }
        let key = try TensorReader.elementType(Int(connx_type_map_key(info.type)))
        let (value, _) = try tensor(connx_type_map_value(info.type), SymbolNames([]))
        guard key == .string || key == .int64, value != .string else {
            throw DLCError("is a map of \(key) to \(value); expected keys of strings or i64, and numbers")
        }
        let count = Dim(symbol: "\(info.name).count")
        return (TensorType(key, [count]), TensorType(value, [count]))
    }

    private static func elements(_ type: connx_type, _ what: String) throws -> (ElementType, Container.Elements) {
        guard connx_type_get_kind(type) == CONNX_TYPE_TENSOR else { throw DLCError("is \(what) of something else than tensors") }
        let (element, dims) = try tensor(type, SymbolNames([]))
        return (element, dims.map { .shape($0.map { $0?.constant }) } ?? .any)
    }
}
#endif
