/// Checks of added windows and the choice of their kernel.
#include "columns.h"
#include "gather_index.h"
#include "layers.h"

enum { task_elements = 16 << 10 };

bool dlc_columns_prepare(dlc_isa isa, dlc_columns *p, dlc_launch *launch) {
    const dlc_layer_kernels *kernels = dlc_layer_kernels_of(isa);
    const int64_t most = (int64_t)1 << 31;
    if (!kernels || (p->type != DLC_F32 && p->type != DLC_F64) || p->images < 0 || p->images > most) return false;
    for (int axis = 0; axis < 3; axis++) {
        if (p->extent[axis] < 0 || p->extent[axis] > most || p->windows[axis] < 0 || p->windows[axis] > most) return false;
        if (p->kernel[axis] < 1 || p->kernel[axis] > most || p->stride[axis] < 1 || p->stride[axis] > most) return false;
        if (p->dilation[axis] < 1 || p->dilation[axis] > most || p->pad[axis] < -most || p->pad[axis] > most) return false;
        if (p->kernel[axis] * p->dilation[axis] > most || p->windows[axis] * p->stride[axis] > most) return false;
    }
    int64_t taps, windows, bytes;
    if (!dlc_product(p->kernel, 3, &taps) || !dlc_product(p->windows, 3, &windows)) return false;
    if (!dlc_product((int64_t[]){p->images, taps, windows, 8}, 4, &bytes)) return false;
    if (!dlc_product((int64_t[]){taps, 2 * sizeof(dlc_columns_tap)}, 2, &bytes)) return false;
    if (!dlc_product((int64_t[]){p->images, p->extent[0], p->extent[1], p->extent[2], 8}, 5, &bytes)) return false;
    // What a row reads is as many times what it writes as windows overlap.
    p->rows_per_task = dlc_per_task(task_elements, p->extent[2] * (taps > 16 ? 16 : taps));
    const int64_t rows = bytes == 0 ? 0 : p->images * p->extent[0] * p->extent[1];
    *launch = (dlc_launch){
        .run = p->type == DLC_F32 ? kernels->columns_f32 : kernels->columns_f64, .phases = 1,
        .tasks = dlc_quotient_up(rows, p->rows_per_task), .scratch_bytes = (taps + p->kernel[2]) * (int64_t)sizeof(dlc_columns_tap),
    };
    return true;
}
