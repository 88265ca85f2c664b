/// Values that hold tensors: SequenceProto, OptionalProto and MapProto, their types, and attributes that are types; included by connx.h.
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
typedef struct { const void *raw; } connx_map;

// The root message, for a document of that kind
connx_sequence connx_document_sequence(const connx_document *document);
connx_optional connx_document_optional(const connx_document *document);
connx_map connx_document_map(const connx_document *document);

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
/// The element type of a map type's keys, and the type of its values.
int32_t connx_type_map_key(connx_type type);
connx_type connx_type_map_value(connx_type type);
int32_t connx_map_key_type(connx_map map);
size_t connx_map_integer_count(connx_map map);
int64_t connx_map_integer(connx_map map, size_t index);
size_t connx_map_string_count(connx_map map);
connx_string connx_map_string(connx_map map, size_t index);
connx_sequence connx_map_values(connx_map map);

// Building
void connx_sequence_begin(connx_sequence sequence, connx_string name);
connx_tensor connx_sequence_add_tensor(connx_sequence sequence);
void connx_optional_begin(connx_optional optional, connx_string name);
connx_tensor connx_optional_make_tensor(connx_optional optional);
connx_sequence connx_optional_make_sequence(connx_optional optional);
/// Makes it a sequence's type (`CONNX_TYPE_SEQUENCE`) or an optional's, and returns the type of what is held.
connx_type connx_type_make_held(connx_type type, connx_type_kind kind);
connx_type connx_attribute_make_type(connx_attribute attribute);
/// Makes the sequence one of maps, and adds one whose keys have an element type.
connx_map connx_sequence_add_map(connx_sequence sequence, int32_t key_type);
void connx_map_add_integer(connx_map map, int64_t key);
void connx_map_add_string(connx_map map, connx_string key);
connx_sequence connx_map_make_values(connx_map map);

#endif
