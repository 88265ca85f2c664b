/// Layer, RMS, group and Lp normalisation in f32 for one instruction set. Variances are of centred
/// values, and sums go through f64 every few thousand elements.
#include "include/dlc_norm.h"
#include <math.h>

DLC_TARGET_BEGIN

/// Σ (x - centre)² of contiguous elements.
DLC_INLINE double norm_centred_squares(const float *x, int64_t n, float centre) {
    double total = 0;
    vf c = vf_set1(centre);
    while (n >= VL) {
        vf part[4] = { vf_zero(), vf_zero(), vf_zero(), vf_zero() };
        for (int64_t i = 0; i < reduce_flush && n >= 4 * VL; i++, x += 4 * VL, n -= 4 * VL) {
            for (int v = 0; v < 4; v++) {
                vf d = vf_load(x + v * VL) - c;
                part[v] = vf_fma(d, d, part[v]);
            }
        }
        if (n < 4 * VL) {
            for (; n >= VL; x += VL, n -= VL) {
                vf d = vf_load(x) - c;
                part[0] = vf_fma(d, d, part[0]);
            }
        }
        total += (double)vf_sum((part[0] + part[1]) + (part[2] + part[3]));
    }
    for (; n > 0; x++, n--) total += ((double)*x - (double)centre) * ((double)*x - (double)centre);
    return total;
}

/// One vector of `norm_apply_row`. What is added without a bias is -0, which leaves the sign of a zero.
DLC_INLINE void norm_apply_vector(const float *x, const float *scale, const float *bias, float *y, int64_t n, const bool whole, vf mean, vf inv_std) {
    vf v = ((whole ? vf_load(x) : vf_load_n(x, n)) - mean) * inv_std;
    vf b = !bias ? vf_set1(-0.0f) : whole ? vf_load(bias) : vf_load_n(bias, n);
    if (scale) v = vf_fma(v, whole ? vf_load(scale) : vf_load_n(scale, n), b);
    else if (bias) v += b;
    if (whole) vf_store(y, v);
    else vf_store_n(y, v, n);
}

/// y = (x - mean) · scale + bias, `scale` and `bias` per element or null.
DLC_INLINE void norm_apply_row(const float *x, const float *scale, const float *bias, float *y, int64_t n,
                               float mean, float inv_std) {
    const vf m = vf_set1(mean), s = vf_set1(inv_std);
    int64_t i = 0;
    if (scale && bias)
        for (; i + VL <= n; i += VL) norm_apply_vector(x + i, scale + i, bias + i, y + i, VL, true, m, s);
    for (; i < n; i += VL)
        norm_apply_vector(x + i, scale ? scale + i : 0, bias ? bias + i : 0, y + i, n - i < VL ? n - i : VL, false, m, s);
}

static void DLC_NAME(norm_f32)(const dlc_call *call) {
    const dlc_norm *p = call->params;
    const float *scale = call->buffers[1], *bias = call->buffers[2];
    float *means = call->buffers[4], *inv_stds = call->buffers[5];
    int64_t n = p->n;
    for (int64_t row = call->begin; row < call->end; row++) {
        const float *x = (const float *)call->buffers[0] + row * n;
        float *y = (float *)call->buffers[3] + row * n;
        float mean = p->kind == DLC_NORM_RMS ? 0 : (float)(reduce_row(FOLD_SUM, x, n, 0, 0) / (double)n);
        float inv_std = (float)(1.0 / sqrt(norm_centred_squares(x, n, mean) / (double)n + p->epsilon));
        norm_apply_row(x, scale, bias, y, n, mean, inv_std);
        if (means) means[row] = mean;
        if (inv_stds) inv_stds[row] = inv_std;
    }
}

