/// Softmax for one instruction set. A task is one row, or two vectors of adjacent columns, or all columns where they are few.
#include "include/dlc_softmax.h"
#include <math.h>

DLC_TARGET_BEGIN

/// The maximum of a row; NaN where there is one among the elements.
DLC_INLINE vf softmax_max(vf m, vf x) { return vf_select(x == x, vf_max(x, m), x); }

/// eˣ for x ≤ 0, at half the cost of vexp since 2ⁿ takes one step: 2 ULP, and 0 where it would be subnormal. NaN stays.
DLC_INLINE vf softmax_exp(vf x) {
    x = vf_max(vf_set1(-88.02f), x);
    // Adding 1.5·2²³ + 127 rounds to an integer and leaves n + 127, the exponent of 2ⁿ, in the low bits.
    const vf shifted = vf_fma(x, vf_set1(1.44269504f), vf_set1(12583039.0f));
    return vexp_fraction(x, shifted - 12583039.0f) * (vf)((vi)shifted << 23);
}

/// The maximum of the lanes; NaN where there is one among them.
DLC_INLINE float softmax_lanes_max(vf m) { return __builtin_reduce_or(m != m) ? NAN : __builtin_reduce_max(m); }

DLC_INLINE float softmax_row_max(const float *x, int64_t n) {
    vf m0 = vf_set1(-INFINITY), m1 = m0;
    int64_t i = 0;
    for (; i + 2 * VL <= n; i += 2 * VL) {
        m0 = softmax_max(m0, vf_load(x + i));
        m1 = softmax_max(m1, vf_load(x + i + VL));
    }
    for (; i + VL <= n; i += VL) m0 = softmax_max(m0, vf_load(x + i));
    float m = softmax_lanes_max(softmax_max(m0, m1));
    for (; i < n; i++) m = m != m || m > x[i] ? m : x[i];
    return m;
}

/// The first `n` lanes of `v`, and `other` in the others.
DLC_INLINE vf softmax_first(vf v, int64_t n, float other) {
    static const int32_t lanes[] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
    return vf_select((vi)vf_load((const float *)lanes) < (int32_t)n, v, vf_set1(other));
}

/// Replaces a row by eˣ⁻ᵐ, or leaves it alone if `y` is null, and gives the sum.
DLC_INLINE float softmax_row_exp(const float *x, float *y, int64_t n, float max) {
    vf s0 = vf_zero(), s1 = s0, m = vf_set1(max);
    int64_t i = 0;
    for (; i + 2 * VL <= n; i += 2 * VL) {
        vf e0 = softmax_exp(vf_load(x + i) - m), e1 = softmax_exp(vf_load(x + i + VL) - m);
        if (y) {
            vf_store(y + i, e0);
            vf_store(y + i + VL, e1);
        }
        s0 += e0;
        s1 += e1;
    }
    for (; i < n; i += VL) {
        int64_t some = n - i < VL ? n - i : VL;
        vf e = softmax_exp(vf_load_n(x + i, some) - m);
        if (y) vf_store_n(y + i, e, some);
        s0 += some < VL ? softmax_first(e, some, 0) : e;
    }
    return vf_sum(s0 + s1);
}

/// Vectors of a row that stay in registers, and of one of attention's.
enum { SOFTMAX_ROW = DLC_REGISTERS == 32 ? 13 : 6, SOFTMAX_SHORT = 6 };

/// A row of `vectors` vectors, the last of `tail` elements, without a way through memory, which rows of windows would wait for.
DLC_INLINE void softmax_short(const float *x, float *y, int64_t tail, const int vectors) {
    vf e[SOFTMAX_ROW];
#pragma clang loop unroll(full)
    for (int v = 0; v < vectors - 1; v++) e[v] = vf_load(x + v * VL);
    e[vectors - 1] = softmax_first(vf_load_n(x + (vectors - 1) * VL, tail), tail, -INFINITY);
    vf most = e[0], sum = vf_zero();
#pragma clang loop unroll(full)
    for (int v = 1; v < vectors; v++) most = softmax_max(most, e[v]);
    const vf max = vf_set1(softmax_lanes_max(most));
#pragma clang loop unroll(full)
    for (int v = 0; v < vectors; v++) {
        e[v] = softmax_exp(e[v] - max);
        sum += v == vectors - 1 ? softmax_first(e[v], tail, 0) : e[v];
    }
    const vf scale = vf_set1(1.0f / vf_sum(sum));
#pragma clang loop unroll(full)
    for (int v = 0; v < vectors; v++) {
        if (v == vectors - 1) vf_store_n(y + v * VL, e[v] * scale, tail);
        else vf_store(y + v * VL, e[v] * scale);
    }
}

