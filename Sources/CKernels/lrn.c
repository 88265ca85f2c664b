/// Checks of local response normalisation and the choice of its kernel.
#include "include/dlc_lrn.h"
#include "layers.h"

bool dlc_lrn_prepare(dlc_isa isa, dlc_lrn *p, dlc_launch *launch) {
    const dlc_layer_kernels *kernels = dlc_layer_kernels_of(isa);
    if (!kernels || (p->type != DLC_F32 && p->type != DLC_F64)) return false;
    if (p->batch < 0 || p->channels < 0 || p->spatial < 0 || p->size < 1) return false;
    p->before = (p->size - 1) / 2;
    p->after = p->size - 1 - p->before;
    if (p->before > p->channels) p->before = p->channels;
    if (p->after > p->channels) p->after = p->channels;
    int64_t lanes = dlc_lanes(isa);
    bool f32 = p->type == DLC_F32;
    *launch = (dlc_launch){
        .run = !f32 ? kernels->lrn_f64 : p->channels_last ? kernels->lrn_last_f32 : kernels->lrn_first_f32,
        .tasks = p->batch * (p->channels_last ? p->spatial : (p->spatial + lanes - 1) / lanes),
        .phases = 1,
        .scratch_bytes = f32 && p->channels_last ? (p->channels + p->before + p->after + lanes) * 4 : 0,
    };
    return true;
}
