/// Checks of normalisation steps and the choice of their kernels.
#include "include/dlc_norm.h"
#include "layers.h"

static bool norm_type_valid(dlc_type type) { return type == DLC_F32 || type == DLC_F64; }

bool dlc_norm_prepare(dlc_isa isa, dlc_norm *p, dlc_launch *launch) {
    const dlc_layer_kernels *kernels = dlc_layer_kernels_of(isa);
    if (!kernels || !norm_type_valid(p->type) || p->kind > DLC_NORM_RMS || p->rows < 0 || p->n < 0) return false;
    dlc_kernel run = p->type == DLC_F32 ? kernels->norm_f32 : kernels->norm_f64;
    *launch = (dlc_launch){ .run = run, .tasks = p->rows, .phases = 1 };
    return true;
}

bool dlc_group_norm_prepare(dlc_isa isa, dlc_group_norm *p, dlc_launch *launch) {
    const dlc_layer_kernels *kernels = dlc_layer_kernels_of(isa);
    if (!kernels || !norm_type_valid(p->type) || p->batch < 0 || p->channels < 0 || p->spatial < 0) return false;
    if (p->groups < 1 || p->channels % p->groups != 0) return false;
    int64_t size = p->channels / p->groups, wide = 4 * dlc_lanes(isa);
    // One channel lies as if it came first.
    bool columns = p->type == DLC_F32 && p->channels_last && p->channels > 1;
    p->groups_per_task = columns && size > 0 && size < wide ? wide / size : 1;
    if (p->groups_per_task > p->groups) p->groups_per_task = p->groups;
    int64_t width = p->groups_per_task * size + dlc_lanes(isa);
    *launch = (dlc_launch){
        .run = columns ? kernels->group_norm_last_f32
            : p->type == DLC_F32 ? kernels->group_norm_first_f32 : kernels->group_norm_f64,
        .tasks = p->batch * ((p->groups + p->groups_per_task - 1) / p->groups_per_task),
        .phases = 1,
        .scratch_bytes = columns ? 3 * width * 4 : 0,
    };
    return true;
}

bool dlc_lp_norm_prepare(dlc_isa isa, dlc_lp_norm *p, dlc_launch *launch) {
    const dlc_layer_kernels *kernels = dlc_layer_kernels_of(isa);
    if (!kernels || !norm_type_valid(p->type) || p->p < 1 || p->p > 2) return false;
    if (p->outer < 0 || p->axis < 0 || p->inner < 0) return false;
    int64_t wide = dlc_lanes(isa);
    *launch = (dlc_launch){
        .run = p->type == DLC_F32 ? kernels->lp_norm_f32 : kernels->lp_norm_f64,
        .tasks = p->outer * ((p->inner + wide - 1) / wide),
        .phases = 1,
    };
    return true;
}
