/// Checks of an attention step and its division into tasks.
#include "attention.h"
#include "layers.h"

/// Bound of every extent, which keeps sizes within 64 bits.
enum { attention_most = 1 << 24 };

bool dlc_attention_valid(const dlc_attention *p) {
    const int64_t extents[] = { p->batch, p->heads, p->kv_heads, p->queries, p->keys, p->depth, p->value_depth };
    for (int i = 0; i < 7; i++)
        if (extents[i] < 0 || extents[i] > attention_most) return false;
    if (p->mask_kind > DLC_MASK_BOOL || (p->heads > 0 && (p->kv_heads < 1 || p->heads % p->kv_heads != 0))) return false;
    return p->mask_kind == DLC_MASK_NONE || p->mask_column == 0 || p->mask_column == 1;
}

bool dlc_attention_prepare(dlc_isa isa, dlc_attention *p, dlc_launch *launch) {
    const dlc_layer_kernels *kernels = dlc_layer_kernels_of(isa);
    if (!kernels || !dlc_attention_valid(p)) return false;
    if (p->heads == 0) {
        *launch = (dlc_launch){ .run = kernels->attention_f32, .tasks = 0, .phases = 1 };
        return true;
    }
    attention_layout l = attention_layout_of(p, dlc_lanes(isa));
    // A block's scores should stay in cache beside a panel, and there should be tasks to share out.
    enum { cached_floats = 6 * 1024, fewest = 6, most = 48, few = 4 };
    int64_t block = cached_floats / l.scores;
    block = block < fewest ? fewest : block > most ? most : block;
    int64_t blocks = (p->queries + block - 1) / block;
    // Even sizes rather than whole tiles: a thread is not to wait for another's larger blocks.
    p->query_block = blocks == 0 ? fewest : (p->queries + blocks - 1) / blocks;
    blocks = (p->queries + p->query_block - 1) / p->query_block;
    p->unpacked = p->queries < few;
    if (p->unpacked) p->query_block = 1, blocks = p->queries;
    int64_t packs = p->unpacked ? 0 : p->batch * p->kv_heads, tasks = p->batch * p->heads * blocks;
    *launch = (dlc_launch){
        .run = kernels->attention_f32,
        .tasks = tasks,
        .phases = p->unpacked ? 1 : 2,
        .shared_bytes = packs * l.head * 4,
        .scratch_bytes = p->query_block * (l.scores + 1) * 4,
    };
    return true;
}
