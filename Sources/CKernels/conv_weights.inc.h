// Rank-1 updates of a tile that stays in registers while pixels go by.
#include "conv_weights.h"

DLC_TARGET_BEGIN

DLC_INLINE void DLC_NAME(weights_body)(const dlc_weights_tile *t, const int rows, const int vectors, const bool dense, const bool whole, const bool near) {
    vf sum[DLC_WEIGHTS_MOST_ROWS][4];
    const float *at[DLC_WEIGHTS_MOST_ROWS], *from[4];
    int64_t width[4];
#pragma clang loop unroll(full)
    for (int j = 0; j < vectors; j++) width[j] = t->width[j];
#pragma clang loop unroll(full)
    for (int i = 0; i < rows; i++) {
#pragma clang loop unroll(full)
        for (int j = 0; j < vectors; j++) sum[i][j] = vf_zero();
    }
    for (int64_t s = 0; s < t->segments; s++) {
        const float *a = t->a + t->a_start[s];
#pragma clang loop unroll(full)
        for (int j = 0; j < vectors; j++) from[j] = t->b + t->b_start[s] + (near ? t->column[0] + j * VL : t->column[j]);
        if (!dense) {
#pragma clang loop unroll(full)
            for (int i = 0; i < rows; i++) at[i] = a + t->offset[i];
        } else {
            a += t->offset[0];
        }
        const int64_t count = t->counts[s], a_step = t->a_step, b_step = t->b_step;
        int64_t a_at = 0, b_at = 0;
        for (int64_t k = 0; k < count; k++) {
            vf value[4];
#pragma clang loop unroll(full)
            for (int j = 0; j < vectors; j++) value[j] = near ? vf_load(from[0] + b_at + j * VL) : whole ? vf_load(from[j] + b_at) : vf_load_n(from[j] + b_at, width[j]);
#pragma clang loop unroll(full)
            for (int i = 0; i < rows; i++) {
                const vf x = vf_set1(dense ? a[a_at + i] : at[i][a_at]);
#pragma clang loop unroll(full)
                for (int j = 0; j < vectors; j++) sum[i][j] = vf_fma(x, value[j], sum[i][j]);
            }
            a_at += a_step, b_at += b_step;
        }
    }
#pragma clang loop unroll(full)
    for (int i = 0; i < rows; i++) {
        if (i >= t->rows) continue;
        float *target = t->sums + i * t->sums_row;
#pragma clang loop unroll(full)
        for (int j = 0; j < vectors; j++)
            vf_store_n(target + t->place[j], t->first ? sum[i][j] : vf_load_n(target + t->place[j], width[j]) + sum[i][j], width[j]);
    }
}

