/// The algorithms behind dlc_conv. Internal to CKernels.
#ifndef DLC_CONV_H
#define DLC_CONV_H
#include "gemm_tile.h"

/// Buffers of convolutions.
enum { DLC_CONV_X, DLC_CONV_WEIGHTS, DLC_CONV_BIAS, DLC_CONV_RESIDUAL, DLC_CONV_SLOPE, DLC_CONV_Y };

static inline int64_t dlc_conv_taps(const dlc_conv *p) { return p->kernel[0] * p->kernel[1] * p->kernel[2]; }
static inline int64_t dlc_conv_pixels(const dlc_conv *p) { return p->n * p->od * p->oh * p->ow; }

/// Numbers of bfloat16 that an algorithm makes of each, 0 of those that multiply floats.
static inline int dlc_conv_parts(dlc_conv_algorithm algorithm) { return algorithm == DLC_CONV_PAIRS ? 1 : algorithm == DLC_CONV_SPLIT ? 2 : 0; }

void dlc_conv_igemm_prepare(dlc_conv *conv, dlc_launch *out);

/// The part of the products that the tiles of the implicit product make: below 1 where it pays to look for taps in the padding.
double dlc_conv_igemm_share(const dlc_conv *conv);

/// The implicit product's tiles for few input channels, over the same packed weights.
bool dlc_conv_narrow_supports(const dlc_conv *conv);
void dlc_conv_narrow_prepare(dlc_conv *conv, dlc_launch *out);

/// Winograd convolution of Lavin and Gray (arXiv:1509.09308), in the forms that winograd.h tells by their points per side.
bool dlc_winograd_supports(const dlc_conv *conv, int side);
void dlc_winograd_prepare(dlc_conv *conv, dlc_launch *out);

/// One channel a group, or as many in and out as there are lanes at most.
bool dlc_depthwise_supports(dlc_isa isa, const dlc_conv *conv);
void dlc_depthwise_prepare(dlc_conv *conv, dlc_launch *out);

void dlc_conv_direct_prepare(dlc_conv *conv, dlc_launch *out);

#endif
