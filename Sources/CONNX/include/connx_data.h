/// Values that hold tensors: SequenceProto and OptionalProto, their types, and attributes that are types; included by connx.h.
#ifndef CONNX_DATA_H
#define CONNX_DATA_H

/// SequenceProto.DataType and OptionalProto.DataType.
typedef enum {
    CONNX_DATUM_UNDEFINED = 0,
    CONNX_DATUM_TENSOR = 1,
    CONNX_DATUM_SPARSE_TENSOR = 2,
    CONNX_DATUM_SEQUENCE = 3,
    CONNX_DATUM_MAP = 4,
    CONNX_DATUM_OPTIONAL = 5,
} connx_datum_kind;

typedef struct { const void *raw; } connx_sequence;
typedef struct { const void *raw; } connx_optional;

// The root message, for a document of that kind
connx_sequence connx_document_sequence(const connx_document *document);
connx_optional connx_document_optional(const connx_document *document);

// Reading
connx_datum_kind connx_sequence_element(connx_sequence sequence);
/// Elements of whatever kind.
size_t connx_sequence_count(connx_sequence sequence);
size_t connx_sequence_tensor_count(connx_sequence sequence);
connx_tensor connx_sequence_tensor(connx_sequence sequence, size_t index);
connx_datum_kind connx_optional_element(connx_optional optional);
bool connx_optional_has_tensor(connx_optional optional);
connx_tensor connx_optional_tensor(connx_optional optional);
bool connx_optional_has_sequence(connx_optional optional);
connx_sequence connx_optional_sequence(connx_optional optional);
/// What values of a sequence's or optional's type hold.
connx_type connx_type_held(connx_type type);
connx_type connx_attribute_type_value(connx_attribute attribute);

// Building
void connx_sequence_begin(connx_sequence sequence, connx_string name);
connx_tensor connx_sequence_add_tensor(connx_sequence sequence);
void connx_optional_begin(connx_optional optional, connx_string name);
connx_tensor connx_optional_make_tensor(connx_optional optional);
connx_sequence connx_optional_make_sequence(connx_optional optional);
/// Makes it a sequence's type (`CONNX_TYPE_SEQUENCE`) or an optional's, and returns the type of what is held.
connx_type connx_type_make_held(connx_type type, connx_type_kind kind);
connx_type connx_attribute_make_type(connx_attribute attribute);

#endif
