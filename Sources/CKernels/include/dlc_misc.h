/// Generators, scans and selections. Tensors are dense.
#ifndef DLC_MISC_H
#define DLC_MISC_H

#include "dlc_common.h"

/// ONNX OneHot: indices [outer, inner], values [2] (off, on), result [outer, depth, inner]. An index outside
/// -depth ..< depth gives off everywhere. Buffers: indices, values, result.
typedef struct {
    int64_t outer, depth, inner;
    int32_t element_bytes, index_bytes;
    int64_t rows_per_task; ///< set by prepare
} dlc_one_hot;

bool dlc_one_hot_prepare(dlc_isa isa, dlc_one_hot *one_hot, dlc_launch *launch);

/// ONNX Range: result [count], result[i] = start + i * delta in `type`; integers wrap. Not of bool.
/// Buffers: start (one element), delta (one element), result.
typedef struct {
    dlc_type type;
    int64_t count;
} dlc_range;

bool dlc_range_prepare(dlc_isa isa, dlc_range *range, dlc_launch *launch);

/// ONNX CumSum over the middle dimension of [outer, axis, inner]; F32, F64 and all integers. Buffers: data, result.
typedef struct {
    dlc_type type;
    bool exclusive, reverse;
    int64_t outer, axis, inner;
    int64_t chunks; ///< set by prepare: pieces of the inner dimension
} dlc_cumsum;

bool dlc_cumsum_prepare(dlc_isa isa, dlc_cumsum *cumsum, dlc_launch *launch);

/// ONNX TopK over the middle dimension of [outer, axis, inner]: values and int64 indices [outer, k, inner],
/// in order; equal elements by lower index; NaN counts as above everything. Any type. Buffers: data, values, indices.
typedef struct {
    dlc_type type;
    bool largest;
    int64_t outer, axis, inner, k;
    int64_t lines_per_task; ///< set by prepare
} dlc_topk;

/// False where k exceeds the axis.
bool dlc_topk_prepare(dlc_isa isa, dlc_topk *topk, dlc_launch *launch);

/// ONNX ArgMax and ArgMin over the middle dimension of [outer, axis, inner]: int64 result [outer, inner], the
/// first of equal elements or the last; NaN counts as extreme. Any type. Buffers: data, result.
typedef struct {
    dlc_type type;
    bool largest, last;
    int64_t outer, axis, inner;
    int64_t chunks; ///< set by prepare: pieces of the inner dimension
} dlc_argminmax;

/// False where the axis is empty but the result is not.
bool dlc_argminmax_prepare(dlc_isa isa, dlc_argminmax *arg, dlc_launch *launch);

/// Elements of `data` that are not zero (NaN is not).
int64_t dlc_nonzero_count(dlc_type type, const void *data, int64_t n);

/// ONNX NonZero: result [rank, count] of int64, coordinates of the elements that are not zero, in row-major
/// order, for the `count` that dlc_nonzero_count gives. Where the data has fewer, the rest is zero; where it
/// has more or fewer, status is set to 1. Buffers: data, result, status (may be null).
typedef struct {
    dlc_type type;
    int32_t rank;
    int64_t shape[DLC_MAX_RANK], count;
} dlc_nonzero;

bool dlc_nonzero_prepare(dlc_isa isa, dlc_nonzero *nonzero, dlc_launch *launch);

/// Determinants of [batch, n, n] in F32 or F64, by elimination in f64. Buffers: matrices, result [batch].
typedef struct {
    dlc_type type;
    int64_t batch, n;
} dlc_determinant;

bool dlc_determinant_prepare(dlc_isa isa, dlc_determinant *determinant, dlc_launch *launch);

/// Inverses of [batch, n, n] in F32 or F64, by elimination in f64. Buffers: matrices, result.
typedef struct {
    dlc_type type;
    int64_t batch, n;
} dlc_inverse;

bool dlc_inverse_prepare(dlc_isa isa, dlc_inverse *inverse, dlc_launch *launch);

/// ONNX Trilu of [batch, rows, columns]: keeps column - row >= k (upper) or <= k, zeros the rest. Buffers:
/// source, k (one int64, or null: the field), result.
typedef struct {
    int32_t element_bytes;
    bool upper;
    int64_t batch, rows, columns, k;
    int64_t rows_per_task; ///< set by prepare
} dlc_trilu;

bool dlc_trilu_prepare(dlc_isa isa, dlc_trilu *trilu, dlc_launch *launch);

/// ONNX EyeLike: result [rows, columns], `one` (the bits of an element) where column - row == k, else zero.
/// Buffers: result.
typedef struct {
    int32_t element_bytes;
    int64_t rows, columns, k;
    uint64_t one;
} dlc_eye;

bool dlc_eye_prepare(dlc_isa isa, dlc_eye *eye, dlc_launch *launch);

#endif
