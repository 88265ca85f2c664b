/// The transforms of Winograd convolution. Internal to CKernels.
#ifndef DLC_WINOGRAD_H
#define DLC_WINOGRAD_H
#include "conv.h"

/// Input pixels from tile to tile.
static inline int dlc_winograd_step(int side) { return side == 4 ? 2 : 4; }

/// How many tiles ahead of their use input and result are fetched.
enum { DLC_WINOGRAD_AHEAD = 3 };

/// One tile of products turned into its output pixels.
typedef struct {
    const float *products;     ///< [side²][...], `step` apart
    int64_t step, channels;
    float *y;                  ///< the tile's first output pixel
    int64_t y_pixel, y_line;   ///< floats from pixel to pixel, and from line to line
    int64_t columns, lines;    ///< of the tile that lie in the image
    const float *bias;         ///< or null
    const float *residual;     ///< of the first output pixel, or null
    int64_t residual_pixel, residual_line;
    float lo, hi;
} dlc_winograd_output;

/// Bᵀ·d·B of side² pixels, given by pointers, over `channels`; results `step` apart. Meanwhile it fetches what is
/// `ahead` floats further on, the pixels that a tile does not share with the one before: the lines of an image lie too far
/// apart for the processor to foresee them. Into L2, since L1 has too few misses under way at once to wait for memory.
typedef void (*dlc_winograd_input_kernel)(const float *const *pixels, int64_t channels, float *out, int64_t step, int64_t ahead);
typedef void (*dlc_winograd_output_kernel)(const dlc_winograd_output *output);

/// G·g·Gᵀ, in double and rounded once, of the 3 × 3 filters of one input channel and `width` output channels, whole vectors:
/// g is [9][width]; of the results, [side²][width], the points lie `step` floats apart. The same bits on every processor.
typedef void (*dlc_winograd_filter_kernel)(const float *g, int64_t width, float *out, int64_t step);

/// Indexed by the points per side less 4.
typedef struct {
    dlc_winograd_input_kernel input[3];
    dlc_winograd_output_kernel output[3];
    dlc_winograd_filter_kernel filters[3];
} dlc_winograd_set;

const dlc_winograd_set *dlc_winograd_set_of(dlc_isa isa);
extern const dlc_winograd_set dlc_winograd_set_portable, dlc_winograd_set_avx2, dlc_winograd_set_avx512, dlc_winograd_set_neon;

#endif
