/// dlc_gemm on one thread.
#include "bench.h"

static void bench(const char *name, int64_t m, int64_t n, int64_t k, bool packed, bool transposed, dlc_activation act) {
    const dlc_isa isa = dlc_host_isa();
    dlc_gemm g = {.type = DLC_F32, .b_packed = packed, .m = m, .n = n, .k = k, .batch = {1, 1, 1, 1}, .a_row = k, .a_column = 1,
                  .b_row = transposed ? 1 : n, .b_column = transposed ? k : 1, .c_row = n, .alpha = 1, .epilogue = {act}};
    float *a = random_floats(m * k), *b = random_floats(k * n), *bias = random_floats(n), *c = random_floats(m * n);
    float *pack = aligned(dlc_gemm_packed_bytes(isa, k, n));
    pack_matrix(isa, DLC_PACK_PANELS, b, g.b_row, g.b_column, k, n, pack);
    void *buffers[] = {a, packed ? pack : b, bias, NULL, NULL, c};
    dlc_launch launch;
    char shape[64];
    snprintf(shape, sizeof shape, "%lld x %lld x %lld", (long long)m, (long long)n, (long long)k);
    if (dlc_gemm_prepare(isa, &g, &launch)) {
        const double operations = 2.0 * (double)m * (double)n * (double)k, others = 4.0 * (double)(m * k + n), result = 4.0 * (double)(m * n);
        if (packed) bench_weights(name, shape, &launch, &g, buffers, (bench_cost){operations, (double)dlc_gemm_packed_bytes(isa, k, n), others, result});
        else bench_row(name, shape, launch_time(&launch, &g, buffers, 0.1), operations, others + 4.0 * (double)(k * n), result);
    }
    free(a), free(b), free(bias), free(c), free(pack);
}

int main(void) {
    bench_header("products, m x n x k");
    bench("BERT projection", 128, 768, 768, true, false, DLC_ACT_NONE);
    bench("BERT q, k and v", 128, 2304, 768, true, false, DLC_ACT_NONE);
    bench("BERT up, GELU", 128, 3072, 768, true, false, DLC_ACT_GELU);
    bench("BERT down", 128, 768, 3072, true, false, DLC_ACT_NONE);
    bench("ViT projection", 197, 768, 768, true, false, DLC_ACT_NONE);
    bench("ViT q, k and v", 197, 2304, 768, true, false, DLC_ACT_NONE);
    bench("ViT up, GELU", 197, 3072, 768, true, false, DLC_ACT_GELU);
    bench("ViT down", 197, 768, 3072, true, false, DLC_ACT_NONE);
    bench("GPT-2 projection", 64, 768, 768, true, false, DLC_ACT_NONE);
    bench("GPT-2 q, k and v", 64, 2304, 768, true, false, DLC_ACT_NONE);
    bench("GPT-2 up, GELU", 64, 3072, 768, true, false, DLC_ACT_GELU_TANH);
    bench("GPT-2 down", 64, 768, 3072, true, false, DLC_ACT_NONE);
    bench("GPT-2 logits", 64, 50257, 768, true, false, DLC_ACT_NONE);
    bench("GPT-2 one token", 1, 50257, 768, true, false, DLC_ACT_NONE);
    bench("one token up, GELU", 1, 3072, 768, true, false, DLC_ACT_GELU_TANH);
    bench("one token down", 1, 768, 3072, true, false, DLC_ACT_NONE);
    bench("VGG fc6", 1, 4096, 25088, true, false, DLC_ACT_RELU);
    bench("ResNet fc", 1, 1000, 2048, true, false, DLC_ACT_NONE);
    bench("square 512", 512, 512, 512, true, false, DLC_ACT_NONE);
    bench("square 1024", 1024, 1024, 1024, true, false, DLC_ACT_NONE);
    bench("square 2048", 2048, 2048, 2048, true, false, DLC_ACT_NONE);
    bench("not packed 512", 512, 512, 512, false, false, DLC_ACT_NONE);
    bench("not packed, transposed 128", 128, 128, 64, false, true, DLC_ACT_NONE);
    bench("not packed, transposed 1024", 1024, 1024, 1024, false, true, DLC_ACT_NONE);
    bench("not packed, 1 row", 1, 4096, 1024, false, false, DLC_ACT_NONE);
}
