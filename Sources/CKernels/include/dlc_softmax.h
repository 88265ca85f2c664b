/// Softmax, LogSoftmax and Hardmax over one axis.
#ifndef DLC_SOFTMAX_H
#define DLC_SOFTMAX_H

#include "dlc_common.h"

typedef enum : uint8_t { DLC_SOFTMAX = 0, DLC_LOG_SOFTMAX = 1, DLC_HARDMAX = 2 } dlc_softmax_kind;

/// Normalises dense `x` [outer, axis, inner] over the middle axis: eˣ⁻ᵐ / Σ eˣ⁻ᵐ with m the maximum, its
/// logarithm, or 1 at the first maximum and 0 elsewhere. Buffers: x, y; y may be x. Types: f32, f64.
typedef struct {
    dlc_type type;
    dlc_softmax_kind kind;
    int64_t outer, axis, inner;
} dlc_softmax;

/// Makes a softmax ready; false where a field has no meaning or the type is not supported.
bool dlc_softmax_prepare(dlc_isa isa, dlc_softmax *softmax, dlc_launch *launch);

#endif
