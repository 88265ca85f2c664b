/// The additions of Strassen's product for one instruction set. Include after isa_*.h.
#include "strassen.h"

DLC_TARGET_BEGIN
DLC_INLINE void sums_at(const float *top, const float *bottom, int64_t half, float *out, int64_t step, int64_t at, int64_t n, const bool whole) {
    const vf a11 = whole ? vf_load(top + at) : vf_load_n(top + at, n);
    const vf a12 = whole ? vf_load(top + half + at) : vf_load_n(top + half + at, n);
    const vf a21 = whole ? vf_load(bottom + at) : vf_load_n(bottom + at, n);
    const vf a22 = whole ? vf_load(bottom + half + at) : vf_load_n(bottom + half + at, n);
    const vf sum[5] = {a11 + a22, a21 + a22, a11 + a12, a21 - a11, a12 - a22};
#pragma clang loop unroll(full)
    for (int i = 0; i < 5; i++) {
        if (whole) vf_store(out + i * step + at, sum[i]);
        else vf_store_n(out + i * step + at, sum[i], n);
    }
}

static void sums(const float *top, const float *bottom, int64_t half, float *out, int64_t step) {
    int64_t at = 0;
    for (; at + VL <= half; at += VL) sums_at(top, bottom, half, out, step, at, VL, true);
    if (at < half) sums_at(top, bottom, half, out, step, at, half - at, false);
}

/// What one row of a quadrant ends as.
DLC_INLINE void finish(const dlc_strassen_output *o, vf sum, vf bias, const float *residual, float *c, int64_t n, const bool whole) {
    sum = vf_fma(vf_set1(o->alpha), sum, bias);
    if (residual) sum += whole ? vf_load(residual) : vf_load_n(residual, n);
    sum = vf_min(vf_set1(o->hi), vf_max(vf_set1(o->lo), sum));
    if (whole) vf_store(c, sum);
    else vf_store_n(c, sum, n);
}

DLC_INLINE void combine_at(const dlc_strassen_output *o, int64_t at, int64_t n, const bool whole, vf bias_left, vf bias_right, int64_t r) {
    vf m[7];
#pragma clang loop unroll(full)
    for (int i = 0; i < 7; i++) m[i] = vf_load(o->products + i * o->step + r * o->width + at);
    const int64_t c = r * o->c_row + at, from = r * o->residual_row + at;
    const float *top = o->residual_top ? o->residual_top + from : 0;
    const float *bottom = o->residual_bottom ? o->residual_bottom + from : 0;
    finish(o, (m[0] + m[3]) + (m[6] - m[4]), bias_left, top, o->top + c, VL, true);
    finish(o, m[2] + m[4], bias_right, top ? top + o->right : 0, o->top + c + o->right, n, whole);
    if (r == o->bottom_rows) return;
    finish(o, m[1] + m[3], bias_left, bottom, o->bottom + c, VL, true);
    finish(o, (m[0] - m[1]) + (m[2] + m[5]), bias_right, bottom ? bottom + o->right : 0, o->bottom + c + o->right, n, whole);
}

static void combine(const dlc_strassen_output *o) {
    for (int64_t at = 0; at < o->width; at += VL) {
        const int64_t left = o->right_columns - at, n = left < 0 ? 0 : left < VL ? left : VL;
        const vf bias_left = o->bias ? vf_load(o->bias + at) : vf_zero();
        const vf bias_right = o->bias ? vf_load_n(o->bias + o->right + at, n) : vf_zero();
        if (n == VL) for (int64_t r = 0; r < o->rows; r++) combine_at(o, at, n, true, bias_left, bias_right, r);
        else for (int64_t r = 0; r < o->rows; r++) combine_at(o, at, n, false, bias_left, bias_right, r);
    }
}
DLC_TARGET_END

const dlc_strassen_set DLC_NAME(dlc_strassen_set) = {.sums = sums, .combine = combine};
