/// The products of a layer's training on one thread: what goes forward, back to the input, and to the weights, where no
/// operand is packed before the step; and the gradients of recurrent layers, embeddings and pooling.
#include "bench.h"
#include "dlc_conv_weights.h"
#include "dlc_gather.h"
#include "dlc_pool_gradient.h"
#include "dlc_rnn_gradient.h"

/// C of m × n, its operands as they lie: A, or A transposed; B, or B transposed.
static void product(const char *name, int64_t m, int64_t n, int64_t k, bool turned_a, bool turned_b) {
    dlc_gemm g = {.type = DLC_F32, .m = m, .n = n, .k = k, .batch = {1, 1, 1, 1}, .a_row = turned_a ? 1 : k, .a_column = turned_a ? m : 1,
                  .b_row = turned_b ? 1 : n, .b_column = turned_b ? k : 1, .c_row = n, .alpha = 1};
    float *a = random_floats(m * k), *b = random_floats(k * n), *c = random_floats(m * n);
    void *buffers[] = {a, b, NULL, NULL, NULL, c};
    dlc_launch launch;
    char shape[64];
    snprintf(shape, sizeof shape, "%ld x %ld x %ld", (long)m, (long)n, (long)k);
    if (dlc_gemm_prepare(dlc_host_isa(), &g, &launch))
        bench_row(name, shape, launch_time(&launch, &g, buffers, 0.1), 2.0 * (double)(m * n * k), 4.0 * (double)(m * k + k * n), 4.0 * (double)(m * n));
    free(a), free(b), free(c);
}

/// The gradient of weights as that of a 1×1 convolution: [pixels, inputs] and [pixels, outputs] to [outputs, inputs].
static void weights(int64_t outputs, int64_t inputs, int64_t pixels) {
    dlc_conv_weights p = {.n = 1, .d = 1, .h = 1, .w = pixels, .od = 1, .oh = 1, .ow = pixels, .c = inputs, .oc = outputs, .groups = 1,
                          .kernel = {1, 1, 1}, .stride = {1, 1, 1}, .dilation = {1, 1, 1}};
    float *x = random_floats(pixels * inputs), *dy = random_floats(pixels * outputs), *dw = random_floats(inputs * outputs);
    void *buffers[] = {x, dy, dw};
    dlc_launch launch;
    char shape[64];
    snprintf(shape, sizeof shape, "%ld x %ld x %ld", (long)outputs, (long)inputs, (long)pixels);
    if (dlc_conv_weights_prepare(dlc_host_isa(), &p, &launch))
        bench_row("  weights as 1x1", shape, launch_time(&launch, &p, buffers, 0.1), 2.0 * (double)(outputs * inputs * pixels),
                  4.0 * (double)(pixels * (inputs + outputs)), 4.0 * (double)(inputs * outputs));
    free(x), free(dy), free(dw);
}

/// A layer of `rows` rows, from `inputs` to `outputs`.
static void layer(const char *name, int64_t rows, int64_t inputs, int64_t outputs) {
    product(name, rows, outputs, inputs, false, false);
    product("  to the input", rows, inputs, outputs, false, true);
    product("  to the weights", inputs, outputs, rows, true, false);
    weights(inputs, outputs, rows);
}

