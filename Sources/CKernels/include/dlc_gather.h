/// Access by indices. Tensors are dense. Indices are int32 or int64; negative ones count from the end. An
/// index outside its tensor leaves zeros (gather) or no trace (scatter) and stores 1 in the status cell,
/// an `int32_t` that is the last buffer (null: not reported).
#ifndef DLC_GATHER_H
#define DLC_GATHER_H

#include "dlc_common.h"

/// ONNX Gather: data [outer, axis, inner_bytes], indices [count], result [outer, count, inner_bytes].
/// Buffers: data, indices, result, status.
typedef struct {
    int64_t outer, axis, inner_bytes, count;
    int32_t index_bytes;
    int64_t items_per_task; ///< set by prepare
} dlc_gather;

bool dlc_gather_prepare(dlc_isa isa, dlc_gather *gather, dlc_launch *launch);

/// The gradient of Gather: indices [count], dy [outer, count, inner], result [outer, axis, inner], f32 or f64; slices of dy with
/// equal indices are added in the order of the indices. Buffers: indices, dy, result, status.
typedef struct {
    dlc_type type;
    int32_t index_bytes;
    int64_t outer, axis, inner, count;
    bool streams; ///< set by prepare: zeros go past the cache
    int64_t rows_per_task, row_blocks, columns_per_task, column_blocks; ///< set by prepare
} dlc_gather_gradient;

bool dlc_gather_gradient_prepare(dlc_isa isa, dlc_gather_gradient *gather, dlc_launch *launch);

/// ONNX GatherElements: result and indices [index_shape], data [data_shape], equal ranks, and off the axis
/// no extent of the indices exceeds that of the data. Buffers: data, indices, result, status.
typedef struct {
    int32_t rank, axis, element_bytes, index_bytes;
    int64_t data_shape[DLC_MAX_RANK], index_shape[DLC_MAX_RANK];
    int64_t rows, rows_per_task; ///< set by prepare
} dlc_gather_elements;

bool dlc_gather_elements_prepare(dlc_isa isa, dlc_gather_elements *gather, dlc_launch *launch);

/// ONNX GatherND: data [batch, data_shape (depth), slice_bytes], indices [batch, count, depth], result
/// [batch, count, slice_bytes]. Buffers: data, indices, result, status.
typedef struct {
    int64_t batch, count, slice_bytes;
    int32_t depth, index_bytes;
    int64_t data_shape[DLC_MAX_RANK];
    int64_t slices, items_per_task; ///< set by prepare
} dlc_gather_nd;

bool dlc_gather_nd_prepare(dlc_isa isa, dlc_gather_nd *gather, dlc_launch *launch);

typedef enum : uint8_t {
    DLC_SCATTER_NONE = 0, DLC_SCATTER_ADD = 1, DLC_SCATTER_MUL = 2, DLC_SCATTER_MIN = 3, DLC_SCATTER_MAX = 4,
} dlc_reduction;

/// ONNX ScatterElements: result = data [data_shape], then updates [index_shape] in index order. Buffers:
/// data, indices, updates, result, status; the result may be the buffer of the data.
typedef struct {
    dlc_type type;
    dlc_reduction reduction;
    int32_t rank, axis, index_bytes;
    int64_t data_shape[DLC_MAX_RANK], index_shape[DLC_MAX_RANK];
    int64_t data_bytes, lines, tasks; ///< set by prepare
} dlc_scatter_elements;

bool dlc_scatter_elements_prepare(dlc_isa isa, dlc_scatter_elements *scatter, dlc_launch *launch);

/// ONNX ScatterND: data and result [data_shape (depth), slice elements], indices [count, depth], updates
/// [count, slice]. Buffers: data, indices, updates, result, status; the result may be the buffer of the data.
typedef struct {
    dlc_type type;
    dlc_reduction reduction;
    int32_t depth, index_bytes;
    int64_t count, slice;
    int64_t data_shape[DLC_MAX_RANK];
    int64_t data_bytes, tasks; ///< set by prepare
} dlc_scatter_nd;

bool dlc_scatter_nd_prepare(dlc_isa isa, dlc_scatter_nd *scatter, dlc_launch *launch);

#endif