static void DLC_NAME(group_norm_first_f32)(const dlc_call *call) {
    const dlc_group_norm *p = call->params;
    const float *scale = call->buffers[1], *bias = call->buffers[2];
    int64_t size = p->channels / p->groups, n = size * p->spatial;
    for (int64_t task = call->begin; task < call->end; task++) {
        const float *x = (const float *)call->buffers[0] + task * n;
        float *y = (float *)call->buffers[3] + task * n;
        float mean = (float)(reduce_row(FOLD_SUM, x, n, 0, 0) / (double)n);
        double inv_std = 1.0 / sqrt(norm_centred_squares(x, n, mean) / (double)n + p->epsilon);
        for (int64_t c = 0; c < size; c++) {
            int64_t channel = task % p->groups * size + c;
            vf a = vf_set1((float)(inv_std * (scale ? (double)scale[channel] : 1))), b = vf_set1(bias ? bias[channel] : -0.0f);
            for (int64_t i = 0; i < p->spatial; i += VL) {
                int64_t some = p->spatial - i < VL ? p->spatial - i : VL;
                const float *at = x + c * p->spatial + i;
                vf_store_n(y + c * p->spatial + i, vf_fma(vf_load_n(at, some) - vf_set1(mean), a, b), some);
            }
        }
    }
}

/// Sums down the columns of one vector: of x, of |x|, or of (x - centre)².
DLC_INLINE vf norm_column_sum(reduce_fold fold, const float *x, int64_t ld, int64_t rows, int64_t n, vf centre) {
    vf total = vf_zero();
    for (int64_t first = 0; first < rows; first += reduce_flush) {
        int64_t end = rows - first < reduce_flush ? rows : first + reduce_flush;
        vf p0 = vf_zero(), p1 = p0;
        int64_t r = first;
        for (; r + 2 <= end; r += 2) {
            p0 = reduce_step_vf(fold, p0, vf_load_n(x + r * ld, n) - centre, centre);
            p1 = reduce_step_vf(fold, p1, vf_load_n(x + r * ld + ld, n) - centre, centre);
        }
        if (r < end) p0 = reduce_step_vf(fold, p0, vf_load_n(x + r * ld, n) - centre, centre);
        total += p0 + p1;
    }
    return total;
}

/// Vectors of columns that are walked down side by side: lines of memory that are neighbours are then read together.
enum { NORM_COLUMNS = 4 };

/// As norm_column_sum, of NORM_COLUMNS whole vectors; `centre` may be null for zeros.
DLC_INLINE void norm_wide_sum(reduce_fold fold, const float *x, int64_t ld, int64_t rows, const float *centre, float *out) {
    vf total[NORM_COLUMNS], around[NORM_COLUMNS];
#pragma clang loop unroll(full)
    for (int v = 0; v < NORM_COLUMNS; v++) total[v] = vf_zero(), around[v] = centre ? vf_load(centre + v * VL) : vf_zero();
    for (int64_t first = 0; first < rows; first += reduce_flush) {
        const int64_t end = rows - first < reduce_flush ? rows : first + reduce_flush;
        vf sum[NORM_COLUMNS];
#pragma clang loop unroll(full)
        for (int v = 0; v < NORM_COLUMNS; v++) sum[v] = vf_zero();
        for (int64_t r = first; r < end; r++)
#pragma clang loop unroll(full)
            for (int v = 0; v < NORM_COLUMNS; v++) sum[v] = reduce_step_vf(fold, sum[v], vf_load(x + r * ld + v * VL) - around[v], around[v]);
#pragma clang loop unroll(full)
        for (int v = 0; v < NORM_COLUMNS; v++) total[v] += sum[v];
    }
#pragma clang loop unroll(full)
    for (int v = 0; v < NORM_COLUMNS; v++) vf_store(out + v * VL, total[v]);
}

/// Sums down `width` columns; `centre` may be null for zeros.
DLC_INLINE void norm_column_sums(reduce_fold fold, const float *x, int64_t ld, int64_t rows, int64_t width, const float *centre, float *out) {
    int64_t c = 0;
    for (; c + NORM_COLUMNS * VL <= width; c += NORM_COLUMNS * VL) norm_wide_sum(fold, x + c, ld, rows, centre ? centre + c : 0, out + c);
    for (; c < width; c += VL) {
        const int64_t n = width - c < VL ? width - c : VL;
        vf_store_n(out + c, norm_column_sum(fold, x + c, ld, rows, n, centre ? vf_load_n(centre + c, n) : vf_zero()), n);
    }
}

