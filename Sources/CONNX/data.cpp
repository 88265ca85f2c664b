// Values that hold tensors, their types, and attributes that are types.
#include "messages.h"

using namespace connx;

connx_sequence connx_document_sequence(const connx_document *document) { return {document->message.get()}; }
connx_optional connx_document_optional(const connx_document *document) { return {document->message.get()}; }

connx_datum_kind connx_sequence_element(connx_sequence sequence) { return static_cast<connx_datum_kind>(read(sequence).elem_type()); }
size_t connx_sequence_count(connx_sequence sequence) {
    const auto &message = read(sequence);
    return length(message.tensor_values()) + length(message.sparse_tensor_values()) + length(message.sequence_values()) +
           length(message.map_values()) + length(message.optional_values());
}
size_t connx_sequence_tensor_count(connx_sequence sequence) { return length(read(sequence).tensor_values()); }
connx_tensor connx_sequence_tensor(connx_sequence sequence, size_t index) {
    return {&element(read(sequence).tensor_values(), index)};
}
connx_datum_kind connx_optional_element(connx_optional optional) { return static_cast<connx_datum_kind>(read(optional).elem_type()); }
bool connx_optional_has_tensor(connx_optional optional) { return read(optional).has_tensor_value(); }
connx_tensor connx_optional_tensor(connx_optional optional) { return {&read(optional).tensor_value()}; }
bool connx_optional_has_sequence(connx_optional optional) { return read(optional).has_sequence_value(); }
connx_sequence connx_optional_sequence(connx_optional optional) { return {&read(optional).sequence_value()}; }

connx_type connx_type_held(connx_type type) {
    const auto &message = read(type);
    return {message.has_optional_type() ? &message.optional_type().elem_type() : &message.sequence_type().elem_type()};
}
connx_type connx_attribute_type_value(connx_attribute attribute) { return {&read(attribute).tp()}; }

void connx_sequence_begin(connx_sequence sequence, connx_string name) {
    write(sequence).set_name(text(name));
    write(sequence).set_elem_type(onnx::SequenceProto::TENSOR);
}
connx_tensor connx_sequence_add_tensor(connx_sequence sequence) { return {write(sequence).add_tensor_values()}; }
void connx_optional_begin(connx_optional optional, connx_string name) {
    write(optional).set_name(text(name));
    write(optional).set_elem_type(onnx::OptionalProto::UNDEFINED);
}
connx_tensor connx_optional_make_tensor(connx_optional optional) {
    write(optional).set_elem_type(onnx::OptionalProto::TENSOR);
    return {write(optional).mutable_tensor_value()};
}
connx_sequence connx_optional_make_sequence(connx_optional optional) {
    write(optional).set_elem_type(onnx::OptionalProto::SEQUENCE);
    return {write(optional).mutable_sequence_value()};
}

connx_type connx_type_make_held(connx_type type, connx_type_kind kind) {
    if (kind == CONNX_TYPE_OPTIONAL) return {write(type).mutable_optional_type()->mutable_elem_type()};
    return {write(type).mutable_sequence_type()->mutable_elem_type()};
}
connx_type connx_attribute_make_type(connx_attribute attribute) { return {write(attribute).mutable_tp()}; }

connx_map connx_document_map(const connx_document *document) { return {document->message.get()}; }
int32_t connx_type_map_key(connx_type type) { return read(type).map_type().key_type(); }
connx_type connx_type_map_value(connx_type type) { return {&read(type).map_type().value_type()}; }
int32_t connx_map_key_type(connx_map map) { return read(map).key_type(); }
size_t connx_map_integer_count(connx_map map) { return length(read(map).keys()); }
int64_t connx_map_integer(connx_map map, size_t index) { return element(read(map).keys(), index); }
size_t connx_map_string_count(connx_map map) { return length(read(map).string_keys()); }
connx_string connx_map_string(connx_map map, size_t index) { return view(element(read(map).string_keys(), index)); }
connx_sequence connx_map_values(connx_map map) { return {&read(map).values()}; }

connx_map connx_sequence_add_map(connx_sequence sequence, int32_t key_type) {
    write(sequence).set_elem_type(onnx::SequenceProto::MAP);
    auto *map = write(sequence).add_map_values();
    map->set_key_type(key_type);
    return {map};
}
void connx_map_add_integer(connx_map map, int64_t key) { write(map).add_keys(key); }
void connx_map_add_string(connx_map map, connx_string key) { write(map).add_string_keys(text(key)); }
connx_sequence connx_map_make_values(connx_map map) {
    auto *values = write(map).mutable_values();
    values->set_elem_type(onnx::SequenceProto::TENSOR);
    return {values};
}
