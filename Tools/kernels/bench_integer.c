/// Products of 8-bit integers on one thread: with AMX, with the instruction for it, and without either.
#include "../../Sources/CKernels/gemm_integer.h"
#include "bench.h"

static void bench(const char *name, int64_t m, int64_t n, int64_t k, bool b_signed) {
    const dlc_isa isa = dlc_host_isa();
    dlc_integer_pack layout = {.is_signed = b_signed, .matrices = 1, .taps = 1, .inputs = k, .n = n, .run_taps = 1, .row_step = n, .column_step = 1};
    dlc_integer_product g = {.b_signed = b_signed, .m = m, .n = n, .k = k, .batch = {1, 1, 1, 1}, .a_row = k, .a_column = 1, .c_row = n, .finish = {.type = DLC_I32}};
    const int64_t packed = dlc_integer_packed_bytes(isa, k, n);
    uint8_t *a = aligned(m * k), *b = aligned(k * n), *pack = aligned(packed), a_zero = 77;
    int32_t *c = aligned(4 * m * n);
    for (int64_t i = 0; i < m * k; i++) a[i] = (uint8_t)random_bits();
    for (int64_t i = 0; i < k * n; i++) b[i] = (uint8_t)random_bits();
    void *weights[] = {b, pack}, *buffers[] = {a, pack, &a_zero, NULL, NULL, NULL, NULL, c};
    dlc_launch packing, launch;
    char shape[64];
    snprintf(shape, sizeof shape, "%lld x %lld x %lld", (long long)m, (long long)n, (long long)k);
    if (dlc_integer_pack_prepare(isa, &layout, &packing) && dlc_integer_product_prepare(isa, &g, &launch)) {
        launch_run(&packing, &layout, weights, 1);
        bench_weights(name, shape, &launch, &g, buffers, (bench_cost){2.0 * (double)m * (double)n * (double)k, (double)packed, (double)(m * k), 4.0 * (double)(m * n)});
    }
    free(a), free(b), free(pack), free(c);
}

/// A square convolution, u8 to u8, of one group or of as many as there are channels.
static void bench_conv(const char *name, int64_t size, int64_t inputs, int64_t outputs, int64_t kernel, int64_t stride, bool is_depthwise) {
    const dlc_isa isa = dlc_host_isa();
    const int64_t out = (size + stride - 1) / stride, taps = kernel * kernel, run = is_depthwise ? 1 : kernel, depth = is_depthwise ? 1 : inputs;
    const int64_t packed = is_depthwise ? taps * inputs : dlc_integer_packed_bytes(isa, dlc_integer_packed_rows(taps, inputs, run), outputs);
    const dlc_integer_finish finish = {.type = DLC_U8, .scale_columns = true, .bias_columns = true, .low = -90, .high = 165, .zero = 90};
    dlc_integer_pack layout = {.is_signed = true, .matrices = 1, .taps = taps, .inputs = inputs, .n = outputs, .run_taps = run,
                               .tap_step = inputs * outputs, .row_step = outputs, .column_step = 1};
    dlc_integer_product product = {
        .b_signed = true, .m = out * out, .n = outputs, .k = taps * inputs, .batch = {1, 1, 1, 1}, .a_row = inputs, .a_column = 1, .c_row = outputs,
        .has_patches = taps > 1 || stride > 1, .finish = finish,
        .patches = {1, size, size, 1, out, out, inputs, run, {1, kernel, kernel}, {1, stride, stride}, {1, 1, 1}, {0, kernel / 2, kernel / 2}, inputs},
    };
    dlc_integer_depthwise depthwise = {
        .w_signed = true, .n = 1, .d = 1, .h = size, .w = size, .channels = inputs, .multiplier = 1, .od = 1, .oh = out, .ow = out, .kernel = {1, kernel, kernel},
        .stride = {1, stride, stride}, .dilation = {1, 1, 1}, .pad = {0, kernel / 2, kernel / 2}, .x_ld = inputs, .y_ld = outputs, .finish = finish,
    };
    uint8_t *x = aligned(size * size * inputs), *w = aligned(taps * depth * outputs), *pack = aligned(packed), *y = aligned(out * out * outputs), zero = 77;
    float *scale = aligned(4 * outputs), *bias = aligned(4 * outputs);
    for (int64_t i = 0; i < size * size * inputs; i++) x[i] = (uint8_t)random_bits();
    for (int64_t i = 0; i < taps * depth * outputs; i++) w[i] = (uint8_t)random_bits();
    for (int64_t i = 0; i < outputs; i++) scale[i] = 0.001f, bias[i] = 3;
    void *weights[] = {w, pack}, *buffers[] = {x, is_depthwise ? w : pack, &zero, NULL, scale, bias, is_depthwise ? y : NULL, y};
    dlc_launch packing, launch;
    char shape[64];
    snprintf(shape, sizeof shape, "%lld -> %lld, %lld x %lld / %lld on %lld", (long long)inputs, (long long)outputs, (long long)kernel, (long long)kernel,
             (long long)stride, (long long)size);
    bool fine = is_depthwise ? dlc_integer_depthwise_prepare(isa, &depthwise, &launch) : dlc_integer_product_prepare(isa, &product, &launch);
    if (!is_depthwise) fine = fine && dlc_integer_pack_prepare(isa, &layout, &packing) && launch_run(&packing, &layout, weights, 1);
    const bench_cost cost = {2.0 * (double)(out * out * outputs * taps * depth), (double)packed, (double)(size * size * inputs), (double)(out * out * outputs)};
    if (fine) bench_weights(name, shape, &launch, is_depthwise ? (void *)&depthwise : (void *)&product, buffers, cost);
    free(x), free(w), free(pack), free(y), free(scale), free(bias);
}

int main(void) {
    bench_header("products of bytes, m x n x k (shares are of the peak in f32)");
    for (int without = dlc_host_has_amx(dlc_host_isa()) ? 0 : 1; without <= 1 + dlc_host_has_dot(dlc_host_isa()); without++) {
        dlc_integer_without_amx = without > 0, dlc_integer_without_dot = without > 1;
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
        bench_conv("ResNet first", 224, 3, 64, 7, 2, false);
        bench_conv("ResNet", 56, 64, 64, 3, 1, false);
        bench_conv("ResNet", 14, 256, 256, 3, 1, false);
        bench_conv("ResNet", 7, 512, 512, 3, 1, false);
        bench_conv("ResNet", 56, 64, 256, 1, 1, false);
        bench_conv("ResNet", 56, 256, 512, 1, 2, false);
        bench_conv("ResNet", 14, 256, 1024, 1, 1, false);
        bench_conv("MobileNet first", 224, 3, 32, 3, 2, false);
        bench_conv("MobileNet", 112, 16, 96, 1, 1, false);
        bench_conv("MobileNet", 112, 32, 16, 1, 1, false);
        bench_conv("MobileNet", 56, 24, 144, 1, 1, false);
        bench_conv("MobileNet", 56, 144, 24, 1, 1, false);
        bench_conv("depthwise", 112, 32, 32, 3, 1, true);
        bench_conv("depthwise", 112, 96, 96, 3, 2, true);
        bench_conv("depthwise", 56, 144, 144, 3, 1, true);
        bench_conv("depthwise", 14, 576, 576, 3, 1, true);
    }
}