#define WEIGHTS_KIND(kind, rows, vectors, dense, whole, near) \
    static void DLC_NAME(weights_##kind##_##vectors)(const dlc_weights_tile *t) { DLC_NAME(weights_body)(t, rows, vectors, dense, whole, near); }
#define WEIGHTS_TILE(rows, vectors)                          \
    WEIGHTS_KIND(any, rows, vectors, false, false, false)    \
    WEIGHTS_KIND(dense, rows, vectors, true, false, false)   \
    WEIGHTS_KIND(whole, rows, vectors, true, true, false)    \
    WEIGHTS_KIND(whole_near, rows, vectors, true, true, true) \
    WEIGHTS_KIND(any_near, rows, vectors, false, true, true)

#if DLC_REGISTERS == 32
WEIGHTS_TILE(14, 1) WEIGHTS_TILE(12, 2) WEIGHTS_TILE(8, 3) WEIGHTS_TILE(6, 4)
#else
WEIGHTS_TILE(8, 1) WEIGHTS_TILE(6, 2)
#endif

DLC_INLINE void DLC_NAME(weights_channels)(const dlc_weights_channels *t, int64_t n, const bool whole) {
    vf sum[DLC_WEIGHTS_CHANNEL_TAPS];
#pragma clang loop unroll(full)
    for (int i = 0; i < DLC_WEIGHTS_CHANNEL_TAPS; i++) sum[i] = vf_zero();
    for (const dlc_weights_segment *s = t->segments; s < t->segments + t->count; s++) {
        const float *x[DLC_WEIGHTS_CHANNEL_TAPS], *dy = s->dy + t->channel;
        const int64_t x_step = t->x_step, dy_step = t->dy_step, x_ahead = t->x_ahead, dy_ahead = t->dy_ahead;
#pragma clang loop unroll(full)
        for (int i = 0; i < DLC_WEIGHTS_CHANNEL_TAPS; i++) x[i] = s->x[i] + t->channel;
        for (int64_t k = 0, at = 0; k < s->count; k++, at += x_step, dy += dy_step) {
            const vf value = whole ? vf_load(dy) : vf_load_n(dy, n);
            __builtin_prefetch(dy + dy_ahead, 0, 2);
            __builtin_prefetch(x[0] + at + x_ahead, 0, 2);
#pragma clang loop unroll(full)
            for (int i = 0; i < DLC_WEIGHTS_CHANNEL_TAPS; i++) sum[i] = vf_fma(whole ? vf_load(x[i] + at) : vf_load_n(x[i] + at, n), value, sum[i]);
        }
    }
#pragma clang loop unroll(full)
    for (int i = 0; i < DLC_WEIGHTS_CHANNEL_TAPS; i++) {
        if (i >= t->taps) break;
        float *target = t->sums + i * t->sums_row + t->channel;
        vf_store_n(target, t->first ? sum[i] : vf_load_n(target, n) + sum[i], n);
    }
}

static void DLC_NAME(weights_depthwise)(const dlc_weights_channels *t) {
    if (t->columns == VL) DLC_NAME(weights_channels)(t, VL, true);
    else DLC_NAME(weights_channels)(t, t->columns, false);
}

/// G over one line of 4 values. F(3, 4) has the points 0, ±1, ±2 and infinity, and the Bᵀ of F(4, 3); F(2, 4) has 0, ±1, 2 and
/// infinity.
DLC_INLINE void DLC_NAME(weights_result_line)(const int side, const vf *d, vf *out) {
    const vf even = d[0] + d[2], odd = d[1] + d[3], sixth = vf_set1(1.0f / 6);
    const vf far_even = vf_fma(vf_set1(4), d[2], d[0]), far_odd = vf_fma(vf_set1(8), d[3], d[1] + d[1]);
    if (side == 5) {
        out[0] = d[0] * vf_set1(0.5f);
        out[1] = (even + odd) * vf_set1(-0.5f);
        out[2] = (odd - even) * sixth;
        out[3] = (far_even + far_odd) * sixth;
        out[4] = d[3];
        return;
    }
    const vf part = vf_set1(1.0f / 24);
    out[0] = d[0] * vf_set1(0.25f);
    out[1] = (even + odd) * -sixth;
    out[2] = (odd - even) * sixth;
    out[3] = (far_even + far_odd) * part;
    out[4] = (far_even - far_odd) * part;
    out[5] = d[3];
}

/// Bᵀ of F(2, 4) over one line of 5 values.
DLC_INLINE void DLC_NAME(weights_input_line)(const vf *x, vf *out) {
    const vf two = vf_set1(2), odd = x[3] - x[1];
    out[0] = vf_fma(two, x[0] - x[2], odd);
    out[1] = vf_fma(-two, x[1], x[3] - x[2]);
    out[2] = vf_fma(two, x[1], vf_fma(vf_set1(-3), x[2], x[3]));
    out[3] = odd;
    out[4] = vf_fma(-two, odd, x[4] - x[2]);
}

/// Aᵀ over one line of `side` products.
DLC_INLINE void DLC_NAME(weights_filter_line)(const int side, const vf *m, vf *out) {
    if (side == 5) {
        out[0] = m[0] + (m[1] + m[2]) + m[3];
        out[1] = vf_fma(vf_set1(2), m[3], m[1] - m[2]) + m[4];
        return;
    }
    const vf sum = m[1] + m[2], far_sum = m[3] + m[4];
    out[0] = m[0] + sum + far_sum;
    out[1] = vf_fma(vf_set1(2), m[3] - m[4], m[1] - m[2]);
    out[2] = vf_fma(vf_set1(4), far_sum, sum) + m[5];
}

/// A square of values transformed line by line: what = 0 of x, 1 of dy, 2 of sums.
DLC_INLINE void DLC_NAME(weights_line)(const int what, const int side, const vf *in, vf *out) {
    if (what == 0) DLC_NAME(weights_input_line)(in, out);
    else if (what == 1) DLC_NAME(weights_result_line)(side, in, out);
    else DLC_NAME(weights_filter_line)(side, in, out);
}

DLC_INLINE void DLC_NAME(weights_square)(const int what, const int side, const float *const *pixels, const float *sums, int64_t step, int64_t at, int64_t n,
                                         float *out, int64_t out_line, int64_t out_step) {
    const int from = what == 1 ? 4 : side, to = what == 2 ? side - 3 : side;
    vf half[6][6];
#pragma clang loop unroll(full)
    for (int j = 0; j < from; j++) {
        vf in[6], t[6];
#pragma clang loop unroll(full)
        for (int i = 0; i < from; i++) {
            const float *p = (what == 2 ? sums + (i * from + j) * step : pixels[i * from + j]) + at;
            in[i] = n == VL ? vf_load(p) : vf_load_n(p, n);
        }
        DLC_NAME(weights_line)(what, side, in, t);
#pragma clang loop unroll(full)
        for (int i = 0; i < to; i++) half[i][j] = t[i];
    }
#pragma clang loop unroll(full)
    for (int i = 0; i < to; i++) {
        vf t[6];
        DLC_NAME(weights_line)(what, side, half[i], t);
#pragma clang loop unroll(full)
        for (int j = 0; j < to; j++) {
            float *o = out + i * out_line + j * out_step + at;
            if (n == VL) vf_store(o, t[j]);
            else vf_store_n(o, t[j], n);
        }
    }
}

DLC_INLINE void DLC_NAME(weights_squares)(const int what, const int side, const float *const *pixels, const float *sums, int64_t step, int64_t channels,
                                          float *out, int64_t out_line, int64_t out_step) {
    int64_t at = 0;
    for (; at + VL <= channels; at += VL) DLC_NAME(weights_square)(what, side, pixels, sums, step, at, VL, out, out_line, out_step);
    if (at < channels) DLC_NAME(weights_square)(what, side, pixels, sums, step, at, channels - at, out, out_line, out_step);
}

static void DLC_NAME(weights_inputs)(const float *const *pixels, int64_t channels, float *out, int64_t step) {
    DLC_NAME(weights_squares)(0, 5, pixels, NULL, 0, channels, out, 5 * step, step);
}
#define WEIGHTS_FORM(side)                                                                                                      \
    static void DLC_NAME(weights_results_##side)(const float *const *pixels, int64_t channels, float *out, int64_t step) {      \
        DLC_NAME(weights_squares)(1, side, pixels, NULL, 0, channels, out, side * step, step);                                  \
    }                                                                                                                           \
    static void DLC_NAME(weights_filter_##side)(const float *sums, int64_t step, int64_t channels, float *out, int64_t out_line, int64_t out_step) { \
        DLC_NAME(weights_squares)(2, side, NULL, sums, step, channels, out, out_line, out_step);                                \
    }
WEIGHTS_FORM(6) WEIGHTS_FORM(5)
#undef WEIGHTS_FORM

DLC_TARGET_END

#if DLC_REGISTERS == 32
#define WEIGHTS_TABLE(kind) { DLC_NAME(weights_##kind##_1), DLC_NAME(weights_##kind##_2), DLC_NAME(weights_##kind##_3), DLC_NAME(weights_##kind##_4) }
#else
#define WEIGHTS_TABLE(kind) { DLC_NAME(weights_##kind##_1), DLC_NAME(weights_##kind##_2) }
#endif

const dlc_weights_functions DLC_NAME(dlc_weights_functions) = {
#if DLC_REGISTERS == 32
    .tile_rows = { 14, 12, 8, 6 },
    .most_vectors = 4,
#else
    .tile_rows = { 8, 6 },
    .most_vectors = 2,
#endif
    .any = WEIGHTS_TABLE(any), .dense = WEIGHTS_TABLE(dense), .whole = WEIGHTS_TABLE(whole),
    .whole_near = WEIGHTS_TABLE(whole_near), .any_near = WEIGHTS_TABLE(any_near),
    .depthwise = DLC_NAME(weights_depthwise), .inputs = DLC_NAME(weights_inputs),
    .results = { DLC_NAME(weights_results_6), DLC_NAME(weights_results_5) }, .filter = { DLC_NAME(weights_filter_6), DLC_NAME(weights_filter_5) },
};
#undef WEIGHTS_KIND
#undef WEIGHTS_TILE
#undef WEIGHTS_TABLE