/// Rows of at most SOFTMAX_ROW vectors.
static void softmax_short_rows(const float *x, float *y, int64_t n, int64_t rows) {
    const int64_t vectors = (n + VL - 1) / VL, tail = n - (vectors - 1) * VL;
#define SHORT_CASE(v) case v: for (; rows > 0; rows--, x += n, y += n) softmax_short(x, y, tail, v); break;
    switch (vectors) {
    SHORT_CASE(1) SHORT_CASE(2) SHORT_CASE(3) SHORT_CASE(4) SHORT_CASE(5) SHORT_CASE(6)
#if DLC_REGISTERS == 32
    SHORT_CASE(7) SHORT_CASE(8) SHORT_CASE(9) SHORT_CASE(10) SHORT_CASE(11) SHORT_CASE(12) SHORT_CASE(13)
#endif
    default: break;
    }
#undef SHORT_CASE
}

/// Up to `VL` adjacent columns, `inner` elements from row to row.
DLC_INLINE void softmax_columns(bool logarithm, const float *x, float *y, int64_t axis, int64_t inner, int64_t n) {
    vf max = vf_set1(-INFINITY), sum = vf_zero();
    for (int64_t k = 0; k < axis; k++) max = softmax_max(max, vf_load_n(x + k * inner, n));
    for (int64_t k = 0; k < axis; k++) {
        vf e = softmax_exp(vf_load_n(x + k * inner, n) - max);
        if (!logarithm) vf_store_n(y + k * inner, e, n);
        sum += e;
    }
    vf last = logarithm ? vlog(sum) : 1.0f / sum;
    for (int64_t k = 0; k < axis; k++) {
        vf value = logarithm ? vf_load_n(x + k * inner, n) - max - last : vf_load_n(y + k * inner, n) * last;
        vf_store_n(y + k * inner, value, n);
    }
}

/// Elements of a row below which a vector takes one of each of its rows.
enum { SOFTMAX_FEW = 8 };

/// Rows of at most SOFTMAX_FEW elements: as many as a vector has lanes become columns, and rows again.
static void softmax_few(bool logarithm, const float *x, float *y, int64_t n, int64_t rows) {
    float columns[SOFTMAX_FEW * VL] = {0};
    for (; rows > 0; rows -= VL, x += VL * n, y += VL * n) {
        const int64_t some = rows < VL ? rows : VL;
        for (int64_t i = 0; i < some; i++)
            for (int64_t k = 0; k < n; k++) columns[k * VL + i] = x[i * n + k];
        softmax_columns(logarithm, columns, columns, n, VL, VL);
        for (int64_t i = 0; i < some; i++)
            for (int64_t k = 0; k < n; k++) y[i * n + k] = columns[k * VL + i];
    }
}

/// Where the first of the largest elements is, or the first NaN.
DLC_INLINE int64_t softmax_row_top(const float *x, int64_t n) {
    const float max = softmax_row_max(x, n);
    int64_t i = 0;
    for (; i + VL <= n; i += VL) {
        const vf v = vf_load(x + i);
        if (__builtin_reduce_or(max == max ? v == max : v != v)) break;
    }
    while (i < n - 1 && !(max == max ? x[i] == max : x[i] != x[i])) i++;
    return i;
}

static void softmax_hard_rows(const float *x, float *y, int64_t n, int64_t rows) {
    for (; rows > 0 && n > 0; rows--, x += n, y += n) {
        const int64_t top = softmax_row_top(x, n);
        for (int64_t i = 0; i < n; i += VL) vf_store_n(y + i, vf_zero(), n - i < VL ? n - i : VL);
        y[top] = 1;
    }
}

