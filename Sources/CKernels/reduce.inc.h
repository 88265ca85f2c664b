/// Reductions for one instruction set: rows of contiguous reduced elements, columns of contiguous
/// results, and any other strides.
#include "include/dlc_reduce.h"
#include "isa/vmath_f64.inc.h"
#include <math.h>

DLC_TARGET_BEGIN

/// The results of one task: `count` of them, `y` at the first, `x` at its first element, then `step`.
typedef struct { int64_t y, x, step, count; } reduce_block;

static reduce_block reduce_block_of(const dlc_reduce *r, int64_t task) {
    if (r->kept_rank == 0) return (reduce_block){ 0, 0, 0, 1 };
    int32_t last = r->kept_rank - 1;
    int64_t inner = r->kept_extent[last], blocks = (inner + r->block - 1) / r->block;
    int64_t at = task % blocks * r->block, outer = task / blocks;
    reduce_block block = { outer * inner + at, at * r->kept_stride[last], r->kept_stride[last],
                           inner - at < r->block ? inner - at : r->block };
    for (int32_t d = last - 1; d >= 0; d--) {
        block.x += outer % r->kept_extent[d] * r->kept_stride[d];
        outer /= r->kept_extent[d];
    }
    return block;
}

/// Steps through the outer `rank` reduced dimensions; false after the last.
DLC_INLINE bool reduce_next(const dlc_reduce *r, int32_t rank, int64_t *index, int64_t *offset) {
    for (int32_t d = rank - 1; d >= 0; d--) {
        *offset += r->reduced_stride[d];
        if (++index[d] < r->reduced_extent[d]) return true;
        *offset -= index[d] * r->reduced_stride[d];
        index[d] = 0;
    }
    return false;
}

/// What is accumulated, in place of the kinds that differ only in the last step.
typedef enum { FOLD_SUM, FOLD_ABS, FOLD_SQUARE, FOLD_PROD, FOLD_MAX, FOLD_MIN, FOLD_EXP } reduce_fold;

DLC_INLINE reduce_fold reduce_fold_of(dlc_reduce_kind kind) {
    switch (kind) {
    case DLC_REDUCE_MAX: return FOLD_MAX;
    case DLC_REDUCE_MIN: return FOLD_MIN;
    case DLC_REDUCE_PROD: return FOLD_PROD;
    case DLC_REDUCE_L1: return FOLD_ABS;
    case DLC_REDUCE_L2: case DLC_REDUCE_SUM_SQUARE: return FOLD_SQUARE;
    case DLC_REDUCE_LOG_SUM_EXP: return FOLD_EXP;
    default: return FOLD_SUM;
    }
}

DLC_INLINE double reduce_identity(reduce_fold fold) {
    return fold == FOLD_MAX ? -INFINITY : fold == FOLD_MIN ? INFINITY : fold == FOLD_PROD ? 1 : 0;
}

DLC_INLINE double reduce_combine(reduce_fold fold, double a, double b) {
    switch (fold) {
    case FOLD_MAX: return a != a || a > b ? a : b;
    case FOLD_MIN: return a != a || a < b ? a : b;
    case FOLD_PROD: return a * b;
    default: return a + b;
    }
}

DLC_INLINE double reduce_step(reduce_fold fold, double acc, double x, double shift) {
    double value = fold == FOLD_ABS ? fabs(x) : fold == FOLD_SQUARE ? x * x : fold == FOLD_EXP ? exp(x - shift) : x;
    return reduce_combine(fold, acc, value);
}

DLC_INLINE vf reduce_combine_vf(reduce_fold fold, vf a, vf b) {
    switch (fold) { // NaN in `a` stays by the order of the operands, NaN in `b` by the selection
    case FOLD_MAX: return vf_select(b == b, vf_max(b, a), b);
    case FOLD_MIN: return vf_select(b == b, vf_min(b, a), b);
    case FOLD_PROD: return a * b;
    default: return a + b;
    }
}

DLC_INLINE vf reduce_step_vf(reduce_fold fold, vf acc, vf x, vf shift) {
    if (fold == FOLD_SQUARE) return vf_fma(x, x, acc);
    return reduce_combine_vf(fold, acc, fold == FOLD_ABS ? vf_abs(x) : fold == FOLD_EXP ? vexp(x - shift) : x);
}

