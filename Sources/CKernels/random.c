#include "dlc_random.h"

#include "layers.h"

bool dlc_random_prepare(dlc_isa isa, dlc_random *p, dlc_launch *launch) {
    const dlc_layer_kernels *kernels = dlc_layer_kernels_of(isa);
    if (!kernels || p->count < 0 || p->distribution > DLC_RANDOM_NORMAL) return false;
    *launch = (dlc_launch){ .run = kernels->random_any, .tasks = p->count / DLC_RANDOM_TASK + (p->count % DLC_RANDOM_TASK > 0), .phases = 1 };
    return true;
}
