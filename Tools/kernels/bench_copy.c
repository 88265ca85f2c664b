/// Strided copies of f32, on one thread.
#include "bench.h"
#include "dlc_element.h"

static void bench(const char *name, const char *shape, dlc_copy p, int64_t source_floats, int64_t target_floats) {
    void *buffers[] = {random_floats(source_floats), random_floats(target_floats)};
    int64_t n = 1;
    for (int i = 0; i < p.rank; i++) n *= p.shape[i];
    p.element_bytes = 4;
    dlc_launch launch;
    if (dlc_copy_prepare(dlc_host_isa(), &p, &launch)) bench_row(name, shape, launch_time(&launch, &p, buffers, 0.05), 0, 4.0 * (double)n, 4.0 * (double)n);
    free(buffers[0]), free(buffers[1]);
}

int main(void) {
    bench_header("copies");
    bench("dense", "1M", (dlc_copy){.rank = 1, .shape = {1 << 20}, .source_strides = {1}, .result_strides = {1}}, 1 << 20, 1 << 20);
    bench("channels first to last", "3x224x224", (dlc_copy){.rank = 2, .shape = {50176, 3}, .source_strides = {1, 50176}, .result_strides = {3, 1}}, 150528, 150528);
    bench("channels first to last", "64x56x56", (dlc_copy){.rank = 2, .shape = {3136, 64}, .source_strides = {1, 3136}, .result_strides = {64, 1}}, 200704, 200704);
    bench("channels last to first", "512x7x7", (dlc_copy){.rank = 2, .shape = {512, 49}, .source_strides = {1, 512}, .result_strides = {49, 1}}, 25088, 25088);
    bench("square transpose", "1024x1024", (dlc_copy){.rank = 2, .shape = {1024, 1024}, .source_strides = {1, 1024}, .result_strides = {1024, 1}}, 1 << 20, 1 << 20);
    bench("heads to the front", "128x12x64", (dlc_copy){.rank = 3, .shape = {12, 128, 64}, .source_strides = {64, 768, 1}, .result_strides = {8192, 64, 1}}, 98304, 98304);
    bench("part of a concatenation", "28x28x32 into 256", (dlc_copy){.rank = 2, .shape = {784, 32}, .source_strides = {32, 1}, .result_strides = {256, 1}}, 25088, 200704);
    bench("slice with a step", "1M / 2", (dlc_copy){.rank = 1, .shape = {1 << 19}, .source_strides = {2}, .result_strides = {1}}, 1 << 20, 1 << 19);
    bench("broadcast row", "1024x1024", (dlc_copy){.rank = 2, .shape = {1024, 1024}, .source_strides = {0, 1}, .result_strides = {1024, 1}}, 1024, 1 << 20);
}
