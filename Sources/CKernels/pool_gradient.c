/// Checks of a pooling's gradient and the choice of its kernel and its bands.
#include "include/dlc_pool_gradient.h"

#include "gather_index.h"
#include "layers.h"

enum { tasks_wanted = 8, windows_in_band = 4, band_bytes = 256 << 10 };

bool dlc_pool_gradient_prepare(dlc_isa isa, dlc_pool_gradient *g, dlc_launch *launch) {
    const dlc_layer_kernels *kernels = dlc_layer_kernels_of(isa);
    const dlc_pool *p = &g->pool;
    g->pool.y_ld = p->channels;
    if (!kernels || !dlc_pool_valid(p) || g->kind > DLC_POOL_GRADIENT_AVERAGE) return false;
    if (g->dy_ld < p->channels || g->result_ld < p->channels) return false;
    dlc_kernel run = NULL;
    switch (p->type) {
    case DLC_F32:
        run = g->kind == DLC_POOL_GRADIENT_SELECT ? kernels->pool_select_f32 : kernels->pool_gradient_f32;
        break;
    case DLC_F64: run = g->kind == DLC_POOL_GRADIENT_SELECT ? kernels->pool_select_f64 : kernels->pool_gradient_f64; break;
    default: return false;
    }
    if (g->kind == DLC_POOL_GRADIENT_SELECT) {
        *launch = (dlc_launch){ .run = run, .tasks = p->batch * p->y_extent[0] * p->y_extent[1], .phases = 1 };
        return true;
    }
    g->alone = true;
    for (int i = 0; i < 3; i++) g->alone = g->alone && p->stride[i] > (p->kernel[i] - 1) * p->dilation[i];
    // Bands stay in cache. Windows that reach over the end of one are looked at twice, so bands are a few windows high.
    int64_t height = p->x_extent[1], wanted = dlc_quotient_up(tasks_wanted, p->batch > 0 ? p->batch : 1);
    int64_t rows = dlc_quotient_up(height, wanted), least = windows_in_band * p->stride[1];
    int64_t cached = dlc_per_task(band_bytes, 4 * p->x_extent[0] * p->x_extent[2] * p->channels);
    if (rows > cached) rows = cached;
    rows = dlc_quotient_up(rows < least ? least : rows, p->stride[1]) * p->stride[1];
    g->rows = rows;
    g->bands = dlc_quotient_up(height, rows);
    *launch = (dlc_launch){ .run = run, .tasks = p->batch * g->bands, .phases = 1 };
    return true;
}
