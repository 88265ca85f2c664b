// Reading models, functions, graphs and nodes.
#include "messages.h"

#include <google/protobuf/unknown_field_set.h>

using namespace connx;

namespace {

// Fields of IR 10 that libonnx's generated classes do not know.
constexpr int node_overload_field = 8;
constexpr int function_overload_field = 13;

}  // namespace

int64_t connx_model_ir_version(connx_model model) { return read(model).ir_version(); }
size_t connx_model_opset_count(connx_model model) { return length(read(model).opset_import()); }
connx_string connx_model_opset_domain(connx_model model, size_t index) {
    return view(element(read(model).opset_import(), index).domain());
}
int64_t connx_model_opset_version(connx_model model, size_t index) {
    return element(read(model).opset_import(), index).version();
}
size_t connx_model_metadata_count(connx_model model) { return length(read(model).metadata_props()); }
connx_string connx_model_metadata_key(connx_model model, size_t index) {
    return view(element(read(model).metadata_props(), index).key());
}
connx_string connx_model_metadata_value(connx_model model, size_t index) {
    return view(element(read(model).metadata_props(), index).value());
}
bool connx_model_has_graph(connx_model model) { return read(model).has_graph(); }
connx_graph connx_model_graph(connx_model model) { return {&read(model).graph()}; }

connx_string connx_function_name(connx_function function) { return view(read(function).message->name()); }
connx_string connx_function_domain(connx_function function) { return view(read(function).message->domain()); }
connx_string connx_function_overload(connx_function function) {
    return view(unknown_string(read(function).message->unknown_fields(), function_overload_field));
}
size_t connx_function_input_count(connx_function function) { return length(read(function).message->input()); }
connx_string connx_function_input(connx_function function, size_t index) {
    return view(element(read(function).message->input(), index));
}
size_t connx_function_output_count(connx_function function) { return length(read(function).message->output()); }
connx_string connx_function_output(connx_function function, size_t index) {
    return view(element(read(function).message->output(), index));
}
size_t connx_function_attribute_count(connx_function function) { return length(read(function).message->attribute()); }
connx_string connx_function_attribute(connx_function function, size_t index) {
    return view(element(read(function).message->attribute(), index));
}
size_t connx_function_default_count(connx_function function) { return read(function).defaults.size(); }
connx_attribute connx_function_default(connx_function function, size_t index) {
    return {&read(function).defaults[index]};
}
size_t connx_function_node_count(connx_function function) { return length(read(function).message->node()); }
connx_node connx_function_node(connx_function function, size_t index) {
    return {&element(read(function).message->node(), index)};
}
size_t connx_function_opset_count(connx_function function) { return length(read(function).message->opset_import()); }
connx_string connx_function_opset_domain(connx_function function, size_t index) {
    return view(element(read(function).message->opset_import(), index).domain());
}
int64_t connx_function_opset_version(connx_function function, size_t index) {
    return element(read(function).message->opset_import(), index).version();
}

connx_string connx_graph_name(connx_graph graph) { return view(read(graph).name()); }
size_t connx_graph_node_count(connx_graph graph) { return length(read(graph).node()); }
connx_node connx_graph_node(connx_graph graph, size_t index) { return {&element(read(graph).node(), index)}; }
size_t connx_graph_input_count(connx_graph graph) { return length(read(graph).input()); }
connx_value_info connx_graph_input(connx_graph graph, size_t index) { return {&element(read(graph).input(), index)}; }
size_t connx_graph_output_count(connx_graph graph) { return length(read(graph).output()); }
connx_value_info connx_graph_output(connx_graph graph, size_t index) { return {&element(read(graph).output(), index)}; }
size_t connx_graph_initializer_count(connx_graph graph) { return length(read(graph).initializer()); }
connx_tensor connx_graph_initializer(connx_graph graph, size_t index) {
    return {&element(read(graph).initializer(), index)};
}
size_t connx_graph_sparse_initializer_count(connx_graph graph) { return length(read(graph).sparse_initializer()); }
connx_sparse_tensor connx_graph_sparse_initializer(connx_graph graph, size_t index) {
    return {&element(read(graph).sparse_initializer(), index)};
}

connx_string connx_node_name(connx_node node) { return view(read(node).name()); }
connx_string connx_node_op_type(connx_node node) { return view(read(node).op_type()); }
connx_string connx_node_domain(connx_node node) { return view(read(node).domain()); }
connx_string connx_node_overload(connx_node node) {
    return view(unknown_string(read(node).unknown_fields(), node_overload_field));
}
size_t connx_node_input_count(connx_node node) { return length(read(node).input()); }
connx_string connx_node_input(connx_node node, size_t index) { return view(element(read(node).input(), index)); }
size_t connx_node_output_count(connx_node node) { return length(read(node).output()); }
connx_string connx_node_output(connx_node node, size_t index) { return view(element(read(node).output(), index)); }
size_t connx_node_attribute_count(connx_node node) { return length(read(node).attribute()); }
connx_attribute connx_node_attribute(connx_node node, size_t index) { return {&element(read(node).attribute(), index)}; }