/// y = (x − mean) · factor + bias down `width` columns.
DLC_INLINE void norm_columns(const float *x, float *y, int64_t ld, int64_t rows, int64_t width, const float *mean, const float *factor, const float *bias) {
    int64_t c = 0;
    for (; c + NORM_COLUMNS * VL <= width; c += NORM_COLUMNS * VL)
        for (int64_t r = 0; r < rows; r++)
#pragma clang loop unroll(full)
            for (int v = 0; v < NORM_COLUMNS; v++) {
                const int64_t at = r * ld + c + v * VL;
                vf_store(y + at, vf_fma(vf_load(x + at) - vf_load(mean + c + v * VL), vf_load(factor + c + v * VL), vf_load(bias + c + v * VL)));
            }
    for (; c < width; c += VL) {
        const int64_t n = width - c < VL ? width - c : VL;
        const vf m = vf_load_n(mean + c, n), a = vf_load_n(factor + c, n), b = vf_load_n(bias + c, n);
        for (int64_t r = 0; r < rows; r++) vf_store_n(y + r * ld + c, vf_fma(vf_load_n(x + r * ld + c, n) - m, a, b), n);
    }
}

/// Replaces the sums of the channels of a group by `finish` of their total.
DLC_INLINE void norm_spread(float *sums, int64_t groups, int64_t size, double count, double epsilon, bool inverse) {
    for (int64_t g = 0; g < groups; g++, sums += size) {
        double total = 0;
        for (int64_t c = 0; c < size; c++) total += (double)sums[c];
        total /= count;
        if (inverse) total = 1.0 / sqrt(total + epsilon);
        for (int64_t c = 0; c < size; c++) sums[c] = (float)total;
    }
}

static void DLC_NAME(group_norm_last_f32)(const dlc_call *call) {
    const dlc_group_norm *p = call->params;
    const float *scale = call->buffers[1], *bias = call->buffers[2];
    int64_t size = p->channels / p->groups, blocks = (p->groups + p->groups_per_task - 1) / p->groups_per_task;
    double count = (double)(size * p->spatial);
    const int64_t step = p->groups_per_task * size + VL;
    float *mean = call->scratch, *factor = mean + step, *shift = factor + step;
    for (int64_t task = call->begin; task < call->end; task++) {
        int64_t group = task % blocks * p->groups_per_task, channel = group * size;
        int64_t groups = p->groups - group < p->groups_per_task ? p->groups - group : p->groups_per_task;
        int64_t width = groups * size, at = task / blocks * p->spatial * p->channels + channel;
        const float *x = (const float *)call->buffers[0] + at;
        float *y = (float *)call->buffers[3] + at;
        norm_column_sums(FOLD_SUM, x, p->channels, p->spatial, width, 0, mean);
        norm_spread(mean, groups, size, count, 0, false);
        norm_column_sums(FOLD_SQUARE, x, p->channels, p->spatial, width, mean, factor);
        norm_spread(factor, groups, size, count, p->epsilon, true);
        for (int64_t c = 0; c < width; c++) {
            if (scale) factor[c] *= scale[channel + c];
            shift[c] = bias ? bias[channel + c] : -0.0f;
        }
        norm_columns(x, y, p->channels, p->spatial, width, mean, factor, shift);
    }
}

static void DLC_NAME(lp_norm_f32)(const dlc_call *call) {
    const dlc_lp_norm *p = call->params;
    int64_t blocks = (p->inner + VL - 1) / VL;
    for (int64_t task = call->begin; task < call->end; task++) {
        int64_t first = task % blocks * VL, at = task / blocks * p->axis * p->inner + first;
        const float *x = (const float *)call->buffers[0] + at;
        float *y = (float *)call->buffers[1] + at;
        if (p->inner == 1) {
            double sum = p->p == 1 ? reduce_row(FOLD_ABS, x, p->axis, 0, 0) : reduce_row(FOLD_SQUARE, x, p->axis, 0, 0);
            double norm = p->p == 1 ? sum : sqrt(sum);
            norm_apply_row(x, NULL, NULL, y, p->axis, 0, norm == 0 ? 0 : (float)(1 / norm));
            continue;
        }
        int64_t n = p->inner - first < VL ? p->inner - first : VL;
        vf norm = p->p == 1 ? norm_column_sum(FOLD_ABS, x, p->inner, p->axis, n, vf_zero())
                            : vf_sqrt(norm_column_sum(FOLD_SQUARE, x, p->inner, p->axis, n, vf_zero()));
        vf factor = vf_select(norm == 0.0f, vf_zero(), 1.0f / norm);
        for (int64_t k = 0; k < p->axis; k++)
            vf_store_n(y + k * p->inner, vf_load_n(x + k * p->inner, n) * factor, n);
    }
}

DLC_TARGET_END
