/// What the instruction sets provide to strided copies.
#ifndef DLC_COPY_INTERNAL_H
#define DLC_COPY_INTERNAL_H

#include "dlc_copy.h"

typedef struct {
    /// d[r * d_stride + c] = s[r + c * s_stride] for `rows` × `columns` elements, by the logarithm of their size to base 2.
    void (*transpose[4])(int64_t rows, int64_t columns, const void *s, int64_t s_stride, void *d, int64_t d_stride);
} dlc_copy_functions;

extern const dlc_copy_functions dlc_copy_functions_portable;
extern const dlc_copy_functions dlc_copy_functions_avx2;
extern const dlc_copy_functions dlc_copy_functions_avx512;
extern const dlc_copy_functions dlc_copy_functions_neon;

/// The functions of `isa`, or null where this program was built without it.
const dlc_copy_functions *dlc_copy_functions_of(dlc_isa isa);

#endif
