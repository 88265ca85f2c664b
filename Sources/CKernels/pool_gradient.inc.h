/// Gradients of pooling for one instruction set. A task is a band of rows of dx, for `select` a row of the result;
/// channels are the lanes.
#include "include/dlc_pool_gradient.h"
#include "gather_index.h"
#include <string.h>

/// Taps of a window, clipped, with the places of pixels relative to its first.
typedef struct {
    int64_t d, h, w;                     ///< taps along each axis
    int64_t pixel;                       ///< of the first tap
    int64_t step_d, step_h, step_w;      ///< in pixels
    int64_t begin, end;                  ///< taps along h that lie in the band
} pool_taps;

DLC_TARGET_BEGIN

/// The window of an output pixel with rows of the input within `first ..< last` in the band.
static pool_taps pool_taps_of(const dlc_pool *p, int64_t batch, const pool_window *d, const pool_window *h, const pool_window *w,
                              int64_t first, int64_t last) {
    pool_taps t = { .d = d->taps, .h = h->taps, .w = w->taps, .step_w = p->dilation[2], .step_h = p->dilation[1] * p->x_extent[2] };
    t.step_d = p->dilation[0] * p->x_extent[1] * p->x_extent[2];
    t.pixel = ((batch * p->x_extent[0] + d->first) * p->x_extent[1] + h->first) * p->x_extent[2] + w->first;
    t.begin = first > h->first ? dlc_lesser(t.h, pool_steps(first - h->first, p->dilation[1])) : 0;
    t.end = last > h->first ? dlc_lesser(t.h, pool_steps(last - h->first, p->dilation[1])) : 0;
    return t;
}

/// The number of the tap with each lane's maximum, in row order; with `other`, what stands there.
DLC_INLINE vi pool_maxima_f32(const pool_taps *t, const float *x, int64_t x_ld, const float *other, int64_t other_ld, int64_t n, vf *chosen) {
    vf best = vf_load_n(x, n);
    if (other) *chosen = vf_load_n(other, n);
    vi index = vi_set1(0);
    int32_t tap = 0;
    for (int64_t d = 0; d < t->d; d++) {
        for (int64_t h = 0; h < t->h; h++) {
            int64_t pixel = d * t->step_d + h * t->step_h;
            for (int64_t w = 0; w < t->w; w++, pixel += t->step_w, tap++) {
                vf value = vf_load_n(x + pixel * x_ld, n);
                // Above, or the first that is no number.
                vi above = ~(value <= best) & (best == best);
                best = vf_select(above, value, best);
                if (other) *chosen = vf_select(above, vf_load_n(other + pixel * other_ld, n), *chosen);
                else index = (vi_set1(tap) & above) | (index & ~above);
            }
        }
    }
    return index;
}

/// Adds `value` to every tap in the band, or, if it chooses, each lane to the tap of its number; taps that no other window
/// has are stored.
DLC_INLINE void pool_scatter_f32(const pool_taps *t, float *dx, int64_t ld, vf value, bool chooses, bool alone, vi index, int64_t n) {
    for (int64_t d = 0; d < t->d; d++) {
        for (int64_t h = t->begin; h < t->end; h++) {
            float *target = dx + (d * t->step_d + h * t->step_h) * ld;
            int32_t tap = (int32_t)((d * t->h + h) * t->w);
            for (int64_t w = 0; w < t->w; w++, tap++, target += t->step_w * ld) {
                vf part = chooses ? (vf)((vi)value & (index == vi_set1(tap))) : value;
                vf_store_n(target, alone ? part : vf_load_n(target, n) + part, n);
            }
        }
    }
}

