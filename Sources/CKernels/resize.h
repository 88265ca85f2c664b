/// The tables of a resize: per axis, for every output position, the source positions (int32), then as
/// many weights, f64 for a resize of f64, else f32. A first position of -1 is outside a crop.
#ifndef DLC_RESIZE_INTERNAL_H
#define DLC_RESIZE_INTERNAL_H

#include "include/dlc_resize.h"

/// Source positions of each output position of an axis that is resized.
int32_t dlc_resize_taps(const dlc_resize *p, int32_t axis);

static inline const int32_t *resize_positions(const dlc_resize *p, const void *tables, int32_t axis, int64_t out) {
    return (const int32_t *)tables + p->table[axis] + out * p->taps[axis];
}

/// Words of four bytes that a weight takes.
static inline int32_t resize_weight_words(const dlc_resize *p) { return p->type == DLC_F64 ? 2 : 1; }

/// The weights of an output position: floats, or doubles.
static inline const void *resize_weights(const dlc_resize *p, const void *tables, int32_t axis, int64_t out) {
    // Weights begin at an even word.
    int64_t first = p->table[axis] + (p->y_extent[axis] * p->taps[axis] + 1) / 2 * 2;
    return (const float *)tables + first + out * p->taps[axis] * resize_weight_words(p);
}

static inline double resize_weight(const dlc_resize *p, const void *weights, int32_t tap) {
    return p->type == DLC_F64 ? ((const double *)weights)[tap] : (double)((const float *)weights)[tap];
}

/// 16 bytes of a row of the source, from byte `from` on, and which of them each of 16 bytes of the result is; none where it is 128.
typedef struct {
    uint8_t at[16];
    int64_t from;
} dlc_resize_window;

enum { DLC_RESIZE_WINDOWS = 4 }; ///< the most for 16 bytes of the result

/// What ends the tables of a nearest resize of small pixels: how a row of the result is made by 16 bytes at a time, the last of which
/// may overlap those before, as the union of `count` windows each; 0 where rows are too short, or where that were too many.
typedef struct {
    int64_t count;
    dlc_resize_window windows[];
} dlc_resize_shuffle;

/// The words that it takes in the tables; 0 where it is not there.
int64_t dlc_resize_shuffle_words(const dlc_resize *p);

static inline const dlc_resize_shuffle *resize_shuffle_of(const dlc_resize *p, const void *tables) {
    const int64_t words = dlc_resize_shuffle_words(p);
    return words == 0 ? NULL : (const void *)((const int32_t *)tables + p->table_words - words);
}

#endif
