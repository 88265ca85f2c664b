/// Scaled dot-product attention in f32, without the matrix of scores in memory.
#ifndef DLC_ATTENTION_H
#define DLC_ATTENTION_H

#include "dlc_common.h"

typedef enum : uint8_t { DLC_MASK_NONE = 0, DLC_MASK_F32 = 1, DLC_MASK_BOOL = 2 } dlc_mask_kind;

/// Strides in elements; elements of a row are adjacent (of a mask: `column` apart, 0 or 1).
typedef struct { int64_t batch, head, row; } dlc_attention_strides;

/// Y = softmax(scale · Q Kᵀ + mask) V for every batch and head: Q [queries, depth], K [keys, depth],
/// V [keys, value_depth], Y [queries, value_depth]. Query head h reads head h / (heads / kv_heads) of K
/// and V. The mask [queries, keys] is added (f32), or excludes where it is false (bool). With `causal`
/// query i sees the keys up to i + causal_offset. A query that sees no key gives zeros;
/// one whose scores are all −∞ gives NaN with `empty_rows_are_nan`, else zeros. Weights that are NaN, of all keys of a query at once,
/// are 0 with `nan_weights_are_zero`.
///
/// Buffers: q, k, v, mask, y, statistics; results must not overlap the others. Strides of 0 broadcast a mask. The statistics,
/// [batch, heads, queries, 2] and absent but for a gradient, are the maximum of a query's scores and what turns eˢ⁻ᵐᵃˣ into weights.
///
/// K and V of every head are packed in the first phase; in the second a task is a block of queries of
/// one head, whose scores stay in scratch: whole rows, so softmax takes one pass. For a query or few nothing is
/// packed, and a task is one of them.
typedef struct {
    int64_t batch, heads, kv_heads, queries, keys, depth, value_depth;
    dlc_attention_strides q, k, v, y, mask;
    int64_t mask_column;
    dlc_mask_kind mask_kind;
    bool causal, empty_rows_are_nan, nan_weights_are_zero;
    int64_t causal_offset;
    float scale;

    // Set by dlc_attention_prepare.
    int64_t query_block;     ///< queries of one task
    bool unpacked;           ///< K and V are read where they lie
} dlc_attention;

/// Makes a step ready; false where a field has no meaning.
bool dlc_attention_prepare(dlc_isa isa, dlc_attention *attention, dlc_launch *launch);

#endif
