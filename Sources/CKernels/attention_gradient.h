/// How attention's gradient lays out a tile of keys and a block of queries.
#ifndef DLC_ATTENTION_GRADIENT_INTERNAL_H
#define DLC_ATTENTION_GRADIENT_INTERNAL_H

#include "attention.h"
#include "include/dlc_attention_gradient.h"

/// A tile of queries × keys, of which the weights and their gradients stay in L1 beside one operand of a product.
enum { attention_gradient_keys = 64, attention_gradient_queries = 48 };

/// Offsets in a thread's scratch, in floats. Panels are those of attention: [panel][row][4·lanes].
typedef struct {
    int64_t wide;                             ///< columns of a panel
    int64_t depth, value_depth;               ///< filled up to whole panels
    int64_t keys_turned, keys, values_turned; ///< of a tile of keys: Kᵀ, K and Vᵀ
    int64_t dk, dv;                           ///< sums of a tile of keys, rows of `depth` and `value_depth`
    int64_t queries, dy;                      ///< of a block of queries
    int64_t weights, scores;                  ///< P, and dP that becomes dS: rows of `row`
    int64_t row;
    int64_t floats;
} attention_gradient_layout;

static inline attention_gradient_layout attention_gradient_layout_of(const dlc_attention_gradient *p, int64_t lanes) {
    const int64_t keys = attention_gradient_keys, queries = attention_gradient_queries;
    // Rows an odd number of cache lines apart do not fall on the same sets.
    attention_gradient_layout l = {.wide = 4 * lanes, .row = keys + 16};
    l.depth = (p->layer.depth + l.wide - 1) / l.wide * l.wide;
    l.value_depth = (p->layer.value_depth + l.wide - 1) / l.wide * l.wide;
    l.keys = l.keys_turned + keys * p->layer.depth;
    l.values_turned = l.keys + keys * l.depth;
    l.dk = l.values_turned + keys * p->layer.value_depth;
    l.dv = l.dk + keys * l.depth;
    l.queries = l.dv + keys * l.value_depth;
    l.dy = l.queries + queries * l.depth;
    l.weights = l.dy + queries * l.value_depth;
    l.scores = l.weights + queries * l.row;
    l.floats = l.scores + queries * l.row;
    return l;
}

/// Offsets in what all threads see, in floats: D of every query, its statistics, and what chunks add to dQ.
typedef struct {
    int64_t rows;                  ///< queries of all heads
    int64_t statistics, chunks;
    int64_t floats;
} attention_gradient_shared;

static inline attention_gradient_shared attention_gradient_shared_of(const dlc_attention_gradient *p) {
    attention_gradient_shared s = {.rows = p->layer.batch * p->layer.heads * p->layer.queries};
    s.statistics = s.rows;
    s.chunks = s.statistics + (p->has_statistics ? 0 : 2 * s.rows);
    s.floats = s.chunks + (p->chunks > 1 ? p->chunks * s.rows * p->layer.depth : 0);
    return s;
}

#endif