/// The last step on a folded value.
static double reduce_finish(const dlc_reduce *r, double value, double shift) {
    switch (r->kind) {
    case DLC_REDUCE_MEAN: return value / (double)r->reduced_count;
    case DLC_REDUCE_L2: return sqrt(value);
    case DLC_REDUCE_LOG_SUM: return log(value);
    case DLC_REDUCE_LOG_SUM_EXP: return log(value) + shift;
    default: return value;
    }
}

/// The last step on folded values.
DLC_INLINE vf reduce_finish_vf(const dlc_reduce *r, reduce_fold fold, vf value, vf shift) {
    if (r->kind == DLC_REDUCE_MEAN) value /= vf_set1((float)r->reduced_count);
    if (r->kind == DLC_REDUCE_L2) value = vf_sqrt(value);
    return r->kind == DLC_REDUCE_LOG_SUM || fold == FOLD_EXP ? vlog(value) + shift : value;
}

/// Steps between two flushes of f32 partial results into the second level.
enum { reduce_flush = 256 };

/// Folds `n` contiguous elements, at most `reduce_flush` per lane in f32.
DLC_INLINE double reduce_row(reduce_fold fold, const float *x, int64_t n, double acc, float shift) {
    vf wide = vf_set1(shift);
    while (n >= VL) {
        vf part[4];
        for (int v = 0; v < 4; v++) part[v] = vf_set1((float)reduce_identity(fold));
        for (int64_t i = 0; i < reduce_flush && n >= 4 * VL; i++, x += 4 * VL, n -= 4 * VL)
            for (int v = 0; v < 4; v++) part[v] = reduce_step_vf(fold, part[v], vf_load(x + v * VL), wide);
        if (n < 4 * VL)
            for (; n >= VL; x += VL, n -= VL) part[0] = reduce_step_vf(fold, part[0], vf_load(x), wide);
        vf all = reduce_combine_vf(fold, reduce_combine_vf(fold, part[0], part[1]), reduce_combine_vf(fold, part[2], part[3]));
        if (fold == FOLD_PROD || fold == FOLD_MAX || fold == FOLD_MIN) {
            for (int lane = 0; lane < VL; lane++) acc = reduce_combine(fold, acc, (double)all[lane]);
        } else {
            acc += (double)vf_sum(all);
        }
    }
    for (; n > 0; x++, n--) acc = reduce_step(fold, acc, (double)*x, (double)shift);
    return acc;
}

/// `n` elements, at most VL, as they are folded, and the identity in the other lanes.
DLC_INLINE vf reduce_load_some(reduce_fold fold, const float *x, int64_t n, vf shift) {
    vf value = n < VL ? vf_load_n(x, n) : vf_load(x);
    if (fold == FOLD_ABS) value = vf_abs(value);
    if (fold == FOLD_SQUARE) value *= value;
    if (fold == FOLD_EXP) value = vexp(value - shift);
    if (fold == FOLD_SUM || fold == FOLD_ABS || fold == FOLD_SQUARE) return value;
    vi lane;
    for (int i = 0; i < VL; i++) lane[i] = i;
    return vf_select(lane < (int32_t)n, value, vf_set1((float)reduce_identity(fold)));
}

/// Folds `n` contiguous elements into the lanes of four vectors, the last incomplete vector into the second; the number of steps.
DLC_INLINE int64_t reduce_run(reduce_fold fold, const float *x, int64_t n, vf shift, vf *part) {
    int64_t i = 0;
    for (; i + 4 * VL <= n; i += 4 * VL)
        for (int v = 0; v < 4; v++) part[v] = reduce_step_vf(fold, part[v], vf_load(x + i + v * VL), shift);
    for (; i + VL <= n; i += VL) part[0] = reduce_step_vf(fold, part[0], vf_load(x + i), shift);
    if (i < n) part[1] = reduce_combine_vf(fold, part[1], reduce_load_some(fold, x + i, n - i, shift));
    return n / (4 * VL) + 4;
}

