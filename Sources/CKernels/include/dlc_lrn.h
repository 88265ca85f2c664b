/// Local response normalisation across channels (ONNX LRN; AlexNet, section 3.3).
#ifndef DLC_LRN_H
#define DLC_LRN_H

#include "dlc_common.h"

/// y = x / (bias + alpha / size · Σ x²)^beta, the sum over `size` channels: ⌊(size-1)/2⌋ before this one
/// to ⌈(size-1)/2⌉ after it, as far as they exist. x and y are dense [batch, channels, spatial], or
/// [batch, spatial, channels] with `channels_last`. Buffers: x, y. Types: f32, f64.
typedef struct {
    dlc_type type;
    bool channels_last;
    int64_t batch, channels, spatial, size;
    double alpha, beta, bias;
    int64_t before, after;   ///< set by dlc_lrn_prepare: neighbours in the sum, at most `channels`
} dlc_lrn;

/// Makes a step ready; false where a field has no meaning or the type is not supported.
bool dlc_lrn_prepare(dlc_isa isa, dlc_lrn *lrn, dlc_launch *launch);

#endif
