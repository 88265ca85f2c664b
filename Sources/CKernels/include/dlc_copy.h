/// Movement of elements without arithmetic: strided copies, padding, constant fills. Elements are 1, 2,
/// 4 or 8 bytes, whatever their type.
#ifndef DLC_COPY_H
#define DLC_COPY_H

#include "dlc_common.h"

/// How a prepared copy runs.
typedef enum : uint8_t {
    DLC_COPY_RUNS = 0,     ///< rows dense on both sides
    DLC_COPY_STRIDED,      ///< rows with a stride on either side
    DLC_COPY_TRANSPOSE,    ///< planes whose rows are dense in the result and columns dense in the source
} dlc_copy_mode;

/// result[place] = source[place] for every place of `shape`: transpose, slice, expand, tile, one part of
/// a concatenation. Strides and offsets are in elements; those of the source may be negative or 0.
/// Strides of the result are positive where the extent exceeds 1, and the two memories do not overlap.
/// Buffers: source, result.
typedef struct {
    int32_t rank, element_bytes;
    int64_t shape[DLC_MAX_RANK];
    int64_t source_strides[DLC_MAX_RANK], source_offset;
    int64_t result_strides[DLC_MAX_RANK], result_offset;
    // Set by prepare.
    dlc_copy_mode mode;
    dlc_isa isa;
    int64_t outer, row_block, column_block, pieces_per_task;
} dlc_copy;

/// Orders and merges the dimensions and splits the copy into tasks of about 16K elements, or fewer of a small one. False
/// for a rank, element size or extent that makes no sense.
bool dlc_copy_prepare(dlc_isa isa, dlc_copy *copy, dlc_launch *launch);

typedef enum : uint8_t { DLC_PAD_CONSTANT = 0, DLC_PAD_EDGE = 1, DLC_PAD_REFLECT = 2, DLC_PAD_WRAP = 3 } dlc_pad_mode;

/// ONNX Pad of a dense tensor: `before` and `after` elements on each side of a dimension, negative ones
/// crop (first, as ONNX has it). Reflection repeats as often as the padding needs. Buffers: source, value (one element, or
/// null for zero; read in constant mode only), result (dense).
typedef struct {
    int32_t rank, element_bytes;
    dlc_pad_mode mode;
    int64_t shape[DLC_MAX_RANK]; ///< of the source
    int64_t before[DLC_MAX_RANK], after[DLC_MAX_RANK];
    // Set by prepare.
    int64_t result_shape[DLC_MAX_RANK], rows, rows_per_task;
} dlc_pad;

/// False for a rank, element size or shape that makes no sense, or where a mode other than constant
/// would pad an empty dimension.
bool dlc_pad_prepare(dlc_isa isa, dlc_pad *pad, dlc_launch *launch);

/// `count` elements of the low `element_bytes` of `bits`. Buffers: result.
typedef struct {
    int64_t count;
    int32_t element_bytes;
    uint64_t bits;
} dlc_fill;

bool dlc_fill_prepare(dlc_isa isa, dlc_fill *fill, dlc_launch *launch);

#endif
