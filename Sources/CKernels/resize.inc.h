/// Resize for one instruction set. A task is one row of the result: all positions of the innermost
/// resized axis and what lies behind it. The source rows are first combined over the axes before it.
#include "resize.h"
#include <math.h>
#include <string.h>

DLC_TARGET_BEGIN

/// A task's place in the outer axes: which tap of which axis is next. The source rows of the result are
/// all combinations of taps, each weighted with the product of their weights.
typedef struct {
    int64_t out[DLC_MAX_RANK];
    int32_t tap[DLC_MAX_RANK];
    bool outside;
} resize_row;

static resize_row resize_row_of(const dlc_resize *p, const void *tables, int64_t task) {
    resize_row row = {0};
    for (int32_t axis = p->last - 1; axis >= 0; axis--) {
        row.out[axis] = task % p->y_extent[axis];
        task /= p->y_extent[axis];
        if (p->taps[axis] > 0 && resize_positions(p, tables, axis, row.out[axis])[0] < 0) row.outside = true;
    }
    return row;
}

/// The source row that the taps point at, counted in rows, and its weight.
static int64_t resize_source(const dlc_resize *p, const void *tables, const resize_row *row, double *weight) {
    int64_t at = 0;
    *weight = 1;
    for (int32_t axis = 0; axis < p->last; axis++) {
        int64_t position = row->out[axis];
        if (p->taps[axis] > 0) {
            position = resize_positions(p, tables, axis, row->out[axis])[row->tap[axis]];
            *weight *= resize_weight(p, resize_weights(p, tables, axis, row->out[axis]), row->tap[axis]);
        }
        at = at * p->x_extent[axis] + position;
    }
    return at;
}

/// Goes on to the next combination of taps; false after the last.
static bool resize_next(const dlc_resize *p, resize_row *row) {
    for (int32_t axis = p->last - 1; axis >= 0; axis--) {
        if (p->taps[axis] == 0) continue;
        if (++row->tap[axis] < p->taps[axis]) return true;
        row->tap[axis] = 0;
    }
    return false;
}

/// to = weight · from, added to what is there unless it is the first.
DLC_INLINE void resize_add(const float *from, float weight, float *to, int64_t n, bool first) {
    vf w = vf_set1(weight);
    for (int64_t i = 0; i < n; i += VL) {
        int64_t some = n - i < VL ? n - i : VL;
        vf x = vf_load_n(from + i, some);
        vf_store_n(to + i, first ? x * w : vf_fma(x, w, vf_load_n(to + i, some)), some);
    }
}

/// One position of the innermost resized axis, `n` elements wide.
DLC_INLINE void resize_pixel(int taps, const float *from, const int32_t *positions, const float *weights, float *to, int64_t n) {
    for (int64_t i = 0; i < n; i += VL) {
        int64_t some = n - i < VL ? n - i : VL;
        vf sum = vf_zero();
        for (int k = 0; k < taps; k++)
            sum = vf_fma(vf_load_n(from + positions[k] * n + i, some), vf_set1(weights[k]), sum);
        vf_store_n(to + i, sum, some);
    }
}

/// The same of a single element.
DLC_INLINE float resize_number(int taps, const float *from, const int32_t *positions, const float *weights) {
    float sum = from[positions[0]] * weights[0];
    for (int k = 1; k < taps; k++) sum += from[positions[k]] * weights[k];
    return sum;
}

DLC_INLINE void resize_numbers(int taps, const float *from, const int32_t *positions, const float *weights, float *to, int64_t count) {
    for (int64_t i = 0; i < count; i++) to[i] = resize_number(taps, from, positions + i * taps, weights + i * taps);
}

/// The combined row along the innermost resized axis.
static void resize_along_f32(const dlc_resize *p, const void *tables, const float *from, float *to) {
    int64_t n = p->inner, out = p->y_extent[p->last];
    int32_t taps = p->taps[p->last];
    const int32_t *positions = resize_positions(p, tables, p->last, 0);
    const float *weights = resize_weights(p, tables, p->last, 0);
    if (n == 1 && p->coordinates != DLC_RESIZE_TF_CROP_AND_RESIZE) {
        if (taps == 2) resize_numbers(2, from, positions, weights, to, out);
        else if (taps == 4) resize_numbers(4, from, positions, weights, to, out);
        else resize_numbers(taps, from, positions, weights, to, out);
        return;
    }
    for (int64_t i = 0; i < out; i++, positions += taps, weights += taps, to += n) {
        if (positions[0] < 0) {
            for (int64_t c = 0; c < n; c++) to[c] = (float)p->extrapolation;
        } else if (n == 1) {
            *to = resize_number(taps, from, positions, weights);
        } else if (taps == 2) {
            resize_pixel(2, from, positions, weights, to, n);
        } else if (taps == 4) {
            resize_pixel(4, from, positions, weights, to, n);
        } else {
            resize_pixel(taps, from, positions, weights, to, n);
        }
    }
}

