/// Checks of a pooling step and the choice of its kernel.
#include "include/dlc_pool.h"
#include "layers.h"

bool dlc_pool_valid(const dlc_pool *p) {
    if (p->batch < 0 || p->channels < 0 || p->x_ld < p->channels || p->y_ld < p->channels) return false;
    for (int axis = 0; axis < 3; axis++) {
        if (p->x_extent[axis] < 0 || p->y_extent[axis] < 0 || p->kernel[axis] < 1 || p->stride[axis] < 1 ||
            p->dilation[axis] < 1 || p->pad_begin[axis] < 0 || p->pad_end[axis] < 0) return false;
    }
    return true;
}

bool dlc_pool_prepare(dlc_isa isa, dlc_pool *p, dlc_launch *launch) {
    const dlc_layer_kernels *kernels = dlc_layer_kernels_of(isa);
    if (!kernels || !dlc_pool_valid(p) || p->kind > DLC_POOL_LP) return false;
    bool max = p->kind == DLC_POOL_MAX;
    if ((p->kind == DLC_POOL_LP && p->p < 1) || (p->indices && !max)) return false;
    dlc_kernel run = NULL;
    switch (p->type) {
    case DLC_F32:
        run = p->indices ? kernels->pool_any_f32 : max ? kernels->pool_max_f32
            : p->kind == DLC_POOL_AVERAGE ? kernels->pool_average_f32 : kernels->pool_any_f32;
        break;
    case DLC_F64: run = kernels->pool_any_f64; break;
    case DLC_I8: run = max ? kernels->pool_any_i8 : NULL; break;
    case DLC_U8: run = max ? kernels->pool_any_u8 : NULL; break;
    default: break;
    }
    if (!run) return false;
    *launch = (dlc_launch){ .run = run, .tasks = p->batch * p->y_extent[0] * p->y_extent[1], .phases = 1 };
    return true;
}
