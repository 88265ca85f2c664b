/// Depthwise tiles of one instruction set: every input vector is loaded once and used by all outputs
/// whose window holds it. Include after isa_*.h.
#include "depthwise.h"

DLC_TARGET_BEGIN
DLC_INLINE void store_outputs(const dlc_depthwise_tile *t, vf *sum, const int outputs, int64_t at, int64_t n, const bool whole) {
    if (t->residual) {
#pragma clang loop unroll(full)
        for (int i = 0; i < outputs; i++)
            if (i < t->outputs) sum[i] += vf_load_n(t->residual + i * t->residual_row + at, n);
    }
    if (t->clamp) {
        const vf lo = vf_set1(t->lo), hi = vf_set1(t->hi);
#pragma clang loop unroll(full)
        for (int i = 0; i < outputs; i++) sum[i] = vf_min(hi, vf_max(lo, sum[i]));
    }
#pragma clang loop unroll(full)
    for (int i = 0; i < outputs; i++) {
        if (whole) vf_store(t->y[i] + at, sum[i]);
        else vf_store_n(t->y[i] + at, sum[i], n);
    }
}

DLC_INLINE void depthwise_body(const dlc_depthwise_tile *t, const int kernel, const int stride, const int outputs, int64_t at, int64_t n, const bool whole) {
    const int columns = (outputs - 1) * stride + kernel;
    const vf bias = !t->bias ? vf_zero() : whole ? vf_load(t->bias + at) : vf_load_n(t->bias + at, n);
    vf sum[DLC_DEPTHWISE_MOST_OUTPUTS];
#pragma clang loop unroll(full)
    for (int i = 0; i < outputs; i++) sum[i] = bias;
#pragma clang loop unroll(full)
    for (int row = 0; row < kernel; row++) {
        vf weight[7];
#pragma clang loop unroll(full)
        for (int i = 0; i < kernel; i++) {
            const float *w = t->weights + (row * kernel + i) * t->weights_row + at;
            weight[i] = whole ? vf_load(w) : vf_load_n(w, n);
        }
#pragma clang loop unroll(full)
        for (int column = 0; column < columns; column++) {
            const float *p = t->x[row * columns + column] + at;
            vf x = whole ? vf_load(p) : vf_load_n(p, n);
#pragma clang loop unroll(full)
            for (int i = 0; i < kernel; i++) {
                const int output = (column - i) / stride;
                if (column >= i && (column - i) % stride == 0 && output < outputs) sum[output] = vf_fma(x, weight[i], sum[output]);
            }
        }
    }
    store_outputs(t, sum, outputs, at, n, whole);
}

DLC_INLINE void depthwise_channels(const dlc_depthwise_tile *t, const int kernel, const int stride, const int outputs) {
    int64_t at = 0;
    for (; at + VL <= t->channels; at += VL) depthwise_body(t, kernel, stride, outputs, at, VL, true);
    if (at < t->channels) depthwise_body(t, kernel, stride, outputs, at, t->channels - at, false);
}

/// Lane l of the result is lane l / group · group + c of `x`: input c of the group that lane l belongs to. `group` and `c` are
/// constants.
DLC_INLINE vf spread(vf x, const int group, const int c) {
    switch (group * 16 + c) {
#if VL == 16
#define LANES(g, c) \
    0 / g * g + c, 1 / g * g + c, 2 / g * g + c, 3 / g * g + c, 4 / g * g + c, 5 / g * g + c, 6 / g * g + c, 7 / g * g + c, \
    8 / g * g + c, 9 / g * g + c, 10 / g * g + c, 11 / g * g + c, 12 / g * g + c, 13 / g * g + c, 14 / g * g + c, 15 / g * g + c
#elif VL == 8
#define LANES(g, c) 0 / g * g + c, 1 / g * g + c, 2 / g * g + c, 3 / g * g + c, 4 / g * g + c, 5 / g * g + c, 6 / g * g + c, 7 / g * g + c
#else
#define LANES(g, c) 0 / g * g + c, 1 / g * g + c, 2 / g * g + c, 3 / g * g + c
#endif
#define ONE(g, c) case g * 16 + c: return __builtin_shufflevector(x, x, LANES(g, c));
#define FOUR(g, c) ONE(g, c) ONE(g, c + 1) ONE(g, c + 2) ONE(g, c + 3)
    ONE(2, 0) ONE(2, 1) FOUR(4, 0)
#if VL >= 8
    FOUR(8, 0) FOUR(8, 4)
#endif
#if VL >= 16
    FOUR(16, 0) FOUR(16, 4) FOUR(16, 8) FOUR(16, 12)
#endif
    default: return x;
#undef FOUR
#undef ONE
#undef LANES
    }
}