/// What makes one result, in the lanes of a vector.
DLC_INLINE vf reduce_lanes(const dlc_reduce *r, reduce_fold fold, const float *x, float shift) {
    const int32_t outer = r->reduced_rank - 1;
    const int64_t n = r->reduced_extent[outer];
    const vf identity = vf_set1((float)reduce_identity(fold)), wide = vf_set1(shift);
    vf part[4] = {identity, identity, identity, identity};
    if (outer == 0 && n <= VL) return reduce_load_some(fold, x, n, wide);
    if (outer == 0 && n < 4 * VL) {
        reduce_run(fold, x, n, wide, part);
        return reduce_combine_vf(fold, part[0], part[1]);
    }
    if (r->reduced_count == 0) return identity;
    enum { most = reduce_flush * 4 * VL };
    int64_t index[DLC_MAX_RANK] = {0}, offset = 0, steps = 0;
    vf total = identity;
    do {
        for (int64_t i = 0; i < n; i += most) {
            steps += reduce_run(fold, x + offset + i, n - i < most ? n - i : most, wide, part);
            if (steps < reduce_flush) continue;
            for (int v = 0; v < 4; v++) total = reduce_combine_vf(fold, total, part[v]), part[v] = identity;
            steps = 0;
        }
    } while (reduce_next(r, outer, index, &offset));
    const vf all = reduce_combine_vf(fold, reduce_combine_vf(fold, part[0], part[1]), reduce_combine_vf(fold, part[2], part[3]));
    return reduce_combine_vf(fold, total, all);
}

#if VL == 16
#define REDUCE_EVEN 0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30
#define REDUCE_ODD 1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21, 23, 25, 27, 29, 31
#elif VL == 8
#define REDUCE_EVEN 0, 2, 4, 6, 8, 10, 12, 14
#define REDUCE_ODD 1, 3, 5, 7, 9, 11, 13, 15
#else
#define REDUCE_EVEN 0, 2, 4, 6
#define REDUCE_ODD 1, 3, 5, 7
#endif

/// The results of `rows` rows, at most VL, `step` apart, a lane each: neighbouring lanes of neighbouring rows are combined until every
/// row is one. `shift` is what reduce_lanes takes for each.
DLC_INLINE vf reduce_rows_some(const dlc_reduce *r, reduce_fold fold, const float *x, int64_t step, int64_t rows, vf shift) {
    vf lanes[VL];
    float each[VL];
    vf_store(each, shift);
    for (int64_t i = 0; i < rows; i++) lanes[i] = reduce_lanes(r, fold, x + i * step, each[i]);
    for (int64_t i = rows; i < VL; i++) lanes[i] = lanes[0];
#pragma clang loop unroll(full)
    for (int width = VL / 2; width > 0; width /= 2)
#pragma clang loop unroll(full)
        for (int i = 0; i < width; i++)
            lanes[i] = reduce_combine_vf(fold, __builtin_shufflevector(lanes[2 * i], lanes[2 * i + 1], REDUCE_EVEN),
                                         __builtin_shufflevector(lanes[2 * i], lanes[2 * i + 1], REDUCE_ODD));
    return lanes[0];
}

DLC_INLINE void reduce_rows_fold(const dlc_call *call, reduce_fold fold) {
    const dlc_reduce *r = call->params;
    for (int64_t task = call->begin; task < call->end; task++) {
        reduce_block block = reduce_block_of(r, task);
        float *y = (float *)call->buffers[1] + block.y;
        const float *x = (const float *)call->buffers[0] + block.x;
        for (int64_t i = 0; i < block.count; i += VL) {
            const int64_t rows = block.count - i < VL ? block.count - i : VL;
            vf shift = vf_zero();
            if (fold == FOLD_EXP) {
                shift = reduce_rows_some(r, FOLD_MAX, x + i * block.step, block.step, rows, shift);
                shift = vf_select(vf_abs(shift) < INFINITY, shift, vf_zero());
            }
            vf_store_n(y + i, reduce_finish_vf(r, fold, reduce_rows_some(r, fold, x + i * block.step, block.step, rows, shift), shift), rows);
        }
    }
}

