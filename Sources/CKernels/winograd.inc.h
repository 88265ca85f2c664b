/// Winograd transforms of one instruction set, with the matrices of Lavin and Gray (arXiv:1509.09308).
/// Include after isa_*.h.
#include "winograd.h"

DLC_TARGET_BEGIN
/// Bᵀ over one line of `side` values.
DLC_INLINE void input_line(const int side, const vf *d, vf *out) {
    if (side == 5) {
        out[0] = d[0] - d[2];
        out[1] = d[2];
        out[2] = d[2] - d[4];
        out[3] = d[1];
        out[4] = d[3];
        return;
    }
    if (side == 4) {
        out[0] = d[0] - d[2];
        out[1] = d[1] + d[2];
        out[2] = d[2] - d[1];
        out[3] = d[1] - d[3];
        return;
    }
    const vf four = vf_set1(4), two = vf_set1(2), minus_five = vf_set1(-5);
    const vf even = vf_fma(-four, d[2], d[4]), odd = vf_fma(-four, d[1], d[3]);
    const vf far = d[4] - d[2], twice = two * (d[3] - d[1]);
    out[0] = vf_fma(four, d[0], vf_fma(minus_five, d[2], d[4]));
    out[1] = even + odd;
    out[2] = even - odd;
    out[3] = far + twice;
    out[4] = far - twice;
    out[5] = vf_fma(four, d[1], vf_fma(minus_five, d[3], d[5]));
}

/// Aᵀ over one line of `side` products.
DLC_INLINE void output_line(const int side, const vf *m, vf *out) {
    if (side == 5) {
        out[0] = m[0] + m[1] + m[3];
        out[1] = m[1] - m[2] + m[4];
        return;
    }
    if (side == 4) {
        out[0] = m[0] + m[1] + m[2];
        out[1] = m[1] - m[2] - m[3];
        return;
    }
    const vf sum = m[1] + m[2], difference = m[1] - m[2], far_sum = m[3] + m[4], far_difference = m[3] - m[4];
    out[0] = m[0] + sum + far_sum;
    out[1] = vf_fma(vf_set1(2), far_difference, difference);
    out[2] = vf_fma(vf_set1(4), far_sum, sum);
    out[3] = vf_fma(vf_set1(8), far_difference, difference) + m[5];
}

DLC_INLINE void input_body(const int side, const float *const *pixels, int64_t at, int64_t n, float *out, int64_t step, int64_t ahead) {
    const int shared = side - dlc_winograd_step(side); // columns that the tile before has
    vf half[6][6];
#pragma clang loop unroll(full)
    for (int j = 0; j < side; j++) {
        vf d[6], t[6];
#pragma clang loop unroll(full)
        for (int i = 0; i < side; i++) {
            const float *p = pixels[i * side + j] + at;
            d[i] = n == VL ? vf_load(p) : vf_load_n(p, n);
            if (j >= shared) __builtin_prefetch(p + ahead, 0, 2);
        }
        input_line(side, d, t);
#pragma clang loop unroll(full)
        for (int i = 0; i < side; i++) half[i][j] = t[i];
    }
#pragma clang loop unroll(full)
    for (int i = 0; i < side; i++) {
        vf t[6];
        input_line(side, half[i], t);
#pragma clang loop unroll(full)
        for (int j = 0; j < side; j++) {
            float *o = out + (i * side + j) * step + at;
            if (n == VL) vf_store(o, t[j]);
            else vf_store_n(o, t[j], n);
        }
    }
}

DLC_INLINE void input_channels(const int side, const float *const *pixels, int64_t channels, float *out, int64_t step, int64_t ahead) {
    int64_t at = 0;
    for (; at + VL <= channels; at += VL) input_body(side, pixels, at, VL, out, step, ahead);
    if (at < channels) input_body(side, pixels, at, channels - at, out, step, ahead);
}

