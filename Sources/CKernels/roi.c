/// Checks of a step over regions and the choice of its kernel.
#include "dlc_region.h"

#include "gather_index.h"
#include "layers.h"

bool dlc_roi_prepare(dlc_isa isa, dlc_roi *p, dlc_launch *launch) {
    const dlc_layer_kernels *kernels = dlc_layer_kernels_of(isa);
    int64_t elements;
    if (!kernels || p->kind > DLC_ROI_POOL || p->samples < 0 || p->levels < 1 || p->levels > DLC_ROI_LEVELS) return false;
    if (p->batch < 0 || (p->batch == 0 && p->regions > 0)) return false;
    if (p->kind == DLC_ROI_POOL && p->levels != 1) return false;
    if (p->height < 1 || p->height > INT32_MAX || p->width < 1 || p->width > INT32_MAX) return false;
    if (!dlc_product((int64_t[]){ p->regions, p->channels, p->height, p->width, 4 }, 5, &elements)) return false;
    for (int32_t i = 0; i < p->levels; ++i) {
        const dlc_roi_level *level = &p->level[i];
        if (level->height < 1 || level->height > INT32_MAX || level->width < 1 || level->width > INT32_MAX) return false;
    }
    *launch = (dlc_launch){ .run = kernels->roi_f32, .phases = 1, .tasks = elements == 0 ? 0 : p->regions };
    return true;
}

enum { channels_of_task = 64 };

bool dlc_roi_gradient_prepare(dlc_isa isa, dlc_roi_gradient *g, dlc_launch *launch) {
    dlc_roi *p = &g->roi;
    if (!dlc_roi_prepare(isa, p, launch)) return false;
    for (int32_t i = 0; i < p->levels; ++i) {
        int64_t elements;
        if (!dlc_product((int64_t[]){ p->batch, p->level[i].height, p->level[i].width, p->channels, 4 }, 5, &elements)) return false;
    }
    g->blocks = dlc_quotient_up(p->channels, channels_of_task);
    *launch = (dlc_launch){ .run = dlc_layer_kernels_of(isa)->roi_gradient_f32, .phases = 1, .tasks = p->batch * g->blocks };
    return true;
}
