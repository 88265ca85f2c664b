/// Activations on vectors, the epilogue over rows in cache, and what may come before a product. Include after isa_*.h.
#ifndef DLC_GEMM_EPILOGUE
#define DLC_GEMM_EPILOGUE
#include "dlc_compute.h"
#include "activation.inc.h"
#include "float16.h"
#include "gemm_tile.h"
#include "isa/vmath.inc.h"
#include <string.h>

DLC_TARGET_BEGIN
DLC_INLINE vf activate(const dlc_activation kind, vf x, float a, float b, vf slope) {
    vf zero = vf_zero(), one = vf_set1(1);
    switch (kind) {
    case DLC_ACT_NONE: return x;
    case DLC_ACT_RELU: return vf_max(zero, x);
    case DLC_ACT_CLIP: return vf_min(vf_set1(b), vf_max(vf_set1(a), x));
    case DLC_ACT_LEAKY_RELU: return vf_select(x < zero, x * a, x);
    case DLC_ACT_PRELU: return vf_select(x < zero, x * slope, x);
    case DLC_ACT_SIGMOID: return vsigmoid(x);
    case DLC_ACT_SILU: return vsilu(x);
    case DLC_ACT_HARD_SWISH: return x * vf_min(one, vf_max(zero, vf_fma(x, vf_set1(1.0f / 6), vf_set1(0.5f))));
    case DLC_ACT_HARD_SIGMOID: return vf_min(one, vf_max(zero, vf_fma(x, vf_set1(a), vf_set1(b))));
    case DLC_ACT_GELU: return vgelu(x);
    case DLC_ACT_GELU_TANH: return vgelu_tanh(x);
    case DLC_ACT_TANH: return vtanh(x);
    case DLC_ACT_ELU: {
        // eˣ - 1 loses digits near 0, where 2·t/(1 - t) with t = tanh(x/2) keeps them.
        vf t = vtanh(0.5f * vf_max(vf_set1(-0.5f), x));
        vf less = vf_select(x > -0.5f, 2.0f * t / (one - t), vexp(x) - 1.0f);
        return vf_select(x < zero, a * less, x);
    }
    }
    return x;
}

/// One vector of a row; `whole` where all its lanes are columns: masked stores are slow on processors with AVX2.
DLC_INLINE void epilogue_vector(const dlc_activation kind, const dlc_epilogue *e, float *c, const float *residual,
                                const float *slope, int64_t n, const bool whole) {
    vf x = whole ? vf_load(c) : vf_load_n(c, n), other = vf_zero(), factor = vf_zero();
    if (residual) other = whole ? vf_load(residual) : vf_load_n(residual, n);
    if (kind == DLC_ACT_PRELU && slope) factor = whole ? vf_load(slope) : vf_load_n(slope, n);
    if (residual && !e->residual_after_activation) x += other;
    x = activate(kind, x, e->a, e->b, factor);
    if (residual && e->residual_after_activation) x += other;
    if (whole) vf_store(c, x);
    else vf_store_n(c, x, n);
}

DLC_INLINE void epilogue_body(const dlc_activation kind, dlc_epilogue e, int64_t rows, int64_t columns, float *c,
                              int64_t c_row, const float *residual, int64_t residual_row, const float *slope) {
    for (int64_t r = 0; r < rows; r++, c += c_row, residual += residual ? residual_row : 0) {
        int64_t j = 0;
        for (; j + VL <= columns; j += VL)
            epilogue_vector(kind, &e, c + j, residual ? residual + j : 0, slope ? slope + j : 0, VL, true);
        if (j < columns)
            epilogue_vector(kind, &e, c + j, residual ? residual + j : 0, slope ? slope + j : 0, columns - j, false);
    }
}

static void epilogue_rows(dlc_epilogue e, int64_t rows, int64_t columns, float *c, int64_t c_row,
                          const float *residual, int64_t residual_row, const float *slope) {
    // Rows without gaps are one row: few columns do not fill vectors.
    if (columns < VL && c_row == columns && (!residual || residual_row == columns) && e.activation != DLC_ACT_PRELU) {
        columns *= rows;
        rows = 1;
    }
    switch (e.activation) {
#define CASE(kind) case kind: epilogue_body(kind, e, rows, columns, c, c_row, residual, residual_row, slope); break;
        CASE(DLC_ACT_NONE) CASE(DLC_ACT_RELU) CASE(DLC_ACT_CLIP) CASE(DLC_ACT_LEAKY_RELU) CASE(DLC_ACT_PRELU)
        CASE(DLC_ACT_SIGMOID) CASE(DLC_ACT_SILU) CASE(DLC_ACT_HARD_SWISH) CASE(DLC_ACT_HARD_SIGMOID)
        CASE(DLC_ACT_GELU) CASE(DLC_ACT_GELU_TANH) CASE(DLC_ACT_TANH) CASE(DLC_ACT_ELU)
#undef CASE
    }
}

static void scaled_rows(int64_t rows, int64_t columns, const float *x, int64_t x_row, const float *scale, const float *shift,
                        bool relu, float *y, int64_t y_row) {
    const vf least = vf_set1(relu ? 0 : -__builtin_inff());
    for (int64_t r = 0; r < rows; r++, x += x_row, y += y_row) {
        int64_t j = 0;
        for (; j + VL <= columns; j += VL) {
            vf sum = vf_fma(vf_load(x + j), vf_load(scale + j), shift ? vf_load(shift + j) : vf_zero());
            vf_store(y + j, vf_max(least, sum));
        }
        if (j < columns) {
            const int64_t n = columns - j;
            vf sum = vf_fma(vf_load_n(x + j, n), vf_load_n(scale + j, n), shift ? vf_load_n(shift + j, n) : vf_zero());
            vf_store_n(y + j, vf_max(least, sum), n);
        }
    }
}

