/// Reading accessors; included by connx.h.
#ifndef CONNX_READ_H
#define CONNX_READ_H

// Model
int64_t connx_model_ir_version(connx_model model);
size_t connx_model_opset_count(connx_model model);
connx_string connx_model_opset_domain(connx_model model, size_t index);
int64_t connx_model_opset_version(connx_model model, size_t index);
size_t connx_model_metadata_count(connx_model model);
connx_string connx_model_metadata_key(connx_model model, size_t index);
connx_string connx_model_metadata_value(connx_model model, size_t index);
bool connx_model_has_graph(connx_model model);
connx_graph connx_model_graph(connx_model model);
size_t connx_document_function_count(const connx_document *document);
connx_function connx_document_function(const connx_document *document, size_t index);

// Function; `overload` and default attributes are of IR 10 and 9
connx_string connx_function_name(connx_function function);
connx_string connx_function_domain(connx_function function);
connx_string connx_function_overload(connx_function function);
size_t connx_function_input_count(connx_function function);
connx_string connx_function_input(connx_function function, size_t index);
size_t connx_function_output_count(connx_function function);
connx_string connx_function_output(connx_function function, size_t index);
size_t connx_function_attribute_count(connx_function function);
connx_string connx_function_attribute(connx_function function, size_t index);
size_t connx_function_default_count(connx_function function);
connx_attribute connx_function_default(connx_function function, size_t index);
size_t connx_function_node_count(connx_function function);
connx_node connx_function_node(connx_function function, size_t index);
size_t connx_function_opset_count(connx_function function);
connx_string connx_function_opset_domain(connx_function function, size_t index);
int64_t connx_function_opset_version(connx_function function, size_t index);

// Graph
connx_string connx_graph_name(connx_graph graph);
size_t connx_graph_node_count(connx_graph graph);
connx_node connx_graph_node(connx_graph graph, size_t index);
size_t connx_graph_input_count(connx_graph graph);
connx_value_info connx_graph_input(connx_graph graph, size_t index);
size_t connx_graph_output_count(connx_graph graph);
connx_value_info connx_graph_output(connx_graph graph, size_t index);
size_t connx_graph_initializer_count(connx_graph graph);
connx_tensor connx_graph_initializer(connx_graph graph, size_t index);
size_t connx_graph_sparse_initializer_count(connx_graph graph);
connx_sparse_tensor connx_graph_sparse_initializer(connx_graph graph, size_t index);

// Node; `overload` is of IR 10
connx_string connx_node_name(connx_node node);
connx_string connx_node_op_type(connx_node node);
connx_string connx_node_domain(connx_node node);
connx_string connx_node_overload(connx_node node);
size_t connx_node_input_count(connx_node node);
connx_string connx_node_input(connx_node node, size_t index);
size_t connx_node_output_count(connx_node node);
connx_string connx_node_output(connx_node node, size_t index);
size_t connx_node_attribute_count(connx_node node);
connx_attribute connx_node_attribute(connx_node node, size_t index);

// Attribute; files of IR 1 give no type, then it follows from the field that is set
connx_string connx_attribute_name(connx_attribute attribute);
connx_attribute_type connx_attribute_get_type(connx_attribute attribute);
connx_string connx_attribute_reference(connx_attribute attribute);
float connx_attribute_float(connx_attribute attribute);
int64_t connx_attribute_int(connx_attribute attribute);
connx_string connx_attribute_string(connx_attribute attribute);
connx_tensor connx_attribute_tensor(connx_attribute attribute);
connx_graph connx_attribute_graph(connx_attribute attribute);
connx_sparse_tensor connx_attribute_sparse_tensor(connx_attribute attribute);
const float *connx_attribute_floats(connx_attribute attribute, size_t *count);
const int64_t *connx_attribute_ints(connx_attribute attribute, size_t *count);
size_t connx_attribute_string_count(connx_attribute attribute);
connx_string connx_attribute_string_at(connx_attribute attribute, size_t index);
size_t connx_attribute_graph_count(connx_attribute attribute);
connx_graph connx_attribute_graph_at(connx_attribute attribute, size_t index);

// Value info and type; a dimension is a number, a name, or neither
connx_string connx_value_info_name(connx_value_info info);
connx_type connx_value_info_type(connx_value_info info);
connx_type_kind connx_type_get_kind(connx_type type);
/// The element type of a tensor or sparse tensor, in TensorProto's numbering.
int32_t connx_type_element(connx_type type);
bool connx_type_has_shape(connx_type type);
size_t connx_type_rank(connx_type type);
bool connx_type_dim_value(connx_type type, size_t index, int64_t *value);
/// The name of a symbolic dimension, empty where it has none.
connx_string connx_type_dim_name(connx_type type, size_t index);

// Tensor; `data_type` in TensorProto's numbering, which may be newer than libonnx's
connx_string connx_tensor_name(connx_tensor tensor);
int32_t connx_tensor_data_type(connx_tensor tensor);
const int64_t *connx_tensor_dims(connx_tensor tensor, size_t *count);
connx_data_location connx_tensor_location(connx_tensor tensor);
bool connx_tensor_is_segment(connx_tensor tensor);
connx_string connx_tensor_raw(connx_tensor tensor);
const float *connx_tensor_floats(connx_tensor tensor, size_t *count);
const int32_t *connx_tensor_int32s(connx_tensor tensor, size_t *count);
const int64_t *connx_tensor_int64s(connx_tensor tensor, size_t *count);
const double *connx_tensor_doubles(connx_tensor tensor, size_t *count);
const uint64_t *connx_tensor_uint64s(connx_tensor tensor, size_t *count);
/// The elements of a tensor of strings, which may be any bytes.
size_t connx_tensor_string_count(connx_tensor tensor);
connx_string connx_tensor_string(connx_tensor tensor, size_t index);
/// The entry of `external_data` under `key`; false where there is none.
bool connx_tensor_external(connx_tensor tensor, const char *key, connx_string *value);

// Sparse tensor
connx_tensor connx_sparse_tensor_values(connx_sparse_tensor sparse);
connx_tensor connx_sparse_tensor_indices(connx_sparse_tensor sparse);
const int64_t *connx_sparse_tensor_dims(connx_sparse_tensor sparse, size_t *count);

#endif