/// A whole window of `size` × `size` taps: each lane of `value` goes to its first maximum, in lines `begin ..< end` of the window.
DLC_INLINE void pool_square_f32(const int size, const pool_taps *t, const float *x, int64_t x_ld, float *dx, int64_t ld, vf value, bool alone, int64_t n, const bool whole) {
    vf best = vf_zero();
    vi index = vi_set1(0);
#pragma clang loop unroll(full)
    for (int tap = 0; tap < size * size; tap++) {
        const float *at = x + (tap / size * t->step_h + tap % size * t->step_w) * x_ld;
        vf v = whole ? vf_load(at) : vf_load_n(at, n);
        if (tap == 0) {
            best = v;
            continue;
        }
        vi above = ~(v <= best) & (best == best);
        best = vf_select(above, v, best);
        index = (vi_set1(tap) & above) | (index & ~above);
    }
#pragma clang loop unroll(full)
    for (int h = 0; h < size; h++) {
        if (h < t->begin || h >= t->end) continue;
#pragma clang loop unroll(full)
        for (int w = 0; w < size; w++) {
            float *target = dx + (h * t->step_h + w * t->step_w) * ld;
            vf part = (vf)((vi)value & (index == vi_set1(h * size + w)));
            if (!alone) part += whole ? vf_load(target) : vf_load_n(target, n);
            if (whole) vf_store(target, part);
            else vf_store_n(target, part, n);
        }
    }
}

/// The channels of one window of `size` × `size` taps.
static void pool_square_2_f32(const pool_taps *t, const float *x, int64_t x_ld, const float *dy, float *dx, int64_t ld, int64_t channels, bool alone) {
    int64_t c = 0;
    for (; c + VL <= channels; c += VL) pool_square_f32(2, t, x + c, x_ld, dx + c, ld, vf_load(dy + c), alone, VL, true);
    if (c < channels) pool_square_f32(2, t, x + c, x_ld, dx + c, ld, vf_load_n(dy + c, channels - c), alone, channels - c, false);
}
static void pool_square_3_f32(const pool_taps *t, const float *x, int64_t x_ld, const float *dy, float *dx, int64_t ld, int64_t channels, bool alone) {
    int64_t c = 0;
    for (; c + VL <= channels; c += VL) pool_square_f32(3, t, x + c, x_ld, dx + c, ld, vf_load(dy + c), alone, VL, true);
    if (c < channels) pool_square_f32(3, t, x + c, x_ld, dx + c, ld, vf_load_n(dy + c, channels - c), alone, channels - c, false);
}

/// The output rows whose windows may reach rows `first ..< last` of the input.
static void pool_rows_reaching(const dlc_pool *p, int64_t first, int64_t last, int64_t *begin, int64_t *end) {
    int64_t reach = (p->kernel[1] - 1) * p->dilation[1], stride = p->stride[1];
    int64_t low = first + p->pad_begin[1] - reach, high = last + p->pad_begin[1];
    *begin = low > 0 ? dlc_quotient_up(low, stride) : 0;
    *end = dlc_lesser(high > 0 ? dlc_quotient_up(high, stride) : 0, p->y_extent[1]);
}