static void DLC_NAME(resize_f32)(const dlc_call *call) {
    const dlc_resize *p = call->params;
    const void *tables = call->buffers[2];
    int64_t in = p->x_extent[p->last] * p->inner, out = p->y_extent[p->last] * p->inner;
    for (int64_t task = call->begin; task < call->end; task++) {
        resize_row row = resize_row_of(p, tables, task);
        float *y = (float *)call->buffers[1] + task * out, *combined = call->scratch;
        if (row.outside) {
            for (int64_t i = 0; i < out; i++) y[i] = (float)p->extrapolation;
            continue;
        }
        const float *source = combined;
        bool first = true;
        do {
            double weight;
            const float *x = (const float *)call->buffers[0] + resize_source(p, tables, &row, &weight) * in;
            if (weight == 1 && first) {
                source = x; // the others weigh nothing
                break;
            }
            if (weight == 0) continue;
            resize_add(x, (float)weight, combined, in, first);
            first = false;
        } while (resize_next(p, &row));
        if (first && source == combined) // every tap is outside the input and excluded
            for (int64_t i = 0; i < in; i++) combined[i] = 0;
        resize_along_f32(p, tables, source, y);
    }
}

/// The nearest integer, halves to the even one; what lies as close to a half as sums are exact is one, so that the order of a
/// sum does not decide.
DLC_INLINE double resize_rounded(double v) { return rint(rint(v * 4096) / 4096); }

#define T double
#define RESIZE_WORK double
#define RESIZE_ANY DLC_NAME(resize_f64)
#define RESIZE_STORE(v) (v)
#include "resize_any.inc.h"
#define T int8_t
#define RESIZE_WORK float
#define RESIZE_ANY DLC_NAME(resize_i8)
#define RESIZE_STORE(v) ((int8_t)((v) > -128 ? (v) < 127 ? resize_rounded(v) : 127 : -128))
#include "resize_any.inc.h"
#define T uint8_t
#define RESIZE_WORK float
#define RESIZE_ANY DLC_NAME(resize_u8)
#define RESIZE_STORE(v) ((uint8_t)((v) > 0 ? (v) < 255 ? resize_rounded(v) : 255 : 0))
#include "resize_any.inc.h"

/// The value of a position outside a crop, in the resized type.
static void resize_outside(const dlc_resize *p, void *value) {
    double v = p->extrapolation;
    float f = (float)v;
    int64_t i = v > -9e18 ? v < 9e18 ? (int64_t)v : INT64_MAX : v <= -9e18 ? INT64_MIN : 0;
    if (p->type == DLC_F32) memcpy(value, &f, 4);
    else if (p->type == DLC_F64) memcpy(value, &v, 8);
    else memcpy(value, &i, 8); // little-endian: narrower types take its low bytes
}

/// The plane of the source that a plane of the result comes from, all axes before the last resized one and the one above;
/// -1 outside a crop.
static int64_t resize_plane(const dlc_resize *p, const void *tables, int64_t plane) {
    int64_t at = 0, step = 1;
    for (int32_t axis = p->last - 2; axis >= 0; axis--) {
        const int64_t out = plane % p->y_extent[axis], position = p->taps[axis] > 0 ? resize_positions(p, tables, axis, out)[0] : out;
        if (position < 0) return -1;
        at += position * step;
        step *= p->x_extent[axis];
        plane /= p->y_extent[axis];
    }
    return at;
}

#if DLC_HAS_SHUFFLE
DLC_INLINE v16 resize_window(const dlc_resize_window *w, const char *x) { return v16_shuffle(v16_load(x + w->from), v16_load(w->at)); }
#endif

/// A row of `size` bytes; false where the processor shuffles no bytes, or there are no windows.
static bool resize_shuffled(const dlc_resize_shuffle *shuffle, const char *x, char *y, int64_t size) {
#if DLC_HAS_SHUFFLE
    const dlc_resize_window *w = shuffle->windows;
    const int64_t count = shuffle->count;
    if (count == 1) {
        for (int64_t i = 0; i + 16 <= size; i += 16, w++) v16_store(y + i, resize_window(w, x));
        if (size % 16 != 0) v16_store(y + size - 16, resize_window(w, x));
        return true;
    }
    for (int64_t i = 0; i < size && count > 0; i += 16) {
        v16 v = resize_window(w++, x);
        for (int64_t k = 1; k < count; k++) v |= resize_window(w++, x);
        v16_store(y + (size - i < 16 ? size - 16 : i), v);
    }
    return count > 0;
#else
    return false;
#endif
}

/// A row once more; a call takes as long as copying a short one.
static void resize_again(const char *row, char *again, int64_t size) {
    enum { some = 64 };
    if (size < some || size > 1024) {
        memcpy(again, row, (size_t)size);
        return;
    }
    for (int64_t i = 0; i + some < size; i += some) memcpy(again + i, row + i, some);
    memcpy(again + size - some, row + size - some, some);
}

#define T uint8_t
#define RESIZE_NEAREST DLC_NAME(resize_nearest_1)
#include "resize_nearest.inc.h"
#define T uint16_t
#define RESIZE_NEAREST DLC_NAME(resize_nearest_2)
#include "resize_nearest.inc.h"
#define T uint32_t
#define RESIZE_NEAREST DLC_NAME(resize_nearest_4)
#include "resize_nearest.inc.h"
#define T uint64_t
#define RESIZE_NEAREST DLC_NAME(resize_nearest_8)
#include "resize_nearest.inc.h"

DLC_TARGET_END
