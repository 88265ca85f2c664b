/// Internal to CKernels.
#ifndef DLC_CONVTRANSPOSE_H
#define DLC_CONVTRANSPOSE_H
#include "conv.h"

/// The transposed convolution in double, as its definition reads; also stands in where there is nothing to compute.
void dlc_conv_transpose_direct_prepare(dlc_conv_transpose *conv, dlc_launch *out);

#endif
