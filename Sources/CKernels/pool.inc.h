/// Pooling for one instruction set. A task is one row of output pixels; channels are the lanes.
#include "include/dlc_pool.h"
#include <float.h>
#include <math.h>

/// The part of a window along one axis that lies inside the input.
typedef struct {
    int64_t first;    ///< input position of the first tap inside
    int64_t taps;     ///< taps inside the input
    int64_t counted;  ///< taps that an average divides by
} pool_window;

DLC_TARGET_BEGIN

/// a / dilation, rounded up; a division takes longer than the rest of a small window.
static int64_t pool_steps(int64_t a, int64_t dilation) { return dilation == 1 ? a : (a + dilation - 1) / dilation; }

static pool_window pool_clip(const dlc_pool *p, int axis, int64_t out) {
    int64_t dilation = p->dilation[axis], kernel = p->kernel[axis], extent = p->x_extent[axis];
    int64_t start = out * p->stride[axis] - p->pad_begin[axis];
    int64_t skip = start < 0 ? pool_steps(-start, dilation) : 0;
    int64_t inside = start < extent ? pool_steps(extent - start, dilation) : 0;
    int64_t end = extent + p->pad_end[axis];
    int64_t padded = start < end ? pool_steps(end - start, dilation) : 0;
    if (inside > kernel) inside = kernel;
    if (padded > kernel) padded = kernel;
    int64_t taps = inside > skip ? inside - skip : 0;
    return (pool_window){ start + skip * dilation, taps, p->count_include_pad ? padded : taps };
}

/// Where a task's row of output pixels starts, and its windows on the two outer axes.
typedef struct {
    int64_t batch, y_pixel;
    pool_window d, h;
} pool_row;

static pool_row pool_row_of(const dlc_pool *p, int64_t task) {
    pool_row row;
    int64_t h = task % p->y_extent[1], d = task / p->y_extent[1] % p->y_extent[0];
    row.batch = task / (p->y_extent[1] * p->y_extent[0]);
    row.y_pixel = task * p->y_extent[2];
    row.d = pool_clip(p, 0, d);
    row.h = pool_clip(p, 1, h);
    return row;
}

static int64_t pool_pixel(const dlc_pool *p, const pool_row *row, const pool_window *w) {
    return ((row->batch * p->x_extent[0] + row->d.first) * p->x_extent[1] + row->h.first) * p->x_extent[2] + w->first;
}

/// The larger of `x` and `y`; NaN where one of them is.
DLC_INLINE vf pool_larger(vf x, vf y) { return vf_select(x != x, x, vf_max(x, y)); }

/// `count` vectors of channels of one output pixel, the last of them `tail` lanes wide.
DLC_INLINE void pool_pixel_f32(bool average, int count, const float *x, float *y, const dlc_pool *p,
                               int64_t kd, int64_t kh, int64_t kw, float scale, int64_t tail) {
    int64_t step_w = p->dilation[2] * p->x_ld, step_h = p->dilation[1] * p->x_extent[2] * p->x_ld;
    int64_t step_d = p->dilation[0] * p->x_extent[1] * p->x_extent[2] * p->x_ld;
    vf acc[4];
    for (int v = 0; v < count; v++) acc[v] = vf_set1(average ? 0.0f : -INFINITY);
    for (int64_t d = 0; d < kd; d++) {
        for (int64_t h = 0; h < kh; h++) {
            const float *tap = x + d * step_d + h * step_h;
            for (int64_t w = 0; w < kw; w++, tap += step_w) {
#pragma clang loop unroll(full)
                for (int v = 0; v < count; v++) {
                    vf value = tail < VL ? vf_load_n(tap + v * VL, tail) : vf_load(tap + v * VL);
                    acc[v] = average ? acc[v] + value : pool_larger(value, acc[v]);
                }
            }
        }
    }
    for (int v = 0; v < count; v++) {
        vf value = average ? acc[v] * vf_set1(scale) : acc[v];
        if (tail < VL) vf_store_n(y + v * VL, value, tail);
        else vf_store(y + v * VL, value);
    }
}

enum { POOL_TILE = 4 };

/// Maxima, or sums times `scale`, of POOL_TILE neighbouring windows of `kh` lines by 3 columns: columns first, which windows share.
DLC_INLINE void pool_tile(bool average, const dlc_pool *p, int stride, const float *x, float *y, int64_t kh, float scale) {
    const int columns = (POOL_TILE - 1) * stride + 3;
    const int64_t line = p->dilation[1] * p->x_extent[2] * p->x_ld;
    for (int64_t c = 0; c < p->channels; c += VL) {
        const int64_t n = p->channels - c < VL ? p->channels - c : VL;
        vf column[2 * POOL_TILE + 1];
#pragma clang loop unroll(full)
        for (int i = 0; i < columns; i++) column[i] = vf_set1(average ? 0.0f : -INFINITY);
        for (int64_t h = 0; h < kh; h++) {
            const float *tap = x + h * line + c;
#pragma clang loop unroll(full)
            for (int i = 0; i < columns; i++) {
                const vf value = n == VL ? vf_load(tap + i * p->x_ld) : vf_load_n(tap + i * p->x_ld, n);
                column[i] = average ? column[i] + value : pool_larger(value, column[i]);
            }
        }
#pragma clang loop unroll(full)
        for (int i = 0; i < POOL_TILE; i++) {
            const vf *w = column + i * stride;
            const vf value = average ? (w[0] + w[1] + w[2]) * vf_set1(scale) : pool_larger(w[2], pool_larger(w[1], w[0]));
            if (n == VL) vf_store(y + i * p->y_ld + c, value);
            else vf_store_n(y + i * p->y_ld + c, value, n);
        }
    }
}

