/// The tile of convolutions with few input channels. Internal to CKernels.
#ifndef DLC_CONV_NARROW_H
#define DLC_CONV_NARROW_H
#include "conv.h"

/// Neighbouring output pixels of one row times one panel of output channels. The pixels' windows lie `step`
/// floats apart in lines of padded input.
typedef struct {
    const float *const *x;     ///< [lines]: where the window of the first pixel begins
    int64_t lines, run;        ///< a window is `lines` runs of `run` floats
    int64_t step;              ///< floats from window to window
    const float *weights;      ///< packed panel [lines · run][vectors · lanes]
    int64_t pixels;            ///< to store; windows beyond them are read, too
    int64_t columns;           ///< channels to store
    float *y;
    int64_t y_pixel;
    const float *bias;         ///< or null
    const float *residual;     ///< of the first pixel, or null
    int64_t residual_pixel;
    float lo, hi;
} dlc_narrow_tile;

typedef void (*dlc_narrow_kernel)(const dlc_narrow_tile *tile);

enum { DLC_NARROW_STEPS = 3 };

/// Indexed by [vectors - 1][0: any step, 1: 3 floats, 2: 6 floats].
typedef struct {
    int32_t pixels[DLC_TILE_MOST_VECTORS]; ///< of a tile of `index + 1` vectors
    dlc_narrow_kernel tile[DLC_TILE_MOST_VECTORS][DLC_NARROW_STEPS];
} dlc_narrow_set;

extern const dlc_narrow_set dlc_narrow_set_portable, dlc_narrow_set_avx2, dlc_narrow_set_avx512, dlc_narrow_set_neon;

#endif
