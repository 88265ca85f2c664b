/// Scaled dot-product attention and its gradient, on one thread; the operations are those of the two products, and of the five,
/// causal or not.
#include "bench.h"
#include "dlc_layers.h"

static void bench(const char *name, int64_t heads, int64_t queries, int64_t keys, dlc_mask_kind mask, bool causal) {
    // Heads side by side in each row, as a projection leaves them.
    const int64_t depth = 64, row = heads * depth;
    const dlc_attention_strides q = {queries * row, depth, row}, k = {keys * row, depth, row};
    dlc_attention p = {.batch = 1, .heads = heads, .kv_heads = heads, .queries = queries, .keys = keys, .depth = depth, .value_depth = depth,
                       .q = q, .k = k, .v = k, .y = q, .mask = {0, 0, 0}, .mask_column = 1, .mask_kind = mask, .causal = causal,
                       .causal_offset = keys - queries, .scale = 0.125f};
    void *buffers[] = {random_floats(queries * row), random_floats(keys * row), random_floats(keys * row), random_floats(keys), random_floats(queries * row), NULL};
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

static void bench_gradient(const char *name, int64_t batch, int64_t heads, int64_t length, bool causal) {
    const int64_t depth = 64, row = heads * depth, n = batch * length * row;
    const dlc_attention_strides s = {length * row, depth, row};
    dlc_attention_gradient p = {.layer = {.batch = batch, .heads = heads, .kv_heads = heads, .queries = length, .keys = length, .depth = depth,
                                          .value_depth = depth, .q = s, .k = s, .v = s, .y = s, .causal = causal, .scale = 0.125f},
                                .dy = s, .dq = s, .dk = s, .dv = s, .has_statistics = true};
    void *buffers[] = {random_floats(n), random_floats(n), random_floats(n), NULL, random_floats(n), random_floats(n),
                       random_floats(2 * batch * heads * length), random_floats(n), random_floats(n), random_floats(n)};
    dlc_launch launch;
    char shape[64];
    snprintf(shape, sizeof shape, "%lld x %lld heads, %lld x 64", (long long)batch, (long long)heads, (long long)length);
    if (dlc_attention_gradient_prepare(dlc_host_isa(), &p, &launch)) {
        const double t = launch_time(&launch, &p, buffers, 0.1), pairs = (double)(batch * length) * (causal ? 0.5 * (double)(length + 1) : (double)length);
        bench_row(name, shape, t, 10.0 * (double)row * pairs, 20.0 * (double)n, 12.0 * (double)n);
    }
    for (int i = 0; i < 10; i++) free(buffers[i]);
}

int main(void) {
    bench_header("attention");
    bench("BERT, mask", 12, 128, 128, DLC_MASK_F32, false);
    bench("ViT", 12, 197, 197, DLC_MASK_NONE, false);
    bench("GPT-2, causal", 12, 64, 64, DLC_MASK_NONE, true);
    bench("GPT-2, causal", 12, 1024, 1024, DLC_MASK_NONE, true);
    bench("GPT-2, one token", 12, 1, 1024, DLC_MASK_NONE, true);
    bench("long", 8, 4096, 4096, DLC_MASK_NONE, false);
    bench_gradient("gradient, GPT, causal", 8, 4, 128, true);
    bench_gradient("gradient, GPT, causal", 2, 4, 1024, true);
    bench_gradient("gradient, BERT", 1, 12, 128, false);
    bench_gradient("gradient, long", 1, 8, 2048, false);
}
