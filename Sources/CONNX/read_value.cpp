// Reading attributes, types and tensors.
#include "messages.h"

using namespace connx;

namespace {

template <typename Repeated>
const typename Repeated::value_type *elements(const Repeated &field, size_t *count) {
    *count = static_cast<size_t>(field.size());
    return field.data();
}

const onnx::TensorShapeProto &shape(connx_type type) {
    const auto &message = read(type);
    return message.has_sparse_tensor_type() ? message.sparse_tensor_type().shape() : message.tensor_type().shape();
}

}  // namespace

connx_string connx_attribute_name(connx_attribute attribute) { return view(read(attribute).name()); }

connx_attribute_type connx_attribute_get_type(connx_attribute attribute) {
    const auto &message = read(attribute);
    if (message.type() != onnx::AttributeProto::UNDEFINED) return static_cast<connx_attribute_type>(message.type());
    if (message.has_f()) return CONNX_ATTRIBUTE_FLOAT;
    if (message.has_i()) return CONNX_ATTRIBUTE_INT;
    if (message.has_s()) return CONNX_ATTRIBUTE_STRING;
    if (message.has_t()) return CONNX_ATTRIBUTE_TENSOR;
    if (message.has_g()) return CONNX_ATTRIBUTE_GRAPH;
    if (message.floats_size()) return CONNX_ATTRIBUTE_FLOATS;
    if (message.ints_size()) return CONNX_ATTRIBUTE_INTS;
    if (message.strings_size()) return CONNX_ATTRIBUTE_STRINGS;
    if (message.tensors_size()) return CONNX_ATTRIBUTE_TENSORS;
    if (message.graphs_size()) return CONNX_ATTRIBUTE_GRAPHS;
    return CONNX_ATTRIBUTE_UNDEFINED;
}

connx_string connx_attribute_reference(connx_attribute attribute) { return view(read(attribute).ref_attr_name()); }
float connx_attribute_float(connx_attribute attribute) { return read(attribute).f(); }
int64_t connx_attribute_int(connx_attribute attribute) { return read(attribute).i(); }
connx_string connx_attribute_string(connx_attribute attribute) { return view(read(attribute).s()); }
connx_tensor connx_attribute_tensor(connx_attribute attribute) { return {&read(attribute).t()}; }
connx_graph connx_attribute_graph(connx_attribute attribute) { return {&read(attribute).g()}; }
connx_sparse_tensor connx_attribute_sparse_tensor(connx_attribute attribute) {
    return {&read(attribute).sparse_tensor()};
}
const float *connx_attribute_floats(connx_attribute attribute, size_t *count) {
    return elements(read(attribute).floats(), count);
}
const int64_t *connx_attribute_ints(connx_attribute attribute, size_t *count) {
    return elements(read(attribute).ints(), count);
}
size_t connx_attribute_string_count(connx_attribute attribute) { return length(read(attribute).strings()); }
connx_string connx_attribute_string_at(connx_attribute attribute, size_t index) {
    return view(element(read(attribute).strings(), index));
}
size_t connx_attribute_graph_count(connx_attribute attribute) { return length(read(attribute).graphs()); }
connx_graph connx_attribute_graph_at(connx_attribute attribute, size_t index) {
    return {&element(read(attribute).graphs(), index)};
}

connx_string connx_value_info_name(connx_value_info info) { return view(read(info).name()); }
connx_type connx_value_info_type(connx_value_info info) { return {&read(info).type()}; }

connx_type_kind connx_type_get_kind(connx_type type) {
    switch (read(type).value_case()) {
    case onnx::TypeProto::kTensorType: return CONNX_TYPE_TENSOR;
    case onnx::TypeProto::kSparseTensorType: return CONNX_TYPE_SPARSE_TENSOR;
    case onnx::TypeProto::kSequenceType: return CONNX_TYPE_SEQUENCE;
    case onnx::TypeProto::kOptionalType: return CONNX_TYPE_OPTIONAL;
    case onnx::TypeProto::kMapType: return CONNX_TYPE_MAP;
    default: return CONNX_TYPE_NONE;
    }
}

int32_t connx_type_element(connx_type type) {
    const auto &message = read(type);
    return message.has_sparse_tensor_type() ? message.sparse_tensor_type().elem_type() : message.tensor_type().elem_type();
}
bool connx_type_has_shape(connx_type type) {
    const auto &message = read(type);
    return message.has_sparse_tensor_type() ? message.sparse_tensor_type().has_shape() : message.tensor_type().has_shape();
}
size_t connx_type_rank(connx_type type) { return length(shape(type).dim()); }
bool connx_type_dim_value(connx_type type, size_t index, int64_t *value) {
    const auto &dim = element(shape(type).dim(), index);
    *value = dim.dim_value();
    return dim.has_dim_value();
}
connx_string connx_type_dim_name(connx_type type, size_t index) {
    return view(element(shape(type).dim(), index).dim_param());
}

connx_string connx_tensor_name(connx_tensor tensor) { return view(read(tensor).name()); }
int32_t connx_tensor_data_type(connx_tensor tensor) { return read(tensor).data_type(); }
const int64_t *connx_tensor_dims(connx_tensor tensor, size_t *count) { return elements(read(tensor).dims(), count); }
connx_data_location connx_tensor_location(connx_tensor tensor) {
    const auto &message = read(tensor);
    if (message.data_location() == onnx::TensorProto::EXTERNAL) return CONNX_DATA_EXTERNAL;
    return message.has_raw_data() ? CONNX_DATA_RAW : CONNX_DATA_TYPED;
}
bool connx_tensor_is_segment(connx_tensor tensor) { return read(tensor).has_segment(); }
connx_string connx_tensor_raw(connx_tensor tensor) { return view(read(tensor).raw_data()); }
const float *connx_tensor_floats(connx_tensor tensor, size_t *count) {
    return elements(read(tensor).float_data(), count);
}
const int32_t *connx_tensor_int32s(connx_tensor tensor, size_t *count) {
    return elements(read(tensor).int32_data(), count);
}
const int64_t *connx_tensor_int64s(connx_tensor tensor, size_t *count) {
    return elements(read(tensor).int64_data(), count);
}
const double *connx_tensor_doubles(connx_tensor tensor, size_t *count) {
    return elements(read(tensor).double_data(), count);
}
const uint64_t *connx_tensor_uint64s(connx_tensor tensor, size_t *count) {
    return elements(read(tensor).uint64_data(), count);
}
size_t connx_tensor_string_count(connx_tensor tensor) { return length(read(tensor).string_data()); }
connx_string connx_tensor_string(connx_tensor tensor, size_t index) {
    return view(element(read(tensor).string_data(), index));
}
bool connx_tensor_external(connx_tensor tensor, const char *key, connx_string *value) {
    for (const auto &entry : read(tensor).external_data()) {
        if (entry.key() != key) continue;
        *value = view(entry.value());
        return true;
    }
    return false;
}

connx_tensor connx_sparse_tensor_values(connx_sparse_tensor sparse) { return {&read(sparse).values()}; }
connx_tensor connx_sparse_tensor_indices(connx_sparse_tensor sparse) { return {&read(sparse).indices()}; }
const int64_t *connx_sparse_tensor_dims(connx_sparse_tensor sparse, size_t *count) {
    return elements(read(sparse).dims(), count);
}

