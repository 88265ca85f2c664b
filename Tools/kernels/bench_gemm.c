/// GFLOP/s of dlc_gemm on one thread, beside the measured peak of fused multiply-adds.
#include "harness.h"
#include "bench_peak.h"

static void bench(const char *name, int64_t m, int64_t n, int64_t k, bool packed, bool transposed, dlc_activation act) {
    const dlc_isa isa = dlc_host_isa();
    dlc_gemm g = {.type = DLC_F32, .b_packed = packed, .m = m, .n = n, .k = k, .batch = {1, 1, 1, 1}, .a_row = k, .a_column = 1,
                  .b_row = transposed ? 1 : n, .b_column = transposed ? k : 1, .c_row = n, .alpha = 1, .epilogue = {act}};
    float *a = random_floats(m * k), *b = random_floats(k * n), *bias = random_floats(n), *c = random_floats(m * n);
    float *pack = aligned(dlc_gemm_packed_bytes(isa, k, n));
    dlc_gemm_pack(isa, b, g.b_row, g.b_column, k, n, pack);
    void *buffers[] = {a, packed ? pack : b, bias, NULL, NULL, c};
    dlc_launch launch;
    if (!dlc_gemm_prepare(isa, &g, &launch)) { printf("%s not supported\n", name); return; }
    double t = launch_time(&launch, &g, buffers, 0.2), rate = 2.0 * (double)m * (double)n * (double)k / t * 1e-9;
    printf("%-28s %6lld %6lld %6lld  %9.3f ms %8.1f GFLOP/s %5.1f %%  %6.1f GB/s of B, %lld tasks\n", name, (long long)m, (long long)n,
           (long long)k, t * 1e3, rate, 100 * rate / peak(), 4e-9 * (double)n * (double)k / t, (long long)launch.tasks);
    free(a), free(b), free(bias), free(c), free(pack);
}

int main(void) {
    printf("peak %.1f GFLOP/s\n", peak());
    bench("BERT projection", 128, 768, 768, true, false, DLC_ACT_NONE);
    bench("BERT up, GELU", 128, 3072, 768, true, false, DLC_ACT_GELU);
    bench("BERT down", 128, 768, 3072, true, false, DLC_ACT_NONE);
    bench("GPT-2 logits", 64, 50257, 768, true, false, DLC_ACT_NONE);
    bench("GPT-2 one token", 1, 50257, 768, true, false, DLC_ACT_NONE);
    bench("VGG fc6", 1, 4096, 25088, true, false, DLC_ACT_RELU);
    bench("ResNet fc", 1, 1000, 2048, true, false, DLC_ACT_NONE);
    bench("square 512", 512, 512, 512, true, false, DLC_ACT_NONE);
    bench("square 1024", 1024, 1024, 1024, true, false, DLC_ACT_NONE);
    bench("square 2048", 2048, 2048, 2048, true, false, DLC_ACT_NONE);
    bench("ResNet 1x1 256-64", 3136, 64, 256, true, false, DLC_ACT_RELU);
    bench("ResNet 1x1 64-256", 3136, 256, 64, true, false, DLC_ACT_RELU);
    bench("ResNet 1x1 2048-512", 49, 512, 2048, true, false, DLC_ACT_RELU);
    bench("MobileNet 32-16", 12544, 16, 32, true, false, DLC_ACT_NONE);
    bench("MobileNet 16-96", 12544, 96, 16, true, false, DLC_ACT_CLIP);
    bench("MobileNet 96-24", 3136, 24, 96, true, false, DLC_ACT_NONE);
    bench("MobileNet 144-32", 784, 32, 144, true, false, DLC_ACT_NONE);
    bench("DenseNet 256-128", 784, 128, 256, true, false, DLC_ACT_RELU);
    bench("EfficientNet 240-40 SiLU", 784, 240, 40, true, false, DLC_ACT_SILU);
    bench("dynamic 512", 512, 512, 512, false, false, DLC_ACT_NONE);
    bench("dynamic 128 transposed", 128, 128, 64, false, true, DLC_ACT_NONE);
    bench("dynamic 1024 transposed", 1024, 1024, 1024, false, true, DLC_ACT_NONE);
    bench("dynamic 1 row", 1, 4096, 1024, false, false, DLC_ACT_NONE);
}
