/// The transforms of Winograd convolution. Internal to CKernels.
#ifndef DLC_WINOGRAD_H
#define DLC_WINOGRAD_H
#include "conv.h"

/// One tile of products turned into up to tile × tile output pixels.
typedef struct {
    const float *products;     ///< [(tile + 2)²][...], `step` apart
    int64_t step, channels;
    float *y;                  ///< the tile's first output pixel
    int64_t y_pixel, y_line;   ///< floats from pixel to pixel, and from line to line
    int64_t columns, lines;    ///< of the tile that lie in the image
    const float *bias;         ///< or null
    const float *residual;     ///< of the first output pixel, or null
    int64_t residual_pixel, residual_line;
    float lo, hi;
} dlc_winograd_output;

/// Bᵀ·d·B of (tile + 2)² pixels, given by pointers, over `channels`; results `step` apart. Meanwhile it fetches what is
/// `ahead` floats further on, the pixels that the next tile does not share: the lines of an image lie too far apart for
/// the processor to foresee them.
typedef void (*dlc_winograd_input_kernel)(const float *const *pixels, int64_t channels, float *out, int64_t step, int64_t ahead);
typedef void (*dlc_winograd_output_kernel)(const dlc_winograd_output *output);

/// Indexed by whether the tile is 4 × 4.
typedef struct {
    dlc_winograd_input_kernel input[2];
    dlc_winograd_output_kernel output[2];
} dlc_winograd_set;

extern const dlc_winograd_set dlc_winograd_set_portable, dlc_winograd_set_avx2, dlc_winograd_set_avx512, dlc_winograd_set_neon;

#endif
