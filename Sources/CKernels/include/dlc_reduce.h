/// Reductions over any subset of axes: the ONNX Reduce operators and global pooling.
#ifndef DLC_REDUCE_H
#define DLC_REDUCE_H

#include "dlc_common.h"

typedef enum : uint8_t {
    DLC_REDUCE_SUM = 0, DLC_REDUCE_MEAN = 1, DLC_REDUCE_MAX = 2, DLC_REDUCE_MIN = 3, DLC_REDUCE_PROD = 4,
    DLC_REDUCE_L1 = 5, DLC_REDUCE_L2 = 6, DLC_REDUCE_SUM_SQUARE = 7, DLC_REDUCE_LOG_SUM = 8,
    DLC_REDUCE_LOG_SUM_EXP = 9,
} dlc_reduce_kind;

/// Reduces `x` over the dimensions with `reduced` set. The result is dense over the other dimensions in
/// their order. Buffers: x, y; both of `type`.
///
/// Types: f32, f64, i8, u8, i32, u32, i64, u64; bool for max and min. Integer sums wrap, integer means
/// truncate. A reduction over no element gives the identity: 0, 1 for prod, the lowest value for max,
/// the highest for min, NaN for a floating mean. NaN is passed on. f32 sums have two levels of partial
/// sums, so that their error does not grow with the number of elements.
typedef struct {
    dlc_type type;
    dlc_reduce_kind kind;
    int32_t rank;                       ///< 0 ... DLC_MAX_RANK
    int64_t extent[DLC_MAX_RANK];
    int64_t stride[DLC_MAX_RANK];       ///< of `x`, in elements
    bool reduced[DLC_MAX_RANK];

    // Set by dlc_reduce_prepare: the dimensions merged and sorted apart, outermost first.
    int32_t kept_rank, reduced_rank;
    int64_t kept_extent[DLC_MAX_RANK], kept_stride[DLC_MAX_RANK];
    int64_t reduced_extent[DLC_MAX_RANK], reduced_stride[DLC_MAX_RANK];
    int64_t reduced_count;              ///< elements that make one result
    int64_t block;                      ///< results of one task, all in the innermost kept dimension
} dlc_reduce;

/// Makes a reduction ready; false where a field has no meaning or the type is not supported.
bool dlc_reduce_prepare(dlc_isa isa, dlc_reduce *reduce, dlc_launch *launch);

#endif
