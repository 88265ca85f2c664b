// Building messages.
#include "messages.h"

#include <new>

using namespace connx;

void connx_model_set_ir_version(connx_model model, int64_t version) { write(model).set_ir_version(version); }
void connx_model_set_producer(connx_model model, connx_string name, connx_string version) {
    write(model).set_producer_name(text(name));
    write(model).set_producer_version(text(version));
}
void connx_model_add_opset(connx_model model, connx_string domain, int64_t version) {
    auto *opset = write(model).add_opset_import();
    opset->set_domain(text(domain));
    opset->set_version(version);
}
void connx_model_add_metadata(connx_model model, connx_string key, connx_string value) {
    auto *entry = write(model).add_metadata_props();
    entry->set_key(text(key));
    entry->set_value(text(value));
}
connx_graph connx_model_make_graph(connx_model model) { return {write(model).mutable_graph()}; }

void connx_graph_set_name(connx_graph graph, connx_string name) { write(graph).set_name(text(name)); }
connx_node connx_graph_add_node(connx_graph graph, connx_string op_type, connx_string domain, connx_string name) {
    auto *node = write(graph).add_node();
    node->set_op_type(text(op_type));
    if (domain.size) node->set_domain(text(domain));
    if (name.size) node->set_name(text(name));
    return {node};
}
connx_tensor connx_graph_add_initializer(connx_graph graph) { return {write(graph).add_initializer()}; }
connx_value_info connx_graph_add_input(connx_graph graph, connx_string name) {
    auto *info = write(graph).add_input();
    info->set_name(text(name));
    return {info};
}
connx_value_info connx_graph_add_output(connx_graph graph, connx_string name) {
    auto *info = write(graph).add_output();
    info->set_name(text(name));
    return {info};
}

void connx_node_add_input(connx_node node, connx_string name) { write(node).add_input(text(name)); }
void connx_node_add_output(connx_node node, connx_string name) { write(node).add_output(text(name)); }
connx_attribute connx_node_add_attribute(connx_node node, connx_string name, connx_attribute_type type) {
    auto *attribute = write(node).add_attribute();
    attribute->set_name(text(name));
    attribute->set_type(static_cast<onnx::AttributeProto::AttributeType>(type));
    return {attribute};
}

void connx_attribute_set_float(connx_attribute attribute, float value) { write(attribute).set_f(value); }
void connx_attribute_set_int(connx_attribute attribute, int64_t value) { write(attribute).set_i(value); }
void connx_attribute_set_string(connx_attribute attribute, connx_string value) { write(attribute).set_s(text(value)); }
connx_graph connx_attribute_make_graph(connx_attribute attribute) { return {write(attribute).mutable_g()}; }
connx_tensor connx_attribute_make_tensor(connx_attribute attribute) { return {write(attribute).mutable_t()}; }
void connx_attribute_add_float(connx_attribute attribute, float value) { write(attribute).add_floats(value); }
void connx_attribute_add_int(connx_attribute attribute, int64_t value) { write(attribute).add_ints(value); }
void connx_attribute_add_string(connx_attribute attribute, connx_string value) {
    write(attribute).add_strings(text(value));
}

connx_type connx_value_info_make_type(connx_value_info info) { return {write(info).mutable_type()}; }
void connx_type_set_tensor(connx_type type, int32_t element) {
    write(type).mutable_tensor_type()->set_elem_type(element);
}
void connx_type_set_shape(connx_type type) { write(type).mutable_tensor_type()->mutable_shape(); }
void connx_type_add_dim_value(connx_type type, int64_t value) {
    write(type).mutable_tensor_type()->mutable_shape()->add_dim()->set_dim_value(value);
}
void connx_type_add_dim_name(connx_type type, connx_string name) {
    auto *dim = write(type).mutable_tensor_type()->mutable_shape()->add_dim();
    if (name.size) dim->set_dim_param(text(name));
}

void connx_tensor_set_name(connx_tensor tensor, connx_string name) { write(tensor).set_name(text(name)); }
void connx_tensor_set_type(connx_tensor tensor, int32_t data_type) { write(tensor).set_data_type(data_type); }
void connx_tensor_add_dim(connx_tensor tensor, int64_t extent) { write(tensor).add_dims(extent); }
bool connx_tensor_set_raw(connx_tensor tensor, const void *bytes, size_t size) {
    return guarded(nullptr, [&] {
        auto *raw = write(tensor).mutable_raw_data();
        if (size) raw->assign(static_cast<const char *>(bytes), size);
        return true;
    });
}
bool connx_tensor_add_string(connx_tensor tensor, connx_string value) {
    return guarded(nullptr, [&] {
        auto *element = write(tensor).add_string_data();
        if (value.size) element->assign(value.data, value.size);
        return true;
    });
}
void connx_tensor_set_external(connx_tensor tensor, connx_string location, int64_t offset, int64_t length) {
    auto &message = write(tensor);
    message.set_data_location(onnx::TensorProto::EXTERNAL);
    auto add = [&](const char *key, const std::string &value) {
        auto *entry = message.add_external_data();
        entry->set_key(key);
        entry->set_value(value);
    };
    add("location", text(location));
    add("offset", std::to_string(offset));
    add("length", std::to_string(length));
}

