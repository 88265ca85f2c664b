// Operators that ONNX itself defines by a function over simpler ones, as far as libonnx's opset 17 knows them.
#include "messages.h"

#include <onnx/defs/schema.h>

using namespace connx;

namespace {

const onnx::OpSchema *schema_with_body(const onnx::NodeProto &node, int64_t opset) {
    const auto *schema = onnx::OpSchemaRegistry::Schema(node.op_type(), static_cast<int>(opset), node.domain());
    return schema && (schema->HasFunction() || schema->HasContextDependentFunction()) ? schema : nullptr;
}

// A copy of the node with the defaults of attributes that it leaves out.
onnx::NodeProto with_defaults(const onnx::NodeProto &node, const onnx::OpSchema &schema) {
    onnx::NodeProto copy(node);
    for (const auto &[name, attribute] : schema.attributes()) {
        bool given = false;
        for (const auto &present : node.attribute()) given = given || present.name() == name;
        if (!given && attribute.default_value.has_type()) *copy.add_attribute() = attribute.default_value;
    }
    return copy;
}

}  // namespace

bool connx_operator_has_body(connx_node node, int64_t opset) {
    return guarded(nullptr, [&] { return schema_with_body(read(node), opset) != nullptr; });
}

connx_document *connx_operator_body(connx_node node, connx_graph signature, int64_t opset, connx_error *error) {
    return guarded(error, [&]() -> connx_document * {
        const auto *schema = schema_with_body(read(node), opset);
        if (!schema) return report(error, "the operator is not supported"), nullptr;
        const auto complete = with_defaults(read(node), *schema);
        auto function = std::make_unique<onnx::FunctionProto>();
        if (schema->HasFunction()) {
            *function = *schema->GetFunction();
        } else {
            std::vector<onnx::TypeProto> types;
            for (const auto &input : read(signature).input()) types.push_back(input.type());
            onnx::FunctionBodyBuildContextImpl context(complete, types);
            if (!schema->BuildContextDependentFunction(context, *function)) {
                return report(error, "its definition does not cover this case"), nullptr;
            }
        }
        if (function->opset_import().empty()) {
            auto *import = function->add_opset_import();
            import->set_version(schema->SinceVersion());
        }
        Function entry{function.get(), {}};
        for (const auto &attribute : complete.attribute()) entry.defaults.push_back(attribute);
        std::unique_ptr<connx_document> document(new connx_document{CONNX_FUNCTION, std::move(function), {}});
        document->functions.push_back(std::move(entry));
        return document.release();
    });
}
