/// The gradient of a convolution with respect to its weights.
#ifndef DLC_CONV_WEIGHTS_H
#define DLC_CONV_WEIGHTS_H

#include "dlc_common.h"

/// dW[o, c, tap] = the sum over images and output pixels p of dy[p, o] · x[p at tap, c], in F32 or F64, channels last.
/// x: [n, d, h, w, c], dy: [n, od, oh, ow, oc], dW: [oc, c / groups, kernel…]; all dense. Pixels are summed in order, so sums
/// depend on shapes alone. Buffers: x, dy, dW.
typedef struct {
    dlc_type type;
    int64_t n, d, h, w, od, oh, ow, c, oc, groups;
    int64_t kernel[3], stride[3], dilation[3], pad[3]; ///< depth, height, width
    // Set by prepare.
    dlc_isa isa;
    bool depthwise, copied, direct, along_outputs;
    int64_t pd, ph, pw;              ///< extents of what is read of x, padding included
    int64_t taps, rows, columns, tiles, tiles_per_task, tasks, segments, block, lanes;
    int64_t vectors_each, vectors;   ///< of one tap (or of all outputs); of a row of the sums
    int64_t tile_rows, tile_vectors, row_tiles, vector_tiles;
    int64_t sums_offset;             ///< in the shared workspace, in floats, after the padded copy or the transformed tiles
    bool winograd, by_points;        ///< in Winograd's domain; its products are shared out by points, not by rows of weights
    int64_t tiles_h, tiles_w, chunk, chunks; ///< tiles of 4 × 4 outputs of an image, and of a chunk that is transformed at once
    int64_t x_step, dy_step, sums_step;      ///< floats from point to point
} dlc_conv_weights;

/// False where the type is another, an extent is negative, a product overflows, or windows reach beyond x and its padding.
bool dlc_conv_weights_prepare(dlc_isa isa, dlc_conv_weights *conv, dlc_launch *launch);

#endif
