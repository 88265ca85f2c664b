// What libonnx itself offers: its text syntax and its checker, at opset 17 and below.
#include "messages.h"

#include <onnx/checker.h>
#include <onnx/defs/parser.h>
#include <onnx/defs/schema.h>
#include <onnx/shape_inference/implementation.h>

using namespace connx;

connx_document *connx_parse_text(connx_string source, connx_error *error) {
    return guarded(error, [&]() -> connx_document * {
        std::unique_ptr<connx_document> document(make_document(CONNX_MODEL));
        const std::string copy = text(source);
        onnx::OnnxParser parser(copy.c_str());
        auto status = parser.Parse(static_cast<onnx::ModelProto &>(*document->message));
        if (!status.IsOK()) return report(error, status.ErrorMessage()), nullptr;
        if (!parser.EndOfInput()) return report(error, "text after the end of the model"), nullptr;
        return index_functions(*document, error) ? document.release() : nullptr;
    });
}

bool connx_check(const connx_document *document, bool full, connx_error *error) {
    return guarded(error, [&] {
        if (document->kind != CONNX_MODEL) return report(error, "not a model"), false;
        const auto &model = static_cast<const onnx::ModelProto &>(*document->message);
        onnx::checker::check_model(model);
        if (full) {
            onnx::ModelProto copy(model);
            onnx::shape_inference::InferShapes(
                copy, onnx::OpSchemaRegistry::Instance(), onnx::ShapeInferenceOptions(true, 1, false));
        }
        return true;
    });
}