/// As depthwise_body, where an output reads `group` inputs: each vector of a line is loaded once, and each of its inputs
/// brought to the lanes of its group once for all outputs and taps that read it.
DLC_INLINE void grouped_body(const dlc_depthwise_tile *t, const int group, const int stride, const int outputs, int64_t at, int64_t n, const bool whole) {
    enum { kernel = 3 };
    const int columns = (outputs - 1) * stride + kernel;
    const vf bias = !t->bias ? vf_zero() : whole ? vf_load(t->bias + at) : vf_load_n(t->bias + at, n);
    vf sum[DLC_DEPTHWISE_MOST_OUTPUTS];
#pragma clang loop unroll(full)
    for (int i = 0; i < outputs; i++) sum[i] = bias;
    const float *w = t->weights + at;
#pragma clang loop unroll(disable)
    for (int row = 0; row < kernel; row++, w += kernel * group * t->weights_row) {
        vf x[(DLC_DEPTHWISE_MOST_OUTPUTS - 1) * 2 + kernel];
#pragma clang loop unroll(full)
        for (int column = 0; column < columns; column++) {
            const float *p = t->x[row * columns + column] + at;
            x[column] = whole ? vf_load(p) : vf_load_n(p, n);
        }
#pragma clang loop unroll(full)
        for (int c = 0; c < group; c++) {
            vf weight[kernel];
#pragma clang loop unroll(full)
            for (int i = 0; i < kernel; i++) {
                const float *from = w + (i * group + c) * t->weights_row;
                weight[i] = whole ? vf_load(from) : vf_load_n(from, n);
            }
#pragma clang loop unroll(full)
            for (int column = 0; column < columns; column++) {
                const vf value = spread(x[column], group, c);
#pragma clang loop unroll(full)
                for (int i = 0; i < kernel; i++) {
                    const int output = (column - i) / stride;
                    if (column >= i && (column - i) % stride == 0 && output < outputs) sum[output] = vf_fma(value, weight[i], sum[output]);
                }
            }
        }
    }
    store_outputs(t, sum, outputs, at, n, whole);
}

DLC_INLINE void grouped_channels(const dlc_depthwise_tile *t, const int group, const int stride, const int outputs) {
    int64_t at = 0;
    for (; at + VL <= t->channels; at += VL) grouped_body(t, group, stride, outputs, at, VL, true);
    if (at < t->channels) grouped_body(t, group, stride, outputs, at, t->channels - at, false);
}

DLC_INLINE void grouped_taps(const dlc_depthwise_tile *t, const int group) {
    for (int64_t at = 0; at < t->channels; at += VL) {
        const int64_t n = t->channels - at < VL ? t->channels - at : VL;
        vf sum = t->bias ? vf_load_n(t->bias + at, n) : vf_zero();
        const float *w = t->weights + at;
        for (int64_t tap = 0; tap < t->taps; tap++) {
            const vf x = vf_load_n(t->x[tap] + at, n);
#pragma clang loop unroll(full)
            for (int c = 0; c < group; c++, w += t->weights_row) sum = vf_fma(spread(x, group, c), vf_load_n(w, n), sum);
        }
        store_outputs(t, &sum, 1, at, n, false);
    }
}

static void depthwise_any(const dlc_depthwise_tile *t) {
    for (int64_t at = 0; at < t->channels; at += VL) {
        const int64_t n = t->channels - at < VL ? t->channels - at : VL;
        vf sum = t->bias ? vf_load_n(t->bias + at, n) : vf_zero();
        for (int64_t tap = 0; tap < t->taps; tap++)
            sum = vf_fma(vf_load_n(t->x[tap] + at, n), vf_load_n(t->weights + tap * t->weights_row + at, n), sum);
        store_outputs(t, &sum, 1, at, n, false);
    }
}

