/// The gradient of Resize, its adjoint.
#ifndef DLC_RESIZE_GRADIENT_H
#define DLC_RESIZE_GRADIENT_H

#include "dlc_resize.h"

/// Every element of dy [y_extent] goes to the elements of dx [x_extent] that it was interpolated from, with their weights; axes
/// one after another, each a phase, from tables that name for every element of dx what it gets. Buffers: dy, dx, tables
/// (`dlc_resize_gradient_table_bytes`, written by `dlc_resize_gradient_tables` from the forward tables). f32 and f64.
typedef struct {
    dlc_resize resize;

    // Set by dlc_resize_gradient_prepare.
    int32_t axes[DLC_MAX_RANK], count;   ///< the resized axes
    int64_t table[DLC_MAX_RANK];         ///< offset of an axis's table, in 4-byte words
    int64_t table_words, tasks, half;    ///< half: elements of each of two places for what is between the axes
} dlc_resize_gradient;

/// Makes a step ready; false where a field has no meaning or the type is not supported.
bool dlc_resize_gradient_prepare(dlc_isa isa, dlc_resize_gradient *gradient, dlc_launch *launch);

/// Bytes of the tables of a prepared gradient.
int64_t dlc_resize_gradient_table_bytes(const dlc_resize_gradient *gradient);

/// Writes the tables of a prepared gradient; `forward` are those of its resize.
void dlc_resize_gradient_tables(const dlc_resize_gradient *gradient, const void *forward, void *tables);

#endif
