/// The tile of depthwise convolutions and of those with few channels a group: channels are its lanes. Internal to CKernels.
#ifndef DLC_DEPTHWISE_H
#define DLC_DEPTHWISE_H
#include "conv.h"

enum { DLC_DEPTHWISE_MOST_OUTPUTS = 7 };

/// Taps of a row of the kernel, or of one phase of it.
typedef struct { int64_t first, count; } dlc_depthwise_taps;

/// Up to 7 output pixels of one row for a range of channels. `x` points at the first channel of the input pixels they read:
/// [kernel rows][(outputs - 1) · stride + kernel columns], or, for a kernel of any size, [kernel rows][phases][columns]. Weights are
/// [taps][inputs of a group][weights_row].
typedef struct {
    const float *const *x;
    const float *weights;
    int64_t weights_row, channels; ///< of the outputs: whole groups
    float *const *y;           ///< one pointer per output
    const float *bias;         ///< or null
    const float *residual;     ///< of the first output, or null
    int64_t residual_row, outputs;
    bool clamp;                ///< limit to [lo, hi]
    float lo, hi;
    // For a kernel of any size. Tap j of a phase is the row's tap phase + j · phases, and reads column i + j for output i.
    int64_t rows, phases, columns;   ///< rows outside of the image begin with null
    const dlc_depthwise_taps *taps;  ///< of each phase those that are not in the padding for all outputs
    int64_t row_step, tap_step;      ///< from weight to weight
    int64_t inputs, group;           ///< inputs and outputs of a group
} dlc_depthwise_tile;

typedef void (*dlc_depthwise_kernel)(const dlc_depthwise_tile *tile);

/// Neighbouring pixels that have the same taps.
typedef struct {
    const float *const *x, *const *weights; ///< of each tap, for the first pixel
    int64_t taps, pixels, channels;
    int64_t x_step, y_step, residual_step;  ///< from pixel to pixel
    float *y;
    const float *bias, *residual;           ///< or null
    bool clamp;                             ///< limit to [lo, hi]
    float lo, hi;
} dlc_depthwise_strip;

enum { DLC_DEPTHWISE_GROUPS = 4 }; ///< 2, 4, 8 and 16 channels a group

/// Squares of 3, 5 and 7, and of 3 for groups of 2 << index channels, as many as there are lanes at most: [stride - 1][4 or 7 outputs].
/// Kernels of any size, with one channel a group and with several: [4 or 7 outputs].
typedef struct {
    dlc_depthwise_kernel square[3][2][2], grouped_square[DLC_DEPTHWISE_GROUPS][2][2], any[2], grouped[2];
    void (*strip)(const dlc_depthwise_strip *strip);
} dlc_depthwise_set;

/// How the outputs of a tile share what they read. Output i reads through tap k of a row the pixel i · stride + k · dilation: outputs
/// `apart` from each other read the same pixels through taps `phases` apart, so that each phase of a row is one of stride 1.
typedef struct {
    bool unrolled;             ///< a square kernel of 3, 5 or 7, of 3 for groups of 2, 4, 8 or 16 channels: one phase, stride 1 or 2
    bool turned;               ///< tiles go down the columns, and rows are columns
    int64_t apart, phases;
    int64_t step;              ///< from column to column
} dlc_depthwise_plan;

dlc_depthwise_plan dlc_depthwise_plan_of(const dlc_conv *conv);

/// Output rows for a range of channels, from input lines that may lie anywhere.
typedef struct {
    const dlc_conv *conv;        ///< geometry, turned where the plan is, epilogue and `tile_block`
    dlc_depthwise_plan plan;
    const float *const *lines;   ///< [kernel planes and rows][rows]: the first pixel of the line, null outside of the image
    int64_t line_ld;             ///< from pixel to pixel of a line
    int64_t rows, channels;      ///< whole groups
    const float *weights, *bias, *slope; ///< of the first channel; bias and slope may be null
    float *y;
    int64_t y_ld, y_line;        ///< from pixel to pixel, and from row to row
    const float *residual;       ///< of the first output, or null
    int64_t residual_ld, residual_line;
    float *window;               ///< room for what a tile reads, [kernel rows][columns][channels], or null to read it where it lies
    bool ahead;                  ///< whether to ask memory for what the next tile reads and writes
    int64_t next_x, next_y;      ///< with `ahead`: floats to where the rows that are computed after these begin
    void *scratch;               ///< `dlc_depthwise_rows_scratch_bytes`
} dlc_depthwise_rows;

/// Outputs per tile for rows of `ow`: of 4 and 7, those that waste fewer.
int64_t dlc_depthwise_outputs(int64_t ow);

/// Channels that `channels` outputs read: whole groups.
static inline int64_t dlc_depthwise_inputs(const dlc_conv *p, int64_t channels) {
    return p->groups == p->c ? channels : channels / (p->oc / p->groups) * (p->c / p->groups);
}
/// Pointers to what the outputs of a tile read through a row of the kernel.
int64_t dlc_depthwise_pointers(const dlc_conv *conv, dlc_depthwise_plan plan);
int64_t dlc_depthwise_rows_scratch_bytes(const dlc_conv *conv, dlc_depthwise_plan plan, int64_t channels);
void dlc_depthwise_rows_run(const dlc_depthwise_rows *rows);
const dlc_depthwise_set *dlc_depthwise_set_of(dlc_isa isa);

/// Whether an epilogue happens in a depthwise kernel's registers.
bool dlc_depthwise_finishes(const dlc_epilogue *epilogue, bool residual);
extern const dlc_depthwise_set dlc_depthwise_set_portable, dlc_depthwise_set_avx2, dlc_depthwise_set_avx512, dlc_depthwise_set_neon;

#endif
