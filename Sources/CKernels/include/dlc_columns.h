/// Windows added into images (ONNX Col2Im).
#ifndef DLC_COLUMNS_H
#define DLC_COLUMNS_H

#include "dlc_common.h"

/// y[image, place · stride + tap · dilation - pad] = the sum over taps and windows that meet there of x[image, tap, place], in the
/// order of the taps; x is dense [images, kernel…, windows…], y dense [images, extent…]. Buffers: x, y. Types: f32, f64.
typedef struct {
    dlc_type type;
    int64_t images;
    int64_t extent[3], windows[3], kernel[3], stride[3], dilation[3], pad[3]; ///< depth, height, width
    int64_t rows_per_task;   ///< set by prepare
} dlc_columns;

/// False where a field has no meaning or the type is not supported.
bool dlc_columns_prepare(dlc_isa isa, dlc_columns *columns, dlc_launch *launch);

#endif
