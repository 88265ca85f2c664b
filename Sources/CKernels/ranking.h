/// Elements in order: keys that compare as their elements do, and a heap of them.
#ifndef DLC_RANKING_H
#define DLC_RANKING_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

/// An element and its order: a greater key comes first, then a lower index.
typedef struct { uint64_t key; int64_t index; } dlc_ranked;

static inline bool dlc_comes_after(dlc_ranked a, dlc_ranked b) { return a.key < b.key || (a.key == b.key && a.index > b.index); }

/// A number that orders as `x` does; NaN above everything.
static inline uint64_t dlc_float_key(double x) {
    if (x != x) return UINT64_MAX;
    x += 0.0; // zeros are equal
    uint64_t bits;
    memcpy(&bits, &x, sizeof bits);
    return bits >> 63 ? ~bits : bits | UINT64_C(1) << 63;
}

/// Restores the heap (the entry that comes last at its root) below `at`.
static inline void dlc_sift(dlc_ranked *heap, int64_t n, int64_t at) {
    dlc_ranked moving = heap[at];
    for (int64_t child; (child = 2 * at + 1) < n; at = child) {
        if (child + 1 < n && dlc_comes_after(heap[child + 1], heap[child])) child += 1;
        if (!dlc_comes_after(heap[child], moving)) break;
        heap[at] = heap[child];
    }
    heap[at] = moving;
}

#endif