/// Whether windows `out ..< out + POOL_TILE` of a row are 3 neighbouring columns inside the input each.
static bool pool_has_tile(const dlc_pool *p, int64_t out) {
    const int64_t first = out * p->stride[2] - p->pad_begin[2];
    return p->kernel[2] == 3 && p->dilation[2] == 1 && p->stride[2] <= 2 && out + POOL_TILE <= p->y_extent[2] && first >= 0 &&
           first + (POOL_TILE - 1) * p->stride[2] + 3 <= p->x_extent[2];
}

/// Fetches into L2 what the window eight outputs further on does not share with the one before it. In a slice of wider
/// pixels, as a part of a concatenation, the processor does not foresee the gaps.
DLC_INLINE void pool_fetch_ahead(const dlc_pool *p, const float *x, int64_t lines) {
    const int64_t line = p->dilation[1] * p->x_extent[2] * p->x_ld, pixels = p->stride[2] < p->kernel[2] ? p->stride[2] : p->kernel[2];
    for (int64_t h = 0; h < lines; h++) {
        const float *pixel = x + h * line + 8 * p->stride[2] * p->x_ld;
        for (int64_t w = 0; w < pixels; w++, pixel += p->x_ld)
            for (int64_t c = 0; c < p->channels; c += 16) __builtin_prefetch(pixel + c, 0, 2);
    }
}

DLC_INLINE void pool_rows_f32(const dlc_call *call, bool average) {
    const dlc_pool *p = call->params;
    int64_t channels = p->channels;
    for (int64_t task = call->begin; task < call->end; task++) {
        pool_row row = pool_row_of(p, task);
        float *y = (float *)call->buffers[1] + row.y_pixel * p->y_ld;
        for (int64_t out = 0; out < p->y_extent[2]; out++, y += p->y_ld) {
            pool_window w = pool_clip(p, 2, out);
            int64_t kd = row.d.taps, kh = row.h.taps, kw = w.taps;
            if (kd * kh * kw == 0) {
                for (int64_t c = 0; c < channels; c++) y[c] = average ? 0.0f : -FLT_MAX;
                continue;
            }
            const float scale = 1.0f / (float)(row.d.counted * row.h.counted * w.counted);
            const float *x = (const float *)call->buffers[0] + pool_pixel(p, &row, &w) * p->x_ld;
            if (kd == 1 && pool_has_tile(p, out)) {
                if (p->stride[2] == 1) pool_tile(average, p, 1, x, y, kh, scale);
                else pool_tile(average, p, 2, x, y, kh, scale);
                out += POOL_TILE - 1, y += (POOL_TILE - 1) * p->y_ld;
                continue;
            }
            if (p->x_ld > channels && kd == 1) pool_fetch_ahead(p, x, kh);
            int64_t c = 0;
            for (; c + 4 * VL <= channels; c += 4 * VL)
                pool_pixel_f32(average, 4, x + c, y + c, p, kd, kh, kw, scale, VL);
            for (; c + 2 * VL <= channels; c += 2 * VL)
                pool_pixel_f32(average, 2, x + c, y + c, p, kd, kh, kw, scale, VL);
            for (; c + VL <= channels; c += VL)
                pool_pixel_f32(average, 1, x + c, y + c, p, kd, kh, kw, scale, VL);
            if (c < channels)
                pool_pixel_f32(average, 1, x + c, y + c, p, kd, kh, kw, scale, channels - c);
        }
    }
}

static void DLC_NAME(pool_max_f32)(const dlc_call *call) { pool_rows_f32(call, false); }
static void DLC_NAME(pool_average_f32)(const dlc_call *call) { pool_rows_f32(call, true); }

/// The flat channels-first position of a tap, without the batch and channel part.
static int64_t pool_index(const dlc_pool *p, int64_t d, int64_t h, int64_t w) {
    if (p->column_major) return (w * p->x_extent[1] + h) * p->x_extent[0] + d;
    return (d * p->x_extent[1] + h) * p->x_extent[2] + w;
}

#define T float
#define POOL_ANY DLC_NAME(pool_any_f32)
#define POOL_LOWEST (-FLT_MAX)
#define POOL_FLOATING 1
#include "pool_any.inc.h"
#define T double
#define POOL_ANY DLC_NAME(pool_any_f64)
#define POOL_LOWEST (-DBL_MAX)
#define POOL_FLOATING 1
#include "pool_any.inc.h"
#define T int8_t
#define POOL_ANY DLC_NAME(pool_any_i8)
#define POOL_LOWEST INT8_MIN
#define POOL_FLOATING 0
#include "pool_any.inc.h"
#define T uint8_t
#define POOL_ANY DLC_NAME(pool_any_u8)
#define POOL_LOWEST 0
#define POOL_FLOATING 0
#include "pool_any.inc.h"

DLC_TARGET_END
