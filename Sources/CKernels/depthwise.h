/// The tile of depthwise convolutions and of those with few channels a group: channels are its lanes. Internal to CKernels.
#ifndef DLC_DEPTHWISE_H
#define DLC_DEPTHWISE_H
#include "conv.h"

enum { DLC_DEPTHWISE_MOST_OUTPUTS = 7 };

/// Up to 7 output pixels of one row, neighbours or as far apart as taps are, for a range of channels. `x` points at the
/// first channel of the input pixels they read: [kernel rows][(outputs - 1) · stride + kernel columns], or, in the general
/// tile of a single output, [taps]. Weights are [taps][inputs of a group][weights_row]: output o reads the inputs of its
/// own group, which begin at lane o / inputs · inputs.
typedef struct {
    const float *const *x;
    const float *weights;
    int64_t weights_row, taps, channels;
    float *const *y;           ///< one pointer per output
    const float *bias;         ///< or null
    const float *residual;     ///< of the first output, or null
    int64_t residual_row, outputs;
    bool clamp;                ///< limit to [lo, hi]
    float lo, hi;
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

/// Indexed by [kernel 3, 5 or 7][stride 1 or 2][4 or 7 outputs]; and the one for any kernel. The same for groups of
/// 2 << first index channels, as many as there are lanes at most, with a kernel of 3.
typedef struct {
    dlc_depthwise_kernel tile[3][2][2], any;
    dlc_depthwise_kernel grouped[DLC_DEPTHWISE_GROUPS][2][2], grouped_any[DLC_DEPTHWISE_GROUPS];
    void (*strip)(const dlc_depthwise_strip *strip);
} dlc_depthwise_set;

/// Whether there are unrolled tiles: a square kernel of 3, 5 or 7 (3 for groups of several channels) at stride 1 or 2,
/// which at stride 1 may be dilated.
bool dlc_depthwise_is_unrolled(const dlc_conv *conv);

/// Output rows of an unrolled kernel for a range of channels, from input lines that may lie anywhere.
typedef struct {
    const dlc_conv *conv;        ///< geometry, epilogue and `tile_block`
    const float *const *lines;   ///< the first pixel of each line, null outside of the image: `dlc_depthwise_lines`
    int64_t line_ld;             ///< from pixel to pixel of a line
    int64_t rows, channels;      ///< whole groups
    const float *weights, *bias, *slope; ///< of the first channel; bias and slope may be null
    float *y;
    int64_t y_ld, y_line;        ///< from pixel to pixel, and from row to row
    const float *residual;       ///< of the first output, rows `residual_ld · ow` apart, or null
    float *window;               ///< room for what a tile reads, [kernel rows][columns][channels], or null to read it where it lies
    bool ahead;                  ///< whether to ask memory for what the next tile reads and writes
    int64_t next_x, next_y;      ///< with `ahead`: floats to where the rows that are computed after these begin
    void *scratch;               ///< `dlc_depthwise_rows_scratch_bytes`
} dlc_depthwise_rows;

/// Outputs per tile for rows of `ow`: of 4 and 7, those that waste fewer.
int64_t dlc_depthwise_outputs(int64_t ow);

/// Input lines from the first to the last that `rows` output rows read.
static inline int64_t dlc_depthwise_lines(const dlc_conv *p, int64_t rows) {
    return (rows - 1) * p->stride[1] + (p->kernel[1] - 1) * p->dilation[1] + 1;
}
/// Input columns that the outputs of a tile read.
static inline int64_t dlc_depthwise_columns(const dlc_conv *p) { return (p->tile_block - 1) * p->stride[2] + p->kernel[2]; }
int64_t dlc_depthwise_rows_scratch_bytes(const dlc_conv *conv, int64_t channels);
void dlc_depthwise_rows_run(const dlc_depthwise_rows *rows);
/// One output of any kernel, from pointers to its taps; `pixel` counts from `rows->y` on.
void dlc_depthwise_pixel(const dlc_depthwise_rows *rows, const float *const *taps, int64_t pixel);

const dlc_depthwise_set *dlc_depthwise_set_of(dlc_isa isa);

/// Whether an epilogue happens in a depthwise kernel's registers.
bool dlc_depthwise_finishes(const dlc_epilogue *epilogue, bool residual);
extern const dlc_depthwise_set dlc_depthwise_set_portable, dlc_depthwise_set_avx2, dlc_depthwise_set_avx512, dlc_depthwise_set_neon;

#endif
