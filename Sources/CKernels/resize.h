/// The tables of a resize: per axis, for every output position, the source positions (int32), then as
/// many weights (f32). A first position of -1 is outside a crop.
#ifndef DLC_RESIZE_INTERNAL_H
#define DLC_RESIZE_INTERNAL_H

#include "include/dlc_resize.h"

/// Source positions of each output position of an axis that is resized.
int32_t dlc_resize_taps(const dlc_resize *p, int32_t axis);

static inline const int32_t *resize_positions(const dlc_resize *p, const void *tables, int32_t axis, int64_t out) {
    return (const int32_t *)tables + p->table[axis] + out * p->taps[axis];
}

static inline const float *resize_weights(const dlc_resize *p, const void *tables, int32_t axis, int64_t out) {
    return (const float *)tables + p->table[axis] + (p->y_extent[axis] + out) * p->taps[axis];
}

#endif
