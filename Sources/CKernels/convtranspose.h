/// Internal to CKernels.
#ifndef DLC_CONVTRANSPOSE_H
#define DLC_CONVTRANSPOSE_H
#include "conv.h"

/// The outputs of one axis with (o + pad) mod stride = residue, and the taps they use.
typedef struct {
    int64_t first, count;      ///< outputs first, first + stride, ...
    int64_t first_tap, tap_step, taps;
} dlc_transposed_class;

dlc_transposed_class dlc_transposed_class_of(const dlc_conv_transpose *conv, int axis, int64_t residue);

/// One input and one output channel a group: channels are the lanes.
void dlc_conv_transpose_depthwise_prepare(dlc_conv_transpose *conv, dlc_launch *out);

/// The transposed convolution in double, as its definition reads; also stands in where there is nothing to compute.
void dlc_conv_transpose_direct_prepare(dlc_conv_transpose *conv, dlc_launch *out);

#endif
