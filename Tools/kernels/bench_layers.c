/// Softmax, normalisation, reduction and pooling, on one thread.
#include "bench.h"
#include "dlc_layers.h"

/// Runs a prepared step and prints it; one operation per element read.
static void row(const char *name, const char *shape, const dlc_launch *launch, const void *params, void *const *buffers, int64_t read, int64_t written) {
    bench_row(name, shape, launch_time(launch, params, buffers, 0.05), (double)read, 4.0 * (double)read, 4.0 * (double)written);
}

static void softmax(const char *name, int64_t outer, int64_t axis, int64_t inner) {
    dlc_softmax p = {.type = DLC_F32, .outer = outer, .axis = axis, .inner = inner};
    const int64_t n = outer * axis * inner;
    void *buffers[] = {random_floats(n), random_floats(n)};
    dlc_launch launch;
    char shape[64];
    snprintf(shape, sizeof shape, "%lld x %lld x %lld", (long long)outer, (long long)axis, (long long)inner);
    if (dlc_softmax_prepare(dlc_host_isa(), &p, &launch)) row(name, shape, &launch, &p, buffers, n, n);
    free(buffers[0]), free(buffers[1]);
}

static void norm(const char *name, dlc_norm_kind kind, int64_t rows, int64_t n) {
    dlc_norm p = {.type = DLC_F32, .kind = kind, .rows = rows, .n = n, .epsilon = 1e-5};
    float *x = random_floats(rows * n), *y = random_floats(rows * n), *scale = random_floats(n), *bias = random_floats(n);
    void *buffers[] = {x, scale, bias, y, NULL, NULL};
    dlc_launch launch;
    char shape[64];
    snprintf(shape, sizeof shape, "%lld x %lld", (long long)rows, (long long)n);
    if (dlc_norm_prepare(dlc_host_isa(), &p, &launch)) row(name, shape, &launch, &p, buffers, rows * n + 2 * n, rows * n);
    free(x), free(y), free(scale), free(bias);
}

static void group_norm(const char *name, int64_t channels, int64_t groups, int64_t spatial, bool last) {
    dlc_group_norm p = {.type = DLC_F32, .channels_last = last, .batch = 1, .channels = channels, .groups = groups, .spatial = spatial, .epsilon = 1e-5};
    const int64_t n = channels * spatial;
    void *buffers[] = {random_floats(n), random_floats(channels), random_floats(channels), random_floats(n)};
    dlc_launch launch;
    char shape[64];
    snprintf(shape, sizeof shape, "%lld x %lld in %lld%s", (long long)spatial, (long long)channels, (long long)groups, last ? "" : ", first");
    if (dlc_group_norm_prepare(dlc_host_isa(), &p, &launch)) row(name, shape, &launch, &p, buffers, n, n);
    for (int i = 0; i < 4; i++) free(buffers[i]);
}

/// The mean over the rows or over the columns of a matrix.
static void mean(const char *name, int64_t rows, int64_t columns, bool of_rows) {
    dlc_reduce p = {.type = DLC_F32, .kind = DLC_REDUCE_MEAN, .rank = 2, .extent = {rows, columns}, .stride = {columns, 1}, .reduced = {!of_rows, of_rows}};
    void *buffers[] = {random_floats(rows * columns), random_floats(rows + columns)};
    dlc_launch launch;
    char shape[64];
    snprintf(shape, sizeof shape, "%lld x %lld", (long long)rows, (long long)columns);
    if (dlc_reduce_prepare(dlc_host_isa(), &p, &launch)) row(name, shape, &launch, &p, buffers, rows * columns, of_rows ? rows : columns);
    free(buffers[0]), free(buffers[1]);
}

static void pool(const char *name, dlc_pool_kind kind, int64_t h, int64_t channels, int64_t k, int64_t stride, int64_t pad) {
    const int64_t oh = (h + 2 * pad - k) / stride + 1;
    dlc_pool p = {.type = DLC_F32, .kind = kind, .batch = 1, .channels = channels, .x_extent = {1, h, h}, .y_extent = {1, oh, oh}, .kernel = {1, k, k},
                  .stride = {1, stride, stride}, .dilation = {1, 1, 1}, .pad_begin = {0, pad, pad}, .pad_end = {0, pad, pad}, .x_ld = channels, .y_ld = channels};
    void *buffers[] = {random_floats(h * h * channels), random_floats(oh * oh * channels), NULL};
    dlc_launch launch;
    char shape[64];
    snprintf(shape, sizeof shape, "%lldx%lldx%lld, %lld / %lld", (long long)h, (long long)h, (long long)channels, (long long)k, (long long)stride);
    if (dlc_pool_prepare(dlc_host_isa(), &p, &launch)) row(name, shape, &launch, &p, buffers, h * h * channels, oh * oh * channels);
    free(buffers[0]), free(buffers[1]);
}

int main(void) {
    bench_header("softmax, normalisation, reduction, pooling");
    softmax("softmax, attention scores", 12 * 128, 128, 1);
    softmax("softmax, classes", 1, 1000, 1);
    softmax("softmax, vocabulary", 64, 50257, 1);
    softmax("softmax, middle axis", 8, 21, 4096);
    softmax("softmax, four columns", 196, 196, 4);
    softmax("softmax, seven columns", 64, 196, 7);
    norm("layer norm, BERT", DLC_NORM_LAYER, 128, 768);
    norm("layer norm, ViT", DLC_NORM_LAYER, 197, 768);
    norm("layer norm, narrow", DLC_NORM_LAYER, 3136, 96);
    norm("RMS norm", DLC_NORM_RMS, 128, 2048);
    group_norm("group norm", 256, 32, 4096, true);
    group_norm("instance norm", 64, 64, 16384, false);
    mean("mean of rows", 1024, 1024, true);
    mean("mean of columns", 1024, 1024, false);
    mean("global average", 49, 2048, false);
    mean("global average, squeeze", 3136, 144, false);
    pool("max pool, ResNet", DLC_POOL_MAX, 112, 64, 3, 2, 1);
    pool("max pool, VGG", DLC_POOL_MAX, 112, 128, 2, 2, 0);
    pool("max pool, GoogLeNet", DLC_POOL_MAX, 28, 192, 3, 1, 1);
    pool("average pool, DenseNet", DLC_POOL_AVERAGE, 28, 256, 2, 2, 0);
}