static void DLC_NAME(softmax_rows_f32)(const dlc_call *call) {
    const dlc_softmax *s = call->params;
    int64_t n = s->axis;
    const float *first = (const float *)call->buffers[0] + call->begin * n;
    float *first_result = (float *)call->buffers[1] + call->begin * n;
    if (s->kind == DLC_HARDMAX) return softmax_hard_rows(first, first_result, n, call->end - call->begin);
    if (n <= SOFTMAX_FEW) return softmax_few(s->kind == DLC_LOG_SOFTMAX, first, first_result, n, call->end - call->begin);
    if (s->kind == DLC_SOFTMAX && n <= SOFTMAX_ROW * VL) {
        softmax_short_rows(first, first_result, n, call->end - call->begin);
        return;
    }
    for (int64_t row = call->begin; row < call->end; row++) {
        const float *x = (const float *)call->buffers[0] + row * n;
        float *y = (float *)call->buffers[1] + row * n;
        float max = softmax_row_max(x, n);
        if (s->kind == DLC_SOFTMAX) {
            vf scale = vf_set1(1.0f / softmax_row_exp(x, y, n, max));
            for (int64_t i = 0; i < n; i += VL) vf_store_n(y + i, vf_load_n(y + i, n - i < VL ? n - i : VL) * scale, n - i < VL ? n - i : VL);
        } else {
            // x - m first: the logarithm of the sum is small beside a large maximum.
            float log_sum = logf(softmax_row_exp(x, NULL, n, max));
            for (int64_t i = 0; i < n; i += VL) {
                int64_t some = n - i < VL ? n - i : VL;
                vf_store_n(y + i, vf_load_n(x + i, some) - vf_set1(max) - vf_set1(log_sum), some);
            }
        }
    }
}

/// Each of `inner` columns' lanes, one for every row that a vector holds, made the largest of them, or their sum.
DLC_INLINE vf softmax_join(vf v, int64_t inner, int64_t width, bool is_sum) {
    float lanes[VL];
    vf_store(lanes, v);
    for (int64_t i = 0; i < inner; i++) {
        float joined = lanes[i];
        for (int64_t j = i + inner; j < width; j += inner)
            joined = is_sum ? joined + lanes[j] : joined != joined || joined > lanes[j] ? joined : lanes[j];
        for (int64_t j = i; j < width; j += inner) lanes[j] = joined;
    }
    return vf_load(lanes);
}

/// All of at most `VL / 2` columns, of which a vector holds several rows.
DLC_INLINE void softmax_narrow(bool logarithm, const float *x, float *y, int64_t axis, int64_t inner) {
    const int64_t width = VL / inner * inner, count = axis * inner;
    vf max = vf_set1(-INFINITY), sum = vf_zero();
    for (int64_t i = 0; i < count; i += width) {
        const int64_t n = count - i < width ? count - i : width;
        max = softmax_max(max, softmax_first(vf_load_n(x + i, n), n, -INFINITY));
    }
    max = softmax_join(max, inner, width, false);
    for (int64_t i = 0; i < count; i += width) {
        const int64_t n = count - i < width ? count - i : width;
        const vf e = softmax_exp(vf_load_n(x + i, n) - max);
        if (!logarithm) vf_store_n(y + i, e, n);
        sum += softmax_first(e, n, 0);
    }
    sum = softmax_join(sum, inner, width, true);
    const vf last = logarithm ? vlog(sum) : 1.0f / sum;
    for (int64_t i = 0; i < count; i += width) {
        const int64_t n = count - i < width ? count - i : width;
        vf_store_n(y + i, logarithm ? vf_load_n(x + i, n) - max - last : vf_load_n(y + i, n) * last, n);
    }
}

static void DLC_NAME(softmax_columns_f32)(const dlc_call *call) {
    const dlc_softmax *s = call->params;
    int64_t blocks = (s->inner + 2 * VL - 1) / (2 * VL);
    for (int64_t task = call->begin; task < call->end; task++) {
        int64_t first = task % blocks * 2 * VL, at = task / blocks * s->axis * s->inner;
        if (s->inner <= VL / 2) {
            softmax_narrow(s->kind == DLC_LOG_SOFTMAX, (const float *)call->buffers[0] + at, (float *)call->buffers[1] + at, s->axis, s->inner);
            continue;
        }
        for (int64_t i = first; i < first + 2 * VL && i < s->inner; i += VL) {
            int64_t n = s->inner - i < VL ? s->inner - i : VL;
            softmax_columns(s->kind == DLC_LOG_SOFTMAX, (const float *)call->buffers[0] + at + i,
                            (float *)call->buffers[1] + at + i, s->axis, s->inner, n);
        }
    }
}

#define T float
#define SOFTMAX_ANY DLC_NAME(softmax_any_f32)
#include "softmax_any.inc.h"
#define T double
#define SOFTMAX_ANY DLC_NAME(softmax_any_f64)
#include "softmax_any.inc.h"

DLC_TARGET_END
