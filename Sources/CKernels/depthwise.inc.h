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
        vf weight[5];
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
TILE(3, 1, 4) TILE(3, 1, 7) TILE(3, 2, 4) TILE(3, 2, 7) TILE(5, 1, 4) TILE(5, 1, 7) TILE(5, 2, 4) TILE(5, 2, 7)
DLC_TARGET_END

const dlc_depthwise_set DLC_NAME(dlc_depthwise_set) = {
    .tile = {{{depthwise_3_1_4, depthwise_3_1_7}, {depthwise_3_2_4, depthwise_3_2_7}},
             {{depthwise_5_1_4, depthwise_5_1_7}, {depthwise_5_2_4, depthwise_5_2_7}}},
    .any = depthwise_any, .strip = depthwise_strip,
};
#undef TILE