/// Folds every reduced row of up to four vectors of contiguous results.
DLC_INLINE void reduce_columns_block(const dlc_reduce *r, reduce_fold fold, int count, const float *x,
                                     int64_t tail, const vf *shift, vf *total) {
    int64_t index[DLC_MAX_RANK] = {0}, offset = 0, rows = r->reduced_count;
    vf identity = vf_set1((float)reduce_identity(fold));
    for (int v = 0; v < count; v++) total[v] = identity;
    while (rows > 0) {
        vf part[4];
        for (int v = 0; v < count; v++) part[v] = identity;
        int64_t some = rows < reduce_flush ? rows : reduce_flush;
        for (int64_t i = 0; i < some; i++) {
#pragma clang loop unroll(full)
            for (int v = 0; v < count; v++) {
                const float *at = x + offset + v * VL;
                part[v] = reduce_step_vf(fold, part[v], tail < VL ? vf_load_n(at, tail) : vf_load(at), shift[v]);
            }
            reduce_next(r, r->reduced_rank, index, &offset);
        }
        rows -= some;
        for (int v = 0; v < count; v++) total[v] = reduce_combine_vf(fold, total[v], part[v]);
    }
}

DLC_INLINE void reduce_columns_some(const dlc_reduce *r, reduce_fold fold, int count, const float *x, float *y, int64_t tail) {
    vf shift[4], total[4];
    for (int v = 0; v < count; v++) shift[v] = vf_zero();
    if (fold == FOLD_EXP) {
        reduce_columns_block(r, FOLD_MAX, count, x, tail, shift, total);
        for (int v = 0; v < count; v++) shift[v] = vf_select(vf_abs(total[v]) < INFINITY, total[v], vf_zero());
    }
    reduce_columns_block(r, fold, count, x, tail, shift, total);
    for (int v = 0; v < count; v++) vf_store_n(y + v * VL, reduce_finish_vf(r, fold, total[v], shift[v]), tail);
}

DLC_INLINE void reduce_columns_fold(const dlc_call *call, reduce_fold fold) {
    const dlc_reduce *r = call->params;
    for (int64_t task = call->begin; task < call->end; task++) {
        reduce_block block = reduce_block_of(r, task);
        const float *x = (const float *)call->buffers[0] + block.x;
        float *y = (float *)call->buffers[1] + block.y;
        int64_t c = 0;
        // Exponentials fill the processor one vector at a time.
        if (fold != FOLD_EXP && block.count == 4 * VL) {
            reduce_columns_some(r, fold, 4, x, y, VL);
            continue;
        }
        for (; c + VL <= block.count; c += VL) reduce_columns_some(r, fold, 1, x + c, y + c, VL);
        if (c < block.count) reduce_columns_some(r, fold, 1, x + c, y + c, block.count - c);
    }
}

#define REDUCE_BY_FOLD(function)                                       \
    switch (reduce_fold_of(((const dlc_reduce *)call->params)->kind)) { \
    case FOLD_SUM: function(call, FOLD_SUM); break;                    \
    case FOLD_ABS: function(call, FOLD_ABS); break;                    \
    case FOLD_SQUARE: function(call, FOLD_SQUARE); break;              \
    case FOLD_PROD: function(call, FOLD_PROD); break;                  \
    case FOLD_MAX: function(call, FOLD_MAX); break;                    \
    case FOLD_MIN: function(call, FOLD_MIN); break;                    \
    case FOLD_EXP: function(call, FOLD_EXP); break;                    \
    }

static void DLC_NAME(reduce_rows_f32)(const dlc_call *call) { REDUCE_BY_FOLD(reduce_rows_fold) }
static void DLC_NAME(reduce_columns_f32)(const dlc_call *call) { REDUCE_BY_FOLD(reduce_columns_fold) }

