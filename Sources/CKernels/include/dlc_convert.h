/// Conversion of dense arrays between element types.
#ifndef DLC_CONVERT_H
#define DLC_CONVERT_H

#include "dlc_common.h"

/// Converts `n` elements of type `from` at `src` to type `to` at `dst`, with the rules of ONNX Cast:
/// to a narrower float rounds to nearest even, with subnormals, infinities and NaN kept; float to
/// integer truncates toward zero; out of range, and for NaN, it gives what C compilers for x86 make of a
/// conversion to 32 bits, to 64 where the type is u32, i64 or u64, which then wraps; integer to a narrower
/// integer wraps; anything to bool is `!= 0`, and bool reads as 0 or 1. The arrays do not overlap.
void dlc_convert(dlc_type from, dlc_type to, const void *src, void *dst, int64_t n);

/// Bytes of one element of `type`, or 0 where `type` is not a dlc_type.
int32_t dlc_type_bytes(dlc_type type);

#endif
