/// Integers of two and four bits and floats of four and eight (ONNX's INT4, FLOAT8E4M3FN and so on). In memory an element
/// takes a byte: integers extended by their sign, floats their code in the lowest bits. In files two or four share one.
#ifndef DLC_NARROW_H
#define DLC_NARROW_H

#include "dlc_convert.h"

/// How numbers become powers of two (FLOAT8E8M0): away from zero, to the nearest, toward zero.
typedef enum : uint8_t { DLC_NARROW_UP, DLC_NARROW_NEAREST, DLC_NARROW_DOWN } dlc_narrow_rounding;

/// Converts with the rules of ONNX Cast where a type is narrow. To floats rounds to nearest even; beyond the largest number
/// gives that where it saturates, else infinity or, in types that have none, NaN. To integers truncates and keeps the lowest bits.
void dlc_convert_narrow(
    dlc_type from, dlc_type to, const void *src, void *dst, int64_t n, bool saturate, dlc_narrow_rounding rounding);

/// Bits of one element in a file.
int32_t dlc_type_bits(dlc_type type);

/// Elements to bytes in which the first has the lowest bits, and back; types of eight bits are copied.
void dlc_pack_narrow(dlc_type type, const void *elements, void *packed, int64_t n);
void dlc_unpack_narrow(dlc_type type, const void *packed, void *elements, int64_t n);

/// dlc_convert_narrow as a kernel. Buffers: elements, result.
typedef struct {
    dlc_type from, to;
    bool saturate;
    dlc_narrow_rounding rounding;
    int64_t elements;
} dlc_narrow;

bool dlc_narrow_prepare(dlc_isa isa, dlc_narrow *narrow, dlc_launch *launch);

#endif