/// Folds `n` contiguous f64 elements.
DLC_INLINE double reduce_run_fold(reduce_fold fold, const double *x, int64_t n, double acc, double shift) {
    vd part[4];
    int64_t i = 0;
    for (int v = 0; v < 4; v++) part[v] = vd_set1(reduce_identity(fold));
    for (; i + 4 * VL_F64 <= n; i += 4 * VL_F64)
        for (int v = 0; v < 4; v++) {
            vd value = vd_load(x + i + v * VL_F64);
            if (fold == FOLD_EXP) value = vd_exp(value - shift);
            if (fold == FOLD_ABS) value = vd_abs(value);
            if (fold == FOLD_MAX) part[v] = vd_select((value != value) | (value > part[v]), value, part[v]);
            else if (fold == FOLD_MIN) part[v] = vd_select((value != value) | (value < part[v]), value, part[v]);
            else if (fold == FOLD_PROD) part[v] *= value;
            else part[v] += fold == FOLD_SQUARE ? value * value : value;
        }
    for (int v = 0; v < 4 && i > 0; v++)
        for (int lane = 0; lane < VL_F64; lane++) acc = reduce_combine(fold, part[v][lane], acc);
    for (; i < n; i++) acc = reduce_step(fold, acc, x[i], shift);
    return acc;
}

static double DLC_NAME(reduce_run_f64)(reduce_fold fold, const double *x, int64_t n, double acc, double shift) {
    switch (fold) {
    case FOLD_SUM: return reduce_run_fold(FOLD_SUM, x, n, acc, shift);
    case FOLD_ABS: return reduce_run_fold(FOLD_ABS, x, n, acc, shift);
    case FOLD_SQUARE: return reduce_run_fold(FOLD_SQUARE, x, n, acc, shift);
    case FOLD_PROD: return reduce_run_fold(FOLD_PROD, x, n, acc, shift);
    case FOLD_MAX: return reduce_run_fold(FOLD_MAX, x, n, acc, shift);
    case FOLD_MIN: return reduce_run_fold(FOLD_MIN, x, n, acc, shift);
    case FOLD_EXP: return reduce_run_fold(FOLD_EXP, x, n, acc, shift);
    }
}

#define T float
#define REDUCE_ANY DLC_NAME(reduce_any_f32)
#include "reduce_any.inc.h"
#define T double
#define REDUCE_ANY DLC_NAME(reduce_any_f64)
#include "reduce_any.inc.h"
#define T int8_t
#define REDUCE_ANY DLC_NAME(reduce_any_i8)
#define REDUCE_LOWEST INT8_MIN
#define REDUCE_HIGHEST INT8_MAX
#include "reduce_any.inc.h"
#define T uint8_t
#define REDUCE_ANY DLC_NAME(reduce_any_u8)
#define REDUCE_LOWEST 0
#define REDUCE_HIGHEST UINT8_MAX
#include "reduce_any.inc.h"
#define T int16_t
#define REDUCE_ANY DLC_NAME(reduce_any_i16)
#define REDUCE_LOWEST INT16_MIN
#define REDUCE_HIGHEST INT16_MAX
#include "reduce_any.inc.h"
#define T uint16_t
#define REDUCE_ANY DLC_NAME(reduce_any_u16)
#define REDUCE_LOWEST 0
#define REDUCE_HIGHEST UINT16_MAX
#include "reduce_any.inc.h"
#define T int32_t
#define REDUCE_ANY DLC_NAME(reduce_any_i32)
#define REDUCE_LOWEST INT32_MIN
#define REDUCE_HIGHEST INT32_MAX
#include "reduce_any.inc.h"
#define T uint32_t
#define REDUCE_ANY DLC_NAME(reduce_any_u32)
#define REDUCE_LOWEST 0
#define REDUCE_HIGHEST UINT32_MAX
#include "reduce_any.inc.h"
#define T int64_t
#define REDUCE_ANY DLC_NAME(reduce_any_i64)
#define REDUCE_LOWEST INT64_MIN
#define REDUCE_HIGHEST INT64_MAX
#include "reduce_any.inc.h"
#define T uint64_t
#define REDUCE_ANY DLC_NAME(reduce_any_u64)
#define REDUCE_LOWEST 0
#define REDUCE_HIGHEST UINT64_MAX
#include "reduce_any.inc.h"
#define T uint8_t
#define REDUCE_ANY DLC_NAME(reduce_any_bool)
#define REDUCE_LOWEST 0
#define REDUCE_HIGHEST 1
#include "reduce_any.inc.h"

DLC_TARGET_END
