/// Products by Strassen's algorithm, on one thread; rated by the seven products of half the size that it makes, and the
/// speed is theirs, too. What it gains is its time against that of the same shape in bench_gemm.
#include "bench.h"
#include "dlc_strassen.h"

static void bench(const char *name, int64_t m, int64_t n, int64_t k, dlc_activation act) {
    const dlc_isa isa = dlc_host_isa();
    if (!dlc_strassen_supports(isa, m, n, k)) return;
    dlc_strassen p = {.m = m, .n = n, .k = k, .a_row = k, .c_row = n, .residual_row = n, .line = m, .line_step = m * k, .alpha = 1, .epilogue = {act}};
    const dlc_pack packing = dlc_matrix_packing(DLC_PACK_STRASSEN, k, n, n, 1);
    const int64_t bytes = dlc_pack_bytes(isa, &packing);
    float *a = random_floats(m * k), *b = random_floats(k * n), *bias = random_floats(n), *c = random_floats(m * n), *pack = aligned(bytes);
    dlc_pack_run(isa, packing, b, pack);
    void *buffers[] = {a, pack, bias, NULL, NULL, c};
    dlc_launch launch;
    char shape[64];
    snprintf(shape, sizeof shape, "%lld x %lld x %lld", (long long)m, (long long)n, (long long)k);
    if (dlc_strassen_prepare(isa, &p, &launch)) {
        const double operations = 7.0 / 8 * 2.0 * (double)m * (double)n * (double)k;
        bench_weights(name, shape, &launch, &p, buffers, (bench_cost){operations, (double)bytes, 4.0 * (double)(m * k + n), 4.0 * (double)(m * n)});
    }
    free(a), free(b), free(bias), free(c), free(pack);
}

int main(void) {
    bench_header("products by Strassen's algorithm, m x n x k");
    bench("BERT projection", 128, 768, 768, DLC_ACT_NONE);
    bench("BERT up, GELU", 128, 3072, 768, DLC_ACT_GELU);
    bench("BERT down", 128, 768, 3072, DLC_ACT_NONE);
    bench("ViT projection", 197, 768, 768, DLC_ACT_NONE);
    bench("ViT up, GELU", 197, 3072, 768, DLC_ACT_GELU);
    bench("ViT down", 197, 768, 3072, DLC_ACT_NONE);
    bench("GPT-2 projection", 64, 768, 768, DLC_ACT_NONE);
    bench("GPT-2 up, GELU", 64, 3072, 768, DLC_ACT_GELU_TANH);
    bench("GPT-2 down", 64, 768, 3072, DLC_ACT_NONE);
    bench("GPT-2 logits", 64, 50257, 768, DLC_ACT_NONE);
    bench("ResNet 3.c", 196, 1024, 256, DLC_ACT_RELU);
    bench("ResNet 3.a'", 196, 256, 1024, DLC_ACT_RELU);
    bench("square 512", 512, 512, 512, DLC_ACT_NONE);
    bench("square 1024", 1024, 1024, 1024, DLC_ACT_NONE);
    bench("square 2048", 2048, 2048, 2048, DLC_ACT_NONE);
}