DLC_INLINE void pool_gradient_rows(const dlc_call *call, const bool average, const bool alone) {
    const dlc_pool_gradient *g = call->params;
    const dlc_pool *p = &g->pool;
    const float *x = call->buffers[0], *dy = call->buffers[1];
    float *dx = call->buffers[2];
    for (int64_t task = call->begin; task < call->end; task++) {
        int64_t batch = task / g->bands, first = task % g->bands * g->rows, last = dlc_lesser(first + g->rows, p->x_extent[1]);
        for (int64_t d = 0; d < p->x_extent[0]; d++) {
            int64_t pixel = ((batch * p->x_extent[0] + d) * p->x_extent[1] + first) * p->x_extent[2];
            int64_t count = (last - first) * p->x_extent[2];
            if (g->result_ld == p->channels) memset(dx + pixel * p->channels, 0, (size_t)(count * p->channels) * sizeof(float));
            else for (int64_t i = 0; i < count; i++) memset(dx + (pixel + i) * g->result_ld, 0, (size_t)p->channels * sizeof(float));
        }
        int64_t begin, end;
        pool_rows_reaching(p, first, last, &begin, &end);
        for (int64_t z = 0; z < p->y_extent[0]; z++) {
            pool_window d = pool_clip(p, 0, z);
            for (int64_t row = begin; row < end; row++) {
                pool_window h = pool_clip(p, 1, row);
                int64_t y_pixel = ((batch * p->y_extent[0] + z) * p->y_extent[1] + row) * p->y_extent[2];
                for (int64_t out = 0; out < p->y_extent[2]; out++, y_pixel++) {
                    pool_window w = pool_clip(p, 2, out);
                    pool_taps t = pool_taps_of(p, batch, &d, &h, &w, first, last);
                    if (t.d * t.h * t.w == 0 || t.begin >= t.end) continue;
                    if (!average && t.d == 1 && t.h == t.w && (t.h == 2 || t.h == 3)) {
                        const float *from = x + t.pixel * p->x_ld, *value = dy + y_pixel * g->dy_ld;
                        (t.h == 2 ? pool_square_2_f32 : pool_square_3_f32)(&t, from, p->x_ld, value, dx + t.pixel * g->result_ld, g->result_ld, p->channels, alone);
                        continue;
                    }
                    const vf scale = vf_set1(average ? 1.0f / (float)(d.counted * h.counted * w.counted) : 1);
                    for (int64_t c = 0; c < p->channels; c += VL) {
                        int64_t n = dlc_lesser(p->channels - c, VL);
                        vf value = vf_load_n(dy + y_pixel * g->dy_ld + c, n);
                        float *target = dx + t.pixel * g->result_ld + c;
                        if (average) {
                            pool_scatter_f32(&t, target, g->result_ld, value * scale, false, alone, vi_set1(0), n);
                        } else {
                            vi index = pool_maxima_f32(&t, x + t.pixel * p->x_ld + c, p->x_ld, NULL, 0, n, NULL);
                            pool_scatter_f32(&t, target, g->result_ld, value, true, alone, index, n);
                        }
                    }
                }
            }
        }
    }
}

static void DLC_NAME(pool_gradient_f32)(const dlc_call *call) {
    const dlc_pool_gradient *g = call->params;
    const bool average = g->kind == DLC_POOL_GRADIENT_AVERAGE;
    if (average && g->alone) pool_gradient_rows(call, true, true);
    else if (average) pool_gradient_rows(call, true, false);
    else if (g->alone) pool_gradient_rows(call, false, true);
    else pool_gradient_rows(call, false, false);
}

static void DLC_NAME(pool_select_f32)(const dlc_call *call) {
    const dlc_pool_gradient *g = call->params;
    const dlc_pool *p = &g->pool;
    for (int64_t task = call->begin; task < call->end; task++) {
        pool_row row = pool_row_of(p, task);
        float *y = (float *)call->buffers[2] + row.y_pixel * g->result_ld;
        for (int64_t out = 0; out < p->y_extent[2]; out++, y += g->result_ld) {
            pool_window w = pool_clip(p, 2, out);
            pool_taps t = pool_taps_of(p, row.batch, &row.d, &row.h, &w, 0, 0);
            const float *x = (const float *)call->buffers[0] + t.pixel * p->x_ld, *other = (const float *)call->buffers[1] + t.pixel * g->dy_ld;
            bool empty = t.d * t.h * t.w == 0;
            for (int64_t c = 0; c < p->channels; c += VL) {
                int64_t n = dlc_lesser(p->channels - c, VL);
                vf chosen = vf_zero();
                if (!empty) pool_maxima_f32(&t, x + c, p->x_ld, other + c, g->dy_ld, n, &chosen);
                vf_store_n(y + c, chosen, n);
            }
        }
    }
}

