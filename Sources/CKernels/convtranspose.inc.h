/// Sums over inputs in vectors of them, for transposed convolutions of few outputs. Include after isa_*.h.
#include "convtranspose.h"

DLC_TARGET_BEGIN
/// A vector of inputs of one tap.
DLC_INLINE void transposed_inputs(const dlc_transposed_strip *s, const float *x, const float *w, int64_t n, const bool whole, const int pixels,
                                  const int outputs, vf sum[4][DLC_TRANSPOSED_NARROW]) {
    vf weight[DLC_TRANSPOSED_NARROW];
#pragma clang loop unroll(full)
    for (int o = 0; o < outputs; o++) weight[o] = whole ? vf_load(w + o * s->channels) : vf_load_n(w + o * s->channels, n);
#pragma clang loop unroll(full)
    for (int i = 0; i < pixels; i++) {
        const vf value = whole ? vf_load(x + i * s->x_step) : vf_load_n(x + i * s->x_step, n);
#pragma clang loop unroll(full)
        for (int o = 0; o < outputs; o++) sum[i][o] = vf_fma(value, weight[o], sum[i][o]);
    }
}

/// `pixels` neighbouring pixels from `pixel` on, all `outputs` of each.
DLC_INLINE void transposed_pixels(const dlc_transposed_strip *s, int64_t pixel, const int pixels, const int outputs) {
    vf sum[4][DLC_TRANSPOSED_NARROW];
#pragma clang loop unroll(full)
    for (int i = 0; i < pixels; i++) {
#pragma clang loop unroll(full)
        for (int o = 0; o < outputs; o++) sum[i][o] = vf_zero();
    }
    for (int64_t tap = 0; tap < s->taps; tap++) {
        const float *x = s->x[tap] + pixel * s->x_step, *w = s->weights[tap];
        int64_t c = 0;
        for (; c + VL <= s->channels; c += VL) transposed_inputs(s, x + c, w + c, VL, true, pixels, outputs, sum);
        if (c < s->channels) transposed_inputs(s, x + c, w + c, s->channels - c, false, pixels, outputs, sum);
    }
#pragma clang loop unroll(full)
    for (int i = 0; i < pixels; i++) {
#pragma clang loop unroll(full)
        for (int o = 0; o < outputs; o++) s->y[(pixel + i) * s->y_step + o] = vf_sum(sum[i][o]) + (s->bias ? s->bias[o] : 0);
    }
}

DLC_INLINE void transposed_outputs(const dlc_transposed_strip *s, const int outputs) {
    int64_t pixel = 0;
    for (; pixel + 4 <= s->pixels; pixel += 4) transposed_pixels(s, pixel, 4, outputs);
    for (; pixel < s->pixels; pixel++) transposed_pixels(s, pixel, 1, outputs);
}

static void transposed_strip(const dlc_transposed_strip *s) {
    switch (s->outputs) {
    case 1: transposed_outputs(s, 1); break;
    case 2: transposed_outputs(s, 2); break;
    case 3: transposed_outputs(s, 3); break;
    default: transposed_outputs(s, 4);
    }
}
DLC_TARGET_END

void (*const DLC_NAME(dlc_transposed_strip))(const dlc_transposed_strip *) = transposed_strip;
