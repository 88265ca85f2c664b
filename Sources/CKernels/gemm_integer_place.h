/// Rows of 8-bit convolutions that tiles read where they lie in an image. Internal to CKernels.
#ifndef DLC_GEMM_INTEGER_PLACE_H
#define DLC_GEMM_INTEGER_PLACE_H
#include "gemm_integer.h"
#include <string.h>

/// As memcpy, without a call for the few bytes of a row of taps.
static inline void dlc_copy_few(uint8_t *out, const uint8_t *a, int64_t count) {
    if (count > 32) {
        memcpy(out, a, (size_t)count);
    } else if (count >= 16) {
        memcpy(out, a, 16), memcpy(out + count - 16, a + count - 16, 16);
    } else if (count >= 8) {
        memcpy(out, a, 8), memcpy(out + count - 8, a + count - 8, 8);
    } else if (count >= 4) {
        memcpy(out, a, 4), memcpy(out + count - 4, a + count - 4, 4);
    } else {
        for (int64_t p = 0; p < count; p++) out[p] = a[p];
    }
}

/// Bytes at one distance, their highest bits turned as `flip` says.
static inline void dlc_copy_bytes(uint8_t *out, const uint8_t *a, int64_t step, int64_t count, uint8_t flip) {
    if (step == 1 && flip == 0) dlc_copy_few(out, a, count);
    else if (step == 1)
        for (int64_t p = 0; p < count; p++) out[p] = a[p] ^ flip;
    else
        for (int64_t p = 0; p < count; p++) out[p] = a[p * step] ^ flip;
}

/// The image and the place of a row's pixel.
typedef struct { int64_t n, od, oh, ow; } dlc_patch_place;

static inline dlc_patch_place dlc_place_of(const dlc_integer_patches *p, int64_t row) {
    return (dlc_patch_place){row / p->ow / p->oh / p->od, row / p->ow / p->oh % p->od, row / p->ow % p->oh, row % p->ow};
}

/// The rows that tiles share: neighbours at one distance, at most `rows` of them, the first `a` bytes into the image.
typedef struct { int64_t row, rows, a; } dlc_row_range;

/// Settles whether patches are read in place, and of which image: x itself where it has no padding and whole quads of the right
/// sign, or else a copy.
void dlc_integer_settle_place(dlc_integer_product *g);

/// Phase 0 where it is a copy: the image with its padding, in the sign that the tiles read and with groups of whole quads.
void dlc_integer_copy_image(const dlc_integer_product *g, const dlc_call *call);

/// Bytes from the first of a row's runs to each of the `g->runs`.
void dlc_integer_find_runs(const dlc_integer_product *g, int64_t *offsets);

/// The `index`-th line of the result from row `first` on.
dlc_row_range dlc_integer_line_of(const dlc_integer_product *g, int64_t first, int64_t index);

#endif
