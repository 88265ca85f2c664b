#if ONNX
internal import CONNX
internal import DLCGraph

/// Turns attributes other than graphs into attribute values.
enum AttributeReader {
    static func value(_ attribute: connx_attribute, _ tensors: inout TensorReader) throws -> AttributeValue {
        var count = 0
        switch connx_attribute_get_type(attribute) {
        case CONNX_ATTRIBUTE_FLOAT: return .float(Double(connx_attribute_float(attribute)))
        case CONNX_ATTRIBUTE_INT: return .int(Int(connx_attribute_int(attribute)))
        case CONNX_ATTRIBUTE_STRING: return .string(String(connx_attribute_string(attribute)))
        case CONNX_ATTRIBUTE_FLOATS:
            let base = connx_attribute_floats(attribute, &count)
            return .floats(UnsafeBufferPointer(start: base, count: count).map { Double($0) })
        case CONNX_ATTRIBUTE_INTS:
            let base = connx_attribute_ints(attribute, &count)
            return .ints(UnsafeBufferPointer(start: base, count: count).map { Int($0) })
        case CONNX_ATTRIBUTE_STRINGS:
            return .strings(
                list(connx_attribute_string_count(attribute)) { String(connx_attribute_string_at(attribute, $0)) })
        case CONNX_ATTRIBUTE_TENSOR: return .tensor(try tensors.read(connx_attribute_tensor(attribute)))
        case CONNX_ATTRIBUTE_SPARSE_TENSOR: return .tensor(try tensors.read(connx_attribute_sparse_tensor(attribute)))
        case CONNX_ATTRIBUTE_UNDEFINED: throw DLCError("has no value")
        case CONNX_ATTRIBUTE_TENSORS: throw DLCError("is a list of tensors, which no operator takes")
        case CONNX_ATTRIBUTE_SPARSE_TENSORS: throw DLCError("is a list of sparse tensors, which no operator takes")
        case CONNX_ATTRIBUTE_TYPE: return .valueType(try TypeReader.value(connx_attribute_type_value(attribute)))
        default: throw DLCError("is a list of types, which no operator takes")
        }
    }
}
#endif