static void recurrent(const char *name, dlc_rnn_kind kind, int64_t steps, int64_t batch, int64_t input, int64_t hidden) {
    dlc_rnn n = {.kind = kind, .linear_before_reset = true, .steps = steps, .batch = batch, .input = input, .hidden = hidden,
                 .activations = {{DLC_RNN_SIGMOID, 0, 0}, {DLC_RNN_TANH, 0, 0}, {DLC_RNN_TANH, 0, 0}}};
    const int64_t gates = kind == DLC_RNN_LSTM ? 4 : kind == DLC_RNN_GRU ? 3 : 1, rows = steps * batch, w = gates * hidden * input, r = gates * hidden * hidden;
    const double products = 2.0 * (double)rows * (double)(w + r);
    void *buffers[DLC_RNN_G_BUFFERS] = {
        [DLC_RNN_G_X] = random_floats(rows * input), [DLC_RNN_G_W] = random_floats(w), [DLC_RNN_G_R] = random_floats(r), [DLC_RNN_G_BIAS] = random_floats(2 * gates * hidden),
        [DLC_RNN_G_Y] = random_floats(rows * hidden), [DLC_RNN_G_DY] = random_floats(rows * hidden), [DLC_RNN_G_DX] = random_floats(rows * input),
        [DLC_RNN_G_DW] = random_floats(w), [DLC_RNN_G_DR] = random_floats(r), [DLC_RNN_G_DBIAS] = random_floats(2 * gates * hidden),
    };
    char shape[64];
    snprintf(shape, sizeof shape, "T %ld, B %ld, %ld -> %ld", (long)steps, (long)batch, (long)input, (long)hidden);
    float *packed = aligned(dlc_rnn_packed_bytes(dlc_host_isa(), &n));
    void *pack[] = {buffers[DLC_RNN_G_W], buffers[DLC_RNN_G_R], buffers[DLC_RNN_G_BIAS], NULL, packed};
    dlc_launch launch;
    dlc_rnn forward = n;
    if (dlc_rnn_pack_prepare(dlc_host_isa(), &forward, &launch)) bench_row(name, "pack", launch_time(&launch, &forward, pack, 0.1), 0, 4.0 * (double)(w + r), 4.0 * (double)(w + r));
    void *there[10] = {buffers[DLC_RNN_G_X], packed, NULL, NULL, NULL, buffers[DLC_RNN_G_Y]};
    if (dlc_rnn_prepare(dlc_host_isa(), &forward, &launch)) bench_row("  forward", shape, launch_time(&launch, &forward, there, 0.1), products, 4.0 * (double)(w + r * steps), 0);
    dlc_rnn_gradient g = {.rnn = n};
    if (dlc_rnn_gradient_prepare(dlc_host_isa(), &g, &launch)) bench_row("  gradient, its own gates", shape, launch_time(&launch, &g, buffers, 0.2), 3 * products, 4.0 * (double)(w + r * steps), 0);
    g.has_gates = true;
    buffers[DLC_RNN_G_GATES] = random_floats(rows * dlc_rnn_gates_columns(&n));
    if (!dlc_rnn_gradient_prepare(dlc_host_isa(), &g, &launch)) return;
    bench_row("  gradient", shape, launch_time(&launch, &g, buffers, 0.2), 3 * products, 4.0 * (double)(w + r * steps), 0);
    void *shared = aligned(launch.shared_bytes), *scratch = aligned(launch.scratch_bytes);
    double best[8];
    for (int i = 0; i < 8; i++) best[i] = 1e9;
    for (int round = 0; round < 3; round++) {
        double part[8] = {0};
        for (int32_t phase = 0; phase < launch.phases; phase++) {
            dlc_call call = {&g, buffers, shared, scratch, 0, launch.tasks, phase};
            double start = seconds();
            launch.run(&call);
            part[phase < 2 ? phase : phase + 1 < launch.phases ? 3 : 4] += seconds() - start;
        }
        for (int i = 0; i < 5; i++) if (part[i] < best[i]) best[i] = part[i];
    }
    printf("    copy %.2f ms, turn %.2f, steps %.2f, finish %.2f\n", best[0] * 1e3, best[1] * 1e3, best[3] * 1e3, best[4] * 1e3);
    void *parts[DLC_RNN_G_BUFFERS];
    for (int part = DLC_RNN_G_DX; part <= DLC_RNN_G_DBIAS; part++) {
        memcpy(parts, buffers, sizeof parts);
        for (int other = DLC_RNN_G_DX; other <= DLC_RNN_G_DBIAS; other++) if (other != part) parts[other] = NULL;
        double least = 1e9;
        for (int round = 0; round < 20; round++) {
            dlc_call call = {&g, parts, shared, scratch, 0, launch.tasks, launch.phases - 1};
            double start = seconds();
            launch.run(&call);
            start = seconds() - start;
            if (start < least) least = start;
        }
        printf("    finish of result %d: %.3f ms\n", part - DLC_RNN_G_DX, least * 1e3);
    }
    for (int i = 0; i < DLC_RNN_G_BUFFERS; i++) free(buffers[i]);
    free(shared), free(scratch), free(packed);
}

