/// The gradient of scaled dot-product attention in f32, without the matrix of scores in memory.
#ifndef DLC_ATTENTION_GRADIENT_H
#define DLC_ATTENTION_GRADIENT_H

#include "dlc_attention.h"

/// With P the weights of the layer and D = Σ dY ∘ Y of each query: dS = scale · P ∘ (dY Vᵀ − D), dQ = dS K, dK = dSᵀ Q and
/// dV = Pᵀ dY (Dao et al., FlashAttention, 2022, appendix B.4). K and V that heads share get the sum over these; keys that a
/// causal query does not see get nothing from it.
///
/// Buffers: q, k, v, mask, y, dy, statistics (of dlc_attention, or absent), dq, dk, dv; results must not overlap.
///
/// A first phase takes D of every query, and the statistics where they are absent. In the second a task has a head of keys, or
/// `1 / chunks` of its keys where heads are few, to itself: tile of keys after tile, it meets all queries, so that sums have one
/// order for all numbers of threads. Chunks add to dQ in a third phase.
typedef struct {
    dlc_attention layer;
    dlc_attention_strides dy, dq, dk, dv;
    bool has_statistics;

    // Set by dlc_attention_gradient_prepare.
    int64_t chunks;
} dlc_attention_gradient;

/// Makes a step ready; false where a field has no meaning.
bool dlc_attention_gradient_prepare(dlc_isa isa, dlc_attention_gradient *gradient, dlc_launch *launch);

#endif
