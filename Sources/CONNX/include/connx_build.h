/// Building messages to write; included by connx.h. Adding returns the handle of what was added.
#ifndef CONNX_BUILD_H
#define CONNX_BUILD_H

// Model and graph
void connx_model_set_ir_version(connx_model model, int64_t version);
void connx_model_set_producer(connx_model model, connx_string name, connx_string version);
void connx_model_add_opset(connx_model model, connx_string domain, int64_t version);
void connx_model_add_metadata(connx_model model, connx_string key, connx_string value);
/// The model's graph, created where there is none.
connx_graph connx_model_make_graph(connx_model model);
void connx_graph_set_name(connx_graph graph, connx_string name);
connx_node connx_graph_add_node(connx_graph graph, connx_string op_type, connx_string domain, connx_string name);
connx_tensor connx_graph_add_initializer(connx_graph graph);
connx_value_info connx_graph_add_input(connx_graph graph, connx_string name);
connx_value_info connx_graph_add_output(connx_graph graph, connx_string name);

// Node
void connx_node_add_input(connx_node node, connx_string name);
void connx_node_add_output(connx_node node, connx_string name);
connx_attribute connx_node_add_attribute(connx_node node, connx_string name, connx_attribute_type type);

// Attribute, by the type it was added with
void connx_attribute_set_float(connx_attribute attribute, float value);
void connx_attribute_set_int(connx_attribute attribute, int64_t value);
void connx_attribute_set_string(connx_attribute attribute, connx_string value);
connx_tensor connx_attribute_make_tensor(connx_attribute attribute);
connx_graph connx_attribute_make_graph(connx_attribute attribute);
void connx_attribute_add_float(connx_attribute attribute, float value);
void connx_attribute_add_int(connx_attribute attribute, int64_t value);
void connx_attribute_add_string(connx_attribute attribute, connx_string value);

// Type
connx_type connx_value_info_make_type(connx_value_info info);
/// Makes it a tensor type without a shape.
void connx_type_set_tensor(connx_type type, int32_t element);
/// Gives a tensor type a shape, of rank 0 until dimensions are added.
void connx_type_set_shape(connx_type type);
void connx_type_add_dim_value(connx_type type, int64_t value);
/// Adds a named dimension, or an unknown one where the name is empty.
void connx_type_add_dim_name(connx_type type, connx_string name);

// Tensor
void connx_tensor_set_name(connx_tensor tensor, connx_string name);
void connx_tensor_set_type(connx_tensor tensor, int32_t data_type);
void connx_tensor_add_dim(connx_tensor tensor, int64_t extent);
/// Copies little-endian bytes; false where memory is short.
bool connx_tensor_set_raw(connx_tensor tensor, const void *bytes, size_t size);
/// Adds an element of a tensor of strings, any bytes; false where memory is short.
bool connx_tensor_add_string(connx_tensor tensor, connx_string value);
void connx_tensor_set_external(connx_tensor tensor, connx_string location, int64_t offset, int64_t length);

#endif