static void embedding(const char *name, int64_t rows, int64_t width, int64_t count) {
    dlc_gather_gradient g = {.type = DLC_F32, .index_bytes = 8, .outer = 1, .axis = rows, .inner = width, .count = count};
    int64_t *indices = aligned(8 * count);
    for (int64_t i = 0; i < count; i++) indices[i] = random_below(rows);
    float *dy = random_floats(count * width), *dx = random_floats(rows * width);
    void *buffers[] = {indices, dy, dx, NULL};
    dlc_launch launch;
    char shape[64];
    snprintf(shape, sizeof shape, "%ld x %ld, %ld indices", (long)rows, (long)width, (long)count);
    if (dlc_gather_gradient_prepare(dlc_host_isa(), &g, &launch))
        bench_row(name, shape, launch_time(&launch, &g, buffers, 0.2), 0, 4.0 * (double)(count * width), 4.0 * (double)(rows * width));
    double best = 1e9;
    for (int i = 0; i < 8; i++) {
        double start = seconds();
        memset(dx, 0, (size_t)(rows * width * 4));
        start = seconds() - start;
        if (start < best) best = start;
    }
    printf("    zeros alone %.4f ms\n", best * 1e3);
    free(indices), free(dy), free(dx);
}

static void pooling(const char *name, dlc_pool_gradient_kind kind, int64_t n, int64_t size, int64_t channels, int64_t kernel, int64_t stride, int64_t pad) {
    const int64_t out = (size + 2 * pad - kernel) / stride + 1;
    dlc_pool_gradient g = {.kind = kind, .dy_ld = channels, .result_ld = channels, .pool = {
        .type = DLC_F32, .batch = n, .channels = channels, .x_extent = {1, size, size}, .y_extent = {1, out, out}, .kernel = {1, kernel, kernel},
        .stride = {1, stride, stride}, .dilation = {1, 1, 1}, .pad_begin = {0, pad, pad}, .pad_end = {0, pad, pad}, .x_ld = channels}};
    float *x = random_floats(n * size * size * channels), *dy = random_floats(n * out * out * channels), *dx = random_floats(n * size * size * channels);
    void *buffers[] = {x, dy, dx};
    dlc_launch launch;
    char shape[64];
    snprintf(shape, sizeof shape, "%ld of %ld x %ld, %ldx%ld/%ld", (long)n, (long)size, (long)channels, (long)kernel, (long)kernel, (long)stride);
    if (dlc_pool_gradient_prepare(dlc_host_isa(), &g, &launch))
        bench_row(name, shape, launch_time(&launch, &g, buffers, 0.1), 0, 4.0 * (double)(n * channels * (size * size + out * out)), 4.0 * (double)(n * size * size * channels));
    free(x), free(dy), free(dx);
}

int main(void) {
    bench_header("training, m x n x k");
    layer("MLP 784 -> 512", 64, 784, 512);
    layer("MLP 512 -> 512", 64, 512, 512);
    layer("MLP 512 -> 10", 64, 512, 10);
    layer("VAE 784 -> 400", 64, 784, 400);
    layer("GPT 256 -> 768", 1024, 256, 768);
    layer("GPT 256 -> 1024", 1024, 256, 1024);
    layer("GPT 1024 -> 256", 1024, 1024, 256);
    layer("BERT 768 -> 3072", 512, 768, 3072);
    recurrent("LSTM", DLC_RNN_LSTM, 100, 4, 128, 1024);
    recurrent("GRU", DLC_RNN_GRU, 50, 32, 128, 256);
    embedding("embedding", 50257, 768, 1024);
    embedding("two rows", 2, 768, 8192);
    pooling("LeNet max", DLC_POOL_GRADIENT_MAX, 64, 28, 6, 2, 2, 0);
    pooling("ResNet max", DLC_POOL_GRADIENT_MAX, 8, 112, 64, 3, 2, 1);
    pooling("U-Net max", DLC_POOL_GRADIENT_MAX, 2, 128, 64, 2, 2, 0);
    pooling("GoogLeNet max", DLC_POOL_GRADIENT_MAX, 8, 28, 192, 3, 1, 1);
    pooling("average", DLC_POOL_GRADIENT_AVERAGE, 8, 56, 128, 2, 2, 0);
    return 0;
}
