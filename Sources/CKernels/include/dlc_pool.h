/// Pooling over channels-last activations: ONNX MaxPool, AveragePool and LpPool.
#ifndef DLC_POOL_H
#define DLC_POOL_H

#include "dlc_common.h"

typedef enum : uint8_t { DLC_POOL_MAX = 0, DLC_POOL_AVERAGE = 1, DLC_POOL_LP = 2 } dlc_pool_kind;

/// Pools `x` [batch, D, H, W, channels] to `y` [batch, D', H', W', channels]; 1-D and 2-D pooling leave
/// the first extents at 1 (kernel, stride and dilation too). A pixel of `x` is `x_ld` elements after
/// the one before it, a pixel of `y` `y_ld` elements, so a pool can read or write part of a concat.
///
/// Buffers: x, y, indices. `indices` (int64, dense [batch, D', H', W', channels]; max only; null without)
/// gets the flat position of the maximum in the channels-first tensor [batch, channels, D, H, W].
///
/// Types: f32 and f64; max also i8 and u8. The output extents say what ceil_mode would: a window may
/// hang over the end. An average counts, with `count_include_pad`, the taps inside the padded input
/// (ONNX opset 19), else the taps inside the input. A window without any tap gives 0, for max the
/// lowest value.
typedef struct {
    dlc_type type;
    dlc_pool_kind kind;
    bool count_include_pad;
    bool indices;        ///< whether there is an `indices` result
    bool column_major;   ///< ONNX `storage_order` 1: positions in `indices` count the first spatial axis fastest
    int32_t p;           ///< the power of DLC_POOL_LP, at least 1
    int64_t batch, channels;
    int64_t x_extent[3], y_extent[3];   ///< D, H, W
    int64_t kernel[3], stride[3], dilation[3];
    int64_t pad_begin[3], pad_end[3];
    int64_t x_ld, y_ld;  ///< elements from pixel to pixel, at least `channels`
} dlc_pool;

/// Makes a pooling step ready; false where a field has no meaning or the type is not supported.
bool dlc_pool_prepare(dlc_isa isa, dlc_pool *pool, dlc_launch *launch);

#endif
