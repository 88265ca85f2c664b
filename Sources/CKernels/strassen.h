/// The additions of Strassen's product, of one instruction set. Internal to CKernels.
#ifndef DLC_STRASSEN_INTERNAL_H
#define DLC_STRASSEN_INTERNAL_H
#include "dlc_strassen.h"
#include "gemm_tile.h"

enum { DLC_STRASSEN_PRODUCTS = 7 };

/// Panels of a quadrant of B. Packed, each panel holds the seven matrices, one after the other.
dlc_panels dlc_strassen_panels(dlc_isa isa, int64_t n, int64_t k);

/// Rows of the seven products turned into rows of the result's quadrants.
typedef struct {
    const float *products;     ///< [7][rows][width], `step` apart
    int64_t step, rows, width;
    int64_t bottom_rows;       ///< rows of the lower quadrants: `rows`, or one fewer
    int64_t right_columns;     ///< columns of the right quadrants that exist: 0 ... width
    float *top, *bottom;       ///< the left quadrants' first elements
    int64_t c_row, right;      ///< floats from row to row, and from a left quadrant to the right one
    float alpha, lo, hi;
    const float *bias;         ///< of the left quadrants' first column, or null
    const float *residual_top, *residual_bottom; ///< or null
    int64_t residual_row;
} dlc_strassen_output;

typedef struct {
    /// The five sums of quadrants of A, over one row of the upper half and one of the lower; `step` apart in `out`.
    void (*sums)(const float *top, const float *bottom, int64_t half, float *out, int64_t step);
    void (*combine)(const dlc_strassen_output *output);
} dlc_strassen_set;

extern const dlc_strassen_set dlc_strassen_set_portable, dlc_strassen_set_avx2, dlc_strassen_set_avx512, dlc_strassen_set_neon;

#endif
