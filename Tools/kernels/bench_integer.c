/// Products of 8-bit integers on one thread, with the instruction for it and without.
#include "../../Sources/CKernels/gemm_integer.h"
#include "bench.h"

static void bench(const char *name, int64_t m, int64_t n, int64_t k, bool b_signed) {
    const dlc_isa isa = dlc_host_isa();
    dlc_integer_pack layout = {.is_signed = b_signed, .matrices = 1, .taps = 1, .inputs = k, .n = n, .row_step = n, .column_step = 1};
    dlc_integer_product g = {.b_signed = b_signed, .m = m, .n = n, .k = k, .batch = {1, 1, 1, 1}, .a_row = k, .a_column = 1, .c_row = n, .finish = {.type = DLC_I32}};
    const int64_t packed = dlc_integer_packed_bytes(isa, k, n);
    uint8_t *a = aligned(m * k), *b = aligned(k * n), *pack = aligned(packed), a_zero = 77;
    int32_t *c = aligned(4 * m * n);
    for (int64_t i = 0; i < m * k; i++) a[i] = (uint8_t)random_bits();
    for (int64_t i = 0; i < k * n; i++) b[i] = (uint8_t)random_bits();
    void *weights[] = {b, pack}, *buffers[] = {a, pack, &a_zero, NULL, NULL, NULL, c};
    dlc_launch packing, launch;
    char shape[64];
    snprintf(shape, sizeof shape, "%lld x %lld x %lld", (long long)m, (long long)n, (long long)k);
    if (dlc_integer_pack_prepare(isa, &layout, &packing) && dlc_integer_product_prepare(isa, &g, &launch)) {
        launch_run(&packing, &layout, weights, 1);
        bench_weights(name, shape, &launch, &g, buffers, (bench_cost){2.0 * (double)m * (double)n * (double)k, (double)packed, (double)(m * k), 4.0 * (double)(m * n)});
    }
    free(a), free(b), free(pack), free(c);
}

int main(void) {
    bench_header("products of bytes, m x n x k (shares are of the peak in f32)");
    for (int without = 0; without <= dlc_host_has_dot(dlc_host_isa()); without++) {
        dlc_integer_without_dot = without != 0;
        bench("BERT projection", 128, 768, 768, true);
        bench("BERT up", 128, 3072, 768, true);
        bench("BERT down", 128, 768, 3072, true);
        bench("BERT down, u8 weights", 128, 768, 3072, false);
        bench("one token up", 1, 3072, 768, true);
        bench("one token down", 1, 768, 3072, true);
        bench("8 tokens down", 8, 768, 3072, true);
        bench("GPT-2 one token", 1, 50257, 768, true);
        bench("square 1024", 1024, 1024, 1024, true);
        bench("MobileNet expansion", 784, 192, 32, true);
    }
}
