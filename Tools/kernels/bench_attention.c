/// Scaled dot-product attention, on one thread; the operations are those of the two products, causal or not.
#include "bench.h"
#include "dlc_layers.h"

static void bench(const char *name, int64_t heads, int64_t queries, int64_t keys, dlc_mask_kind mask, bool causal) {
    // Heads side by side in each row, as a projection leaves them.
    const int64_t depth = 64, row = heads * depth;
    const dlc_attention_strides q = {queries * row, depth, row}, k = {keys * row, depth, row};
    dlc_attention p = {.batch = 1, .heads = heads, .kv_heads = heads, .queries = queries, .keys = keys, .depth = depth, .value_depth = depth,
                       .q = q, .k = k, .v = k, .y = q, .mask = {0, 0, 0}, .mask_column = 1, .mask_kind = mask, .causal = causal,
                       .causal_offset = keys - queries, .scale = 0.125f};
    void *buffers[] = {random_floats(queries * row), random_floats(keys * row), random_floats(keys * row), random_floats(keys), random_floats(queries * row)};
    dlc_launch launch;
    char shape[64];
    snprintf(shape, sizeof shape, "%lld heads, %lld x %lld x 64", (long long)heads, (long long)queries, (long long)keys);
    if (dlc_attention_prepare(dlc_host_isa(), &p, &launch)) {
        const double t = launch_time(&launch, &p, buffers, 0.1);
        // A causal query i of the last `queries` sees keys - queries + i + 1 keys.
        const double pairs = causal ? (double)queries * ((double)(keys - queries) + 0.5 * (double)(queries + 1)) : (double)(queries * keys);
        bench_row(name, shape, t, 4.0 * (double)row * pairs, 4.0 * (double)(row * (queries + 2 * keys)), 4.0 * (double)(queries * row));
    }
    for (int i = 0; i < 5; i++) free(buffers[i]);
}

int main(void) {
    bench_header("attention");
    bench("BERT, mask", 12, 128, 128, DLC_MASK_F32, false);
    bench("ViT", 12, 197, 197, DLC_MASK_NONE, false);
    bench("GPT-2, causal", 12, 64, 64, DLC_MASK_NONE, true);
    bench("GPT-2, causal", 12, 1024, 1024, DLC_MASK_NONE, true);
    bench("GPT-2, one token", 12, 1, 1024, DLC_MASK_NONE, true);
    bench("long", 8, 4096, 4096, DLC_MASK_NONE, false);
}