/// The offset in pixels of one channel's maximum, from the window's first tap.
static int64_t pool_maximum_f64(const pool_taps *t, const double *x, int64_t ld) {
    double best = x[0];
    int64_t place = 0;
    for (int64_t d = 0; d < t->d; d++)
    for (int64_t h = 0; h < t->h; h++)
    for (int64_t w = 0; w < t->w; w++) {
        int64_t pixel = d * t->step_d + h * t->step_h + w * t->step_w;
        if (x[pixel * ld] <= best || best != best) continue;
        best = x[pixel * ld], place = pixel;
    }
    return place;
}

static void DLC_NAME(pool_gradient_f64)(const dlc_call *call) {
    const dlc_pool_gradient *g = call->params;
    const dlc_pool *p = &g->pool;
    const double *x = call->buffers[0], *dy = call->buffers[1];
    double *dx = call->buffers[2];
    for (int64_t task = call->begin; task < call->end; task++) {
        int64_t batch = task / g->bands, first = task % g->bands * g->rows, last = dlc_lesser(first + g->rows, p->x_extent[1]);
        for (int64_t d = 0; d < p->x_extent[0]; d++) {
            int64_t pixel = ((batch * p->x_extent[0] + d) * p->x_extent[1] + first) * p->x_extent[2];
            for (int64_t i = 0; i < (last - first) * p->x_extent[2]; i++)
                memset(dx + (pixel + i) * g->result_ld, 0, (size_t)p->channels * sizeof(double));
        }
        int64_t begin, end;
        pool_rows_reaching(p, first, last, &begin, &end);
        for (int64_t z = 0; z < p->y_extent[0]; z++)
        for (int64_t row = begin; row < end; row++)
        for (int64_t out = 0; out < p->y_extent[2]; out++) {
            pool_window d = pool_clip(p, 0, z), h = pool_clip(p, 1, row), w = pool_clip(p, 2, out);
            pool_taps t = pool_taps_of(p, batch, &d, &h, &w, first, last);
            if (t.d * t.h * t.w == 0 || t.begin >= t.end) continue;
            int64_t y_pixel = ((batch * p->y_extent[0] + z) * p->y_extent[1] + row) * p->y_extent[2] + out;
            for (int64_t c = 0; c < p->channels; c++) {
                double value = dy[y_pixel * g->dy_ld + c], *target = dx + t.pixel * g->result_ld + c;
                if (g->kind == DLC_POOL_GRADIENT_MAX) {
                    int64_t pixel = pool_maximum_f64(&t, x + t.pixel * p->x_ld + c, p->x_ld);
                    int64_t line = (t.pixel + pixel) / p->x_extent[2] % p->x_extent[1];
                    if (line >= first && line < last) target[pixel * g->result_ld] += value;
                    continue;
                }
                double part = value / (double)(d.counted * h.counted * w.counted);
                for (int64_t i = 0; i < t.d; i++)
                for (int64_t j = t.begin; j < t.end; j++)
                for (int64_t k = 0; k < t.w; k++) target[(i * t.step_d + j * t.step_h + k * t.step_w) * g->result_ld] += part;
            }
        }
    }
}

static void DLC_NAME(pool_select_f64)(const dlc_call *call) {
    const dlc_pool_gradient *g = call->params;
    const dlc_pool *p = &g->pool;
    for (int64_t task = call->begin; task < call->end; task++) {
        pool_row row = pool_row_of(p, task);
        double *y = (double *)call->buffers[2] + row.y_pixel * g->result_ld;
        for (int64_t out = 0; out < p->y_extent[2]; out++, y += g->result_ld) {
            pool_window w = pool_clip(p, 2, out);
            pool_taps t = pool_taps_of(p, row.batch, &row.d, &row.h, &w, 0, 0);
            const double *x = (const double *)call->buffers[0] + t.pixel * p->x_ld, *other = (const double *)call->buffers[1] + t.pixel * g->dy_ld;
            bool empty = t.d * t.h * t.w == 0;
            for (int64_t c = 0; c < p->channels; c++) y[c] = empty ? 0 : other[pool_maximum_f64(&t, x + c, p->x_ld) * g->dy_ld + c];
        }
    }
}

DLC_TARGET_END
