/// ONNX files through libprotobuf's classes, as plain C: reading, writing and libonnx's own checks.
///
/// A document owns one parsed message and everything that handles point to, so handles, strings and
/// data pointers stay valid until `connx_free` (for a document that is being built, until the next
/// change of the same message). Handles are typed structs around a pointer; `at` functions take
/// indices below the matching `count`. No C++ exception and no abort leaves this interface:
/// what can fail returns null or false and fills a `connx_error`.
#ifndef CONNX_H
#define CONNX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/// The message at the root of a document.
typedef enum {
    CONNX_MODEL,
    CONNX_TENSOR,
    CONNX_FUNCTION,
    CONNX_SEQUENCE,
    CONNX_OPTIONAL,
    CONNX_MAP,
} connx_kind;

/// AttributeProto.AttributeType.
typedef enum {
    CONNX_ATTRIBUTE_UNDEFINED = 0,
    CONNX_ATTRIBUTE_FLOAT = 1,
    CONNX_ATTRIBUTE_INT = 2,
    CONNX_ATTRIBUTE_STRING = 3,
    CONNX_ATTRIBUTE_TENSOR = 4,
    CONNX_ATTRIBUTE_GRAPH = 5,
    CONNX_ATTRIBUTE_FLOATS = 6,
    CONNX_ATTRIBUTE_INTS = 7,
    CONNX_ATTRIBUTE_STRINGS = 8,
    CONNX_ATTRIBUTE_TENSORS = 9,
    CONNX_ATTRIBUTE_GRAPHS = 10,
    CONNX_ATTRIBUTE_SPARSE_TENSOR = 11,
    CONNX_ATTRIBUTE_SPARSE_TENSORS = 12,
    CONNX_ATTRIBUTE_TYPE = 13,
    CONNX_ATTRIBUTE_TYPES = 14,
} connx_attribute_type;

/// Which alternative of TypeProto is set.
typedef enum {
    CONNX_TYPE_NONE,
    CONNX_TYPE_TENSOR,
    CONNX_TYPE_SPARSE_TENSOR,
    CONNX_TYPE_SEQUENCE,
    CONNX_TYPE_OPTIONAL,
    CONNX_TYPE_MAP,
} connx_type_kind;

/// Where a tensor keeps its elements.
typedef enum {
    CONNX_DATA_TYPED,    ///< in the typed fields: `connx_tensor_floats` and its siblings
    CONNX_DATA_RAW,      ///< little-endian bytes: `connx_tensor_raw`
    CONNX_DATA_EXTERNAL, ///< in another file: `connx_tensor_external`
} connx_data_location;

typedef struct connx_document connx_document;

typedef struct { const char *data; size_t size; } connx_string;
typedef struct { char message[2048]; } connx_error;

typedef struct { const void *raw; } connx_model;
typedef struct { const void *raw; } connx_function;
typedef struct { const void *raw; } connx_graph;
typedef struct { const void *raw; } connx_node;
typedef struct { const void *raw; } connx_attribute;
typedef struct { const void *raw; } connx_value_info;
typedef struct { const void *raw; } connx_type;
typedef struct { const void *raw; } connx_tensor;
typedef struct { const void *raw; } connx_sparse_tensor;

#include "connx_read.h"
#include "connx_build.h"
#include "connx_data.h"

/// Parses a regular file of at most 2 GB.
connx_document *connx_open(const char *path, connx_kind kind, connx_error *error);
/// Parses a model in ONNX's text syntax.
connx_document *connx_parse_text(connx_string text, connx_error *error);
/// An empty message to build.
connx_document *connx_new(connx_kind kind);
/// Writes the message to a file; an incomplete file is removed.
bool connx_save(const connx_document *document, const char *path, connx_error *error);
void connx_free(connx_document *document);

/// libonnx's checker on a model, up to its opset 17; `full` infers and compares types and shapes too.
bool connx_check(const connx_document *document, bool full, connx_error *error);

/// Whether ONNX itself defines the operator, at that opset, by a function over simpler ones (up to its opset 17).
bool connx_operator_has_body(connx_node node, int64_t opset);
/// That function, as the only one of a new document, with the node's attributes and their defaults as its defaults.
/// `signature` gives the types of the node's inputs by position as its own inputs.
connx_document *connx_operator_body(connx_node node, connx_graph signature, int64_t opset, connx_error *error);

/// The root message, for a document of that kind.
connx_model connx_document_model(const connx_document *document);
connx_tensor connx_document_tensor(const connx_document *document);

#ifdef __cplusplus
}
#endif

#endif
