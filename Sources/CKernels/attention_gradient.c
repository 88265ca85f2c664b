/// Checks of a step of attention's gradient and its division into tasks.
#include "attention_gradient.h"
#include "layers.h"

bool dlc_attention_gradient_prepare(dlc_isa isa, dlc_attention_gradient *p, dlc_launch *launch) {
    const dlc_layer_kernels *kernels = dlc_layer_kernels_of(isa);
    if (!kernels || !dlc_attention_valid(&p->layer)) return false;
    // Extents of 0 hide others from the sizes of tensors.
    const int64_t factors[] = {p->layer.batch, p->layer.heads, p->layer.queries, p->layer.depth};
    int64_t product = 1;
    for (int i = 0; i < 4; i++)
        if (factors[i] > 0 && (__builtin_mul_overflow(product, factors[i], &product) || product > INT64_C(1) << 40)) return false;
    if (p->layer.batch * p->layer.kv_heads > 1 << 20) return false;
    // Enough tasks to share out, whatever the number of threads: sums must not depend on it.
    enum { fewest = 8 };
    const int64_t heads = p->layer.batch * p->layer.kv_heads, tiles = (p->layer.keys + attention_gradient_keys - 1) / attention_gradient_keys;
    p->chunks = heads < 1 || heads >= fewest ? 1 : (fewest + heads - 1) / heads;
    if (p->chunks > tiles) p->chunks = tiles < 1 ? 1 : tiles;
    const int64_t lanes = dlc_lanes(isa), floats = attention_gradient_layout_of(p, lanes).floats, row = p->layer.keys + lanes;
    *launch = (dlc_launch){
        .run = kernels->attention_gradient_f32,
        .tasks = heads * p->chunks,
        .phases = p->chunks > 1 ? 3 : 2,
        .shared_bytes = attention_gradient_shared_of(p).floats * 4,
        .scratch_bytes = (p->has_statistics || floats > row ? floats : row) * 4,
    };
    return true;
}
