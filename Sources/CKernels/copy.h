/// What the instruction sets provide to strided copies: planes of 4-byte elements, and streams of bytes.
#ifndef DLC_COPY_INTERNAL_H
#define DLC_COPY_INTERNAL_H

#include "dlc_copy.h"

typedef struct {
    /// d[r * d_stride + c] = s[r + c * s_stride] for `rows` × `columns` 4-byte elements.
    void (*transpose)(int64_t rows, int64_t columns, const float *s, int64_t s_stride, float *d, int64_t d_stride);
    /// The same of bytes, where 2 to 4 columns are all of `d_stride`: images of so few channels.
    void (*interleave_bytes)(int64_t rows, int64_t columns, const uint8_t *s, int64_t s_stride, uint8_t *d);
} dlc_copy_functions;

extern const dlc_copy_functions dlc_copy_functions_portable;
extern const dlc_copy_functions dlc_copy_functions_avx2;
extern const dlc_copy_functions dlc_copy_functions_avx512;
extern const dlc_copy_functions dlc_copy_functions_neon;

/// The functions of `isa`, or null where this program was built without it.
const dlc_copy_functions *dlc_copy_functions_of(dlc_isa isa);

#endif