DLC_INLINE void output_body(const int side, const dlc_winograd_output *o, int64_t at, int64_t n) {
    const int tile = dlc_winograd_outputs(side);
    const vf bias = o->bias ? vf_load_n(o->bias + at, n) : vf_zero(), lo = vf_set1(o->lo), hi = vf_set1(o->hi);
    vf half[4][6];
#pragma clang loop unroll(full)
    for (int j = 0; j < side; j++) {
        vf m[6], t[4];
#pragma clang loop unroll(full)
        for (int i = 0; i < side; i++) {
            const float *p = o->products + (i * side + j) * o->step + at;
            m[i] = n == VL ? vf_load(p) : vf_load_n(p, n);
        }
        output_line(side, m, t);
#pragma clang loop unroll(full)
        for (int i = 0; i < tile; i++) half[i][j] = t[i];
    }
#pragma clang loop unroll(full)
    for (int i = 0; i < tile; i++) {
        vf t[4];
        if (i >= o->lines) break;
        output_line(side, half[i], t);
#pragma clang loop unroll(full)
        for (int j = 0; j < tile; j++) {
            if (j >= o->columns) break;
            vf v = t[j] + bias;
            if (o->residual) v += vf_load_n(o->residual + i * o->residual_line + j * o->residual_pixel + at, n);
            v = vf_min(hi, vf_max(lo, v));
            float *y = o->y + i * o->y_line + j * o->y_pixel + at;
            __builtin_prefetch(y + DLC_WINOGRAD_AHEAD * tile * o->y_pixel, 0, 2);
            if (n == VL) vf_store(y, v);
            else vf_store_n(y, v, n);
        }
    }
}

DLC_INLINE void output_channels(const int side, const dlc_winograd_output *o) {
    int64_t at = 0;
    for (; at + VL <= o->channels; at += VL) output_body(side, o, at, VL);
    if (at < o->channels) output_body(side, o, at, o->channels - at);
}

/// Half as many doubles as a vector has floats.
typedef double vd_ __attribute__((vector_size(4 * VL)));
typedef float vd_floats_ __attribute__((vector_size(2 * VL), aligned(4), may_alias));

DLC_INLINE void filter_channels(const int side, const float *g, int64_t width, float *out, int64_t step) {
#pragma clang fp contract(off)
    static const double g2[4][3] = {{1, 0, 0}, {0.5, 0.5, 0.5}, {0.5, -0.5, 0.5}, {0, 0, 1}};
    static const double g4[6][3] = {{0.25, 0, 0}, {-1.0 / 6, -1.0 / 6, -1.0 / 6}, {-1.0 / 6, 1.0 / 6, -1.0 / 6},
                                    {1.0 / 24, 1.0 / 12, 1.0 / 6}, {1.0 / 24, -1.0 / 12, 1.0 / 6}, {0, 0, 1}};
    static const double strided[5][3] = {{1, 0, 0}, {1, 0, 1}, {0, 0, 1}, {0, 1, 0}, {0, 1, 0}};
    const double (*m)[3] = side == 4 ? g2 : side == 5 ? strided : g4;
    for (int64_t o = 0; o < width; o += VL / 2) {
        vd_ f[9];
#pragma clang loop unroll(full)
        for (int i = 0; i < 9; i++) f[i] = __builtin_convertvector(*(const vd_floats_ *)(g + i * width + o), vd_);
        float *to = out + o;
        for (int i = 0; i < side; i++) {
            vd_ line[3];
#pragma clang loop unroll(full)
            for (int b = 0; b < 3; b++) line[b] = m[i][0] * f[b] + m[i][1] * f[3 + b] + m[i][2] * f[6 + b];
#pragma clang loop unroll(full)
            for (int j = 0; j < side; j++, to += step)
                *(vd_floats_ *)to = __builtin_convertvector(line[0] * m[j][0] + line[1] * m[j][1] + line[2] * m[j][2], vd_floats_);
        }
    }
}

#define FORM(side)                                                                                                    \
    static void input_##side(const float *const *pixels, int64_t channels, float *out, int64_t step, int64_t ahead) { \
        input_channels(side, pixels, channels, out, step, ahead);                                                     \
    }                                                                                                                 \
    static void output_##side(const dlc_winograd_output *o) { output_channels(side, o); }                             \
    static void filters_##side(const float *g, int64_t width, float *out, int64_t step) { filter_channels(side, g, width, out, step); }
FORM(4) FORM(5) FORM(6)
DLC_TARGET_END

const dlc_winograd_set DLC_NAME(dlc_winograd_set) = {
    .input = {input_4, input_5, input_6}, .output = {output_4, output_5, output_6},
    .filters = {filters_4, filters_5, filters_6},
};
