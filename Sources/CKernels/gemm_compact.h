/// Panels of weights in few bits: how they lie. Internal to CKernels.
///
/// A panel is that of DLC_PACK_PANELS, k rows of `width` columns, in 16-bit floats, or in signed integers of 8 or 4 bits with a
/// scale for every column of every block of 32 rows: the scales of a block as f32, then its rows. Of 4-bit integers two rows
/// share bytes, the even one in the lower halves.
#ifndef DLC_GEMM_COMPACT_H
#define DLC_GEMM_COMPACT_H

#include "dlc_pack.h"

enum { DLC_COMPACT_BLOCK = 32 };

static inline bool dlc_is_compact(dlc_pack_form form) { return form >= DLC_PACK_HALF && form <= DLC_PACK_INT4; }

/// Bytes that the first `rows` rows of a panel take for each of its columns: whole blocks, or all rows.
static inline int64_t dlc_compact_bytes(dlc_pack_form form, int64_t rows) {
    const int64_t scales = 4 * ((rows + DLC_COMPACT_BLOCK - 1) / DLC_COMPACT_BLOCK);
    switch (form) {
    case DLC_PACK_HALF: case DLC_PACK_BFLOAT: return 2 * rows;
    case DLC_PACK_INT8: return scales + rows;
    case DLC_PACK_INT4: return scales + (rows + 1) / 2;
    default: return 0;
    }
}

/// Blocks of rows of one panel, packed from floats: rows `first ..< last`, of which `first` begins a block.
/// - row_step, column_step: floats between neighbours of `b`, which begins with the panel's first column.
/// - panel: where the panel begins.
void dlc_compact_pack(dlc_pack_form form, int64_t first, int64_t last, int64_t columns, int64_t width, const float *b,
                      int64_t row_step, int64_t column_step, uint8_t *panel);

/// Whether a column of a block is whole multiples of one number, as weights that were integers before are: its scale, and 1 where
/// all are 0; else 0. Packing then gives the integers back, down to −8 with four bits.
float dlc_compact_exact_scale(dlc_pack_form form, const float *b, int64_t rows, int64_t row_step);

/// The most rows of A that meet a panel without its becoming floats in memory first.
enum { DLC_COMPACT_FEW = 4 };

/// `rows` rows of A, at most DLC_COMPACT_FEW, times a panel: sums of k products to rows of `out`, `width` apart.
typedef void (*dlc_compact_product)(dlc_pack_form form, int64_t rows, int64_t k, int64_t width, const float *const *a, const uint8_t *packed,
                                    float *out);
void dlc_compact_few_portable(dlc_pack_form, int64_t, int64_t, int64_t, const float *const *, const uint8_t *, float *);
void dlc_compact_few_avx2(dlc_pack_form, int64_t, int64_t, int64_t, const float *const *, const uint8_t *, float *);
void dlc_compact_few_avx512(dlc_pack_form, int64_t, int64_t, int64_t, const float *const *, const uint8_t *, float *);
void dlc_compact_few_neon(dlc_pack_form, int64_t, int64_t, int64_t, const float *const *, const uint8_t *, float *);
dlc_compact_product dlc_compact_few_of(dlc_isa isa);

/// Rows from a block's first on, as floats `width` apart.
typedef void (*dlc_compact_unpacking)(dlc_pack_form form, int64_t rows, int64_t width, const uint8_t *packed, float *out);
void dlc_compact_unpack_portable(dlc_pack_form form, int64_t rows, int64_t width, const uint8_t *packed, float *out);
void dlc_compact_unpack_avx2(dlc_pack_form form, int64_t rows, int64_t width, const uint8_t *packed, float *out);
void dlc_compact_unpack_avx512(dlc_pack_form form, int64_t rows, int64_t width, const uint8_t *packed, float *out);
void dlc_compact_unpack_neon(dlc_pack_form form, int64_t rows, int64_t width, const uint8_t *packed, float *out);
dlc_compact_unpacking dlc_compact_unpacking_of(dlc_isa isa);

#endif
