/// Checks of a softmax step and the choice of its kernel.
#include "include/dlc_softmax.h"
#include "layers.h"

bool dlc_softmax_prepare(dlc_isa isa, dlc_softmax *s, dlc_launch *launch) {
    const dlc_layer_kernels *kernels = dlc_layer_kernels_of(isa);
    if (!kernels || s->kind > DLC_HARDMAX || s->outer < 0 || s->axis < 0 || s->inner < 0) return false;
    if (s->type != DLC_F32 && s->type != DLC_F64) return false;
    dlc_kernel run = s->type == DLC_F64 || (s->kind == DLC_HARDMAX && s->inner != 1)
        ? (s->type == DLC_F64 ? kernels->softmax_any_f64 : kernels->softmax_any_f32)
        : s->inner == 1 ? kernels->softmax_rows_f32 : kernels->softmax_columns_f32;
    int64_t wide = 2 * dlc_lanes(isa);
    *launch = (dlc_launch){ .run = run, .tasks = s->outer * ((s->inner + wide - 1) / wide), .phases = 1 };
    return true;
}
