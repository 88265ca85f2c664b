// What the sources of CONNX share: the document, and the C handles as protobuf messages.
#pragma once

#include <deque>
#include <memory>
#include <string>
#include <vector>

#include <onnx/onnx-data_pb.h>
#include <onnx/onnx_pb.h>

#include "connx.h"

namespace connx {

// A function with the fields that libonnx's generated classes do not know.
struct Function {
    const onnx::FunctionProto *message;
    std::vector<onnx::AttributeProto> defaults;
};

}  // namespace connx

struct connx_document {
    connx_kind kind;
    std::unique_ptr<google::protobuf::Message> message;
    std::deque<connx::Function> functions;
};

namespace connx {

void report(connx_error *error, const std::string &message);

// The length-delimited field `number` that the generated class does not know, or an empty string.
const std::string &unknown_string(const google::protobuf::UnknownFieldSet &fields, int number);

// An empty document; null for an unknown kind.
connx_document *make_document(connx_kind kind);
// Whether parsing the bytes as such a message makes a tolerable number of objects.
bool within_budget(const void *bytes, int size, const google::protobuf::Message &message);
// Fills `functions` of a model's document; to be called once after parsing.
bool index_functions(connx_document &document, connx_error *error);

// Runs `body`; an exception becomes a message and a null or false result.
template <typename Body>
auto guarded(connx_error *error, Body body) noexcept -> decltype(body()) {
    try {
        return body();
    } catch (const std::bad_alloc &) {
        report(error, "out of memory");
    } catch (const std::exception &exception) {
        report(error, exception.what());
    } catch (...) {
        report(error, "an unknown exception");
    }
    return {};
}

inline connx_string view(const std::string &text) { return {text.data(), text.size()}; }
inline std::string text(connx_string view) { return view.size ? std::string(view.data, view.size) : std::string(); }

// The length and the elements of a repeated field.
template <typename Repeated>
size_t length(const Repeated &field) { return static_cast<size_t>(field.size()); }
template <typename Repeated>
decltype(auto) element(const Repeated &field, size_t index) { return field.Get(static_cast<int>(index)); }

inline const Function &read(connx_function handle) { return *static_cast<const Function *>(handle.raw); }

#define CONNX_HANDLE(HANDLE, MESSAGE)                                                                              \
    inline const onnx::MESSAGE &read(HANDLE handle) { return *static_cast<const onnx::MESSAGE *>(handle.raw); }    \
    inline onnx::MESSAGE &write(HANDLE handle) { return const_cast<onnx::MESSAGE &>(read(handle)); }

CONNX_HANDLE(connx_model, ModelProto)
CONNX_HANDLE(connx_graph, GraphProto)
CONNX_HANDLE(connx_node, NodeProto)
CONNX_HANDLE(connx_attribute, AttributeProto)
CONNX_HANDLE(connx_value_info, ValueInfoProto)
CONNX_HANDLE(connx_type, TypeProto)
CONNX_HANDLE(connx_tensor, TensorProto)
CONNX_HANDLE(connx_sparse_tensor, SparseTensorProto)
CONNX_HANDLE(connx_sequence, SequenceProto)
CONNX_HANDLE(connx_optional, OptionalProto)
CONNX_HANDLE(connx_map, MapProto)

#undef CONNX_HANDLE

}  // namespace connx
