/// How attention lays out packed keys and values and the scores of a block of queries.
#ifndef DLC_ATTENTION_INTERNAL_H
#define DLC_ATTENTION_INTERNAL_H

#include "include/dlc_attention.h"

/// Both products are of rows by panels of 4 vectors of columns. Packed per head of K and V: Kᵀ as
/// panels [key panel][depth][4·lanes], then V as panels [value panel][keys][4·lanes].
typedef struct {
    int64_t wide;            ///< columns of a panel
    int64_t key_panels, value_panels;
    int64_t values, check;   ///< offsets of V and of a float that is 0 where all of V is finite, in floats
    int64_t head;            ///< size of a head
    int64_t scores;          ///< floats of one row of scores
} attention_layout;

/// What a query's weights were made with: eˢ⁻ᵐᵃˣ · factor. The maximum is 0 where all scores are −∞, the factor 0 where nothing is
/// seen, or NaN.
typedef struct { float maximum, factor; } attention_statistics;

/// Whether extents, heads and mask have a meaning.
bool dlc_attention_valid(const dlc_attention *p);

static inline attention_layout attention_layout_of(const dlc_attention *p, int64_t lanes) {
    attention_layout l = { .wide = 4 * lanes };
    l.key_panels = (p->keys + l.wide - 1) / l.wide;
    l.value_panels = (p->value_depth + l.wide - 1) / l.wide;
    l.values = l.key_panels * l.wide * p->depth;
    l.check = l.values + l.value_panels * l.wide * p->keys;
    l.head = l.check + 16;
    // Rows an odd number of cache lines apart do not fall on the same sets.
    l.scores = l.key_panels * l.wide + 16;
    return l;
}

#endif
