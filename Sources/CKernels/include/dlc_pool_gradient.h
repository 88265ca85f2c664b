/// Gradients of max and average pooling over channels-last activations.
#ifndef DLC_POOL_GRADIENT_H
#define DLC_POOL_GRADIENT_H

#include "dlc_pool.h"

typedef enum : uint8_t {
    DLC_POOL_GRADIENT_MAX = 0,     ///< every element of dy goes to the maximum of its window in x
    DLC_POOL_GRADIENT_SELECT = 1,  ///< its adjoint: the elements of t at the maxima of x's windows
    DLC_POOL_GRADIENT_AVERAGE = 2, ///< every element of dy goes in equal parts to what its window averages
} dlc_pool_gradient_kind;

/// The windows are those of `pool`: its `x` is what was pooled, its `y` what came of it, f32 or f64. The first of equal
/// elements in row order is the maximum; what is no number stands above any number. A window in the padding gives nothing,
/// to `select` 0.
///
/// Buffers: x (null for averages), dy of the pooled shape (for `select` t, of x's), and the result: dx of x's shape (for
/// `select` of the pooled one). Pixels of each are `x_ld`, `dy_ld` and `result_ld` elements apart.
///
/// A task has a band of rows of dx to itself and adds in the order of the windows, whatever the bands.
typedef struct {
    dlc_pool pool;        ///< `kind`, `p`, `indices`, `column_major` and `y_ld` are not read
    dlc_pool_gradient_kind kind;
    int64_t dy_ld, result_ld;
    bool alone;           ///< set by prepare: no two windows have an element in common
    int64_t rows, bands;  ///< set by prepare: rows of a band, bands of an image
} dlc_pool_gradient;

/// Makes a step ready; false where a field has no meaning or the type is not supported.
bool dlc_pool_gradient_prepare(dlc_isa isa, dlc_pool_gradient *gradient, dlc_launch *launch);

#endif