/// The sums of products of four vectors and one.
DLC_INLINE void dot_four(const float *const *x, const float *y, int64_t k, float *out) {
    vf sum[4] = {vf_zero(), vf_zero(), vf_zero(), vf_zero()};
    int64_t i = 0;
    for (; i + VL <= k; i += VL) {
        const vf common = vf_load(y + i);
#pragma clang loop unroll(full)
        for (int j = 0; j < 4; j++) sum[j] = vf_fma(vf_load(x[j] + i), common, sum[j]);
    }
    if (i < k) {
        const vf common = vf_load_n(y + i, k - i);
#pragma clang loop unroll(full)
        for (int j = 0; j < 4; j++) sum[j] = vf_fma(vf_load_n(x[j] + i, k - i), common, sum[j]);
    }
#pragma clang loop unroll(full)
    for (int j = 0; j < 4; j++) out[j] = vf_sum(sum[j]);
}

/// Columns by fours for each row; of a single column rows by fours, which sum as columns do.
static void dot_rows(int64_t rows, int64_t columns, int64_t k, const float *const *a, const float *b, int64_t b_column, float *c, int64_t c_row) {
    float sums[4];
    const float *four[4];
    if (columns == 1) {
        for (int64_t r = 0; r < rows; r += 4) {
            for (int64_t i = 0; i < 4; i++) four[i] = a[r + i < rows ? r + i : rows - 1];
            dot_four(four, b, k, sums);
            for (int64_t i = 0; i < 4 && r + i < rows; i++) c[(r + i) * c_row] = sums[i];
        }
        return;
    }
    for (int64_t r = 0; r < rows; r++)
        for (int64_t j = 0; j < columns; j += 4) {
            for (int64_t i = 0; i < 4; i++) four[i] = b + (j + i < columns ? j + i : columns - 1) * b_column;
            dot_four(four, a[r], k, sums);
            for (int64_t i = 0; i < 4 && j + i < columns; i++) c[r * c_row + j + i] = sums[i];
        }
}

typedef uint32_t DLC_NAME(float_bits) __attribute__((vector_size(4 * VL)));
typedef uint16_t DLC_NAME(bfloats) __attribute__((vector_size(2 * VL), aligned(2), may_alias));

/// The nearest bfloat16 of each lane in its lower half, as dlc_bfloat_of_float has it.
DLC_INLINE DLC_NAME(float_bits) nearest_bfloats(DLC_NAME(float_bits) bits) {
    const DLC_NAME(float_bits) nearest = (bits + 0x7fff + (bits >> 16 & 1)) >> 16, quiet = bits >> 16 | 0x40;
    const vi is_nan = (vi)((bits & 0x7fffffff) > 0x7f800000);
    return (DLC_NAME(float_bits))vf_select(is_nan, (vf)quiet, (vf)nearest);
}

/// The first `pairs` of 16 pairs.
DLC_INLINE void store_pairs(float *y, const uint16_t *from, int64_t pairs) {
    if (pairs == 16) memcpy(y, from, 64);
    else memcpy(y, from, 4 * (size_t)pairs);
}

/// Floats with the zeros that fill a last unit.
static void filled_rows(dlc_pair_run run, int64_t rows, int64_t columns, const float *x, int64_t x_row, float *y, int64_t y_row) {
    for (int64_t r = 0; r < rows; r++, x += x_row, y += y_row) {
        if (y != x) memcpy(y, x, (size_t)columns * sizeof(float));
        for (int64_t j = columns; j < 2 * run.step * run.units; j++) y[j] = 0;
    }
}

static void paired_rows(dlc_pair_run run, int64_t rows, int64_t columns, const float *x, int64_t x_row, float *y, int64_t y_row) {
    enum { most = 32 };
    for (int64_t r = 0; r < rows; r++, x += x_row, y += y_row) {
        float *out = y;
        for (int64_t u = 0; u < run.units; u++, out += run.parts * run.step) {
            // All of a unit is read before it is written, so that y may be x.
            float held[most];
            uint16_t first[most], second[most];
            const int64_t from = 2 * run.step * u, count = columns - from < 2 * run.step ? columns - from : 2 * run.step;
            if (count == most) memcpy(held, x + from, sizeof held);
            else {
                for (int i = 0; i < most; i++) held[i] = 0;
                for (int64_t i = 0; i < count; i++) held[i] = x[from + i];
            }
            for (int i = 0; i < most; i += VL) {
                const DLC_NAME(float_bits) bits = (DLC_NAME(float_bits))vf_load(held + i), magnitude = bits & 0x7fffffff;
                DLC_NAME(float_bits) nearest = nearest_bfloats(bits);
                if (run.parts == 2) {
                    // As dlc_split_float.
                    const vi overflows = (vi)(magnitude >= 0x7f7f8000), is_finite = (vi)(magnitude < 0x7f800000);
                    nearest = (DLC_NAME(float_bits))((vi)vf_select(overflows, (vf)(bits >> 16), (vf)nearest) & is_finite);
                    const DLC_NAME(float_bits) rest = nearest_bfloats((DLC_NAME(float_bits))((vf)bits - (vf)(nearest << 16)));
                    *(DLC_NAME(bfloats) *)(second + i) = __builtin_convertvector(rest, DLC_NAME(bfloats));
                }
                *(DLC_NAME(bfloats) *)(first + i) = __builtin_convertvector(nearest, DLC_NAME(bfloats));
            }
            store_pairs(out, first, run.step);
            if (run.parts == 2) store_pairs(out + run.step, second, run.step);
        }
    }
}
DLC_TARGET_END
#endif
