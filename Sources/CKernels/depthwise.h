/// The depthwise tile. Internal to CKernels.
#ifndef DLC_DEPTHWISE_H
#define DLC_DEPTHWISE_H
#include "conv.h"

enum { DLC_DEPTHWISE_MOST_OUTPUTS = 7 };

/// Up to 7 neighbouring output pixels of one row, for a range of channels. `x` points at the first channel of
/// the input pixels they read: [kernel rows][(outputs - 1) · stride + kernel columns], or, in the general
/// tile of a single output, [taps].
typedef struct {
    const float *const *x;
    const float *weights;      ///< [taps][weights_row]
    int64_t weights_row, taps, channels;
    float *const *y;           ///< one pointer per output
    const float *bias;         ///< or null
    const float *residual;     ///< of the first output, or null
    int64_t residual_row, outputs;
    bool clamp;                ///< limit to [lo, hi]
    float lo, hi;
} dlc_depthwise_tile;

typedef void (*dlc_depthwise_kernel)(const dlc_depthwise_tile *tile);

/// Indexed by [kernel 3 or 5][stride 1 or 2][4 or 7 outputs]; and the one for any kernel.
typedef struct {
    dlc_depthwise_kernel tile[2][2][2], any;
} dlc_depthwise_set;

extern const dlc_depthwise_set dlc_depthwise_set_portable, dlc_depthwise_set_avx2, dlc_depthwise_set_avx512, dlc_depthwise_set_neon;

#endif