DLC_INLINE void strip_channels(const dlc_depthwise_strip *s, int64_t pixel, int64_t at, int64_t n, const bool whole) {
    vf sum = !s->bias ? vf_zero() : whole ? vf_load(s->bias + at) : vf_load_n(s->bias + at, n);
    for (int64_t tap = 0; tap < s->taps; tap++) {
        const float *x = s->x[tap] + pixel * s->x_step + at, *w = s->weights[tap] + at;
        sum = whole ? vf_fma(vf_load(x), vf_load(w), sum) : vf_fma(vf_load_n(x, n), vf_load_n(w, n), sum);
    }
    if (s->residual) sum += vf_load_n(s->residual + pixel * s->residual_step + at, n);
    if (s->clamp) sum = vf_min(vf_set1(s->hi), vf_max(vf_set1(s->lo), sum));
    if (whole) vf_store(s->y + pixel * s->y_step + at, sum);
    else vf_store_n(s->y + pixel * s->y_step + at, sum, n);
}

static void depthwise_strip(const dlc_depthwise_strip *s) {
    for (int64_t pixel = 0; pixel < s->pixels; pixel++) {
        int64_t at = 0;
        for (; at + VL <= s->channels; at += VL) strip_channels(s, pixel, at, VL, true);
        if (at < s->channels) strip_channels(s, pixel, at, s->channels - at, false);
    }
}

#define TILE(kernel, stride, outputs)                                                               \
    static void depthwise_##kernel##_##stride##_##outputs(const dlc_depthwise_tile *t) {            \
        depthwise_channels(t, kernel, stride, outputs);                                             \
    }
#define TILES(kernel) TILE(kernel, 1, 4) TILE(kernel, 1, 7) TILE(kernel, 2, 4) TILE(kernel, 2, 7)
#define NAMES_OF(k) {{depthwise_##k##_1_4, depthwise_##k##_1_7}, {depthwise_##k##_2_4, depthwise_##k##_2_7}}
TILES(3) TILES(5) TILES(7)

#define GROUPED_TILE(group, stride, outputs)                                                        \
    static void grouped_##group##_##stride##_##outputs(const dlc_depthwise_tile *t) {               \
        grouped_channels(t, group, stride, outputs);                                                \
    }
#define GROUPED(group)                                                                              \
    GROUPED_TILE(group, 1, 4) GROUPED_TILE(group, 1, 7) GROUPED_TILE(group, 2, 4) GROUPED_TILE(group, 2, 7) \
    static void grouped_##group##_any(const dlc_depthwise_tile *t) { grouped_taps(t, group); }
#define GROUPED_NAMES(g) {{grouped_##g##_1_4, grouped_##g##_1_7}, {grouped_##g##_2_4, grouped_##g##_2_7}}
GROUPED(2) GROUPED(4)
#if VL >= 8
GROUPED(8)
#endif
#if VL >= 16
GROUPED(16)
#endif
DLC_TARGET_END

const dlc_depthwise_set DLC_NAME(dlc_depthwise_set) = {
    .tile = {NAMES_OF(3), NAMES_OF(5), NAMES_OF(7)},
    .any = depthwise_any, .strip = depthwise_strip,
#if VL >= 16
    .grouped = {GROUPED_NAMES(2), GROUPED_NAMES(4), GROUPED_NAMES(8), GROUPED_NAMES(16)},
    .grouped_any = {grouped_2_any, grouped_4_any, grouped_8_any, grouped_16_any},
#elif VL >= 8
    .grouped = {GROUPED_NAMES(2), GROUPED_NAMES(4), GROUPED_NAMES(8)}, .grouped_any = {grouped_2_any, grouped_4_any, grouped_8_any},
#else
    .grouped = {GROUPED_NAMES(2), GROUPED_NAMES(4)}, .grouped_any = {grouped_2_any, grouped_4_any},
#endif
};
#undef TILE
#undef TILES
#undef NAMES_OF
#undef GROUPED_TILE
#undef GROUPED
#undef GROUPED_NAMES
