/// Strided copies and other kernels that move elements, on one thread.
#include "bench.h"
#include "dlc_element.h"
#include "dlc_layers.h"

static void bench(const char *name, const char *shape, dlc_copy p, int64_t source_elements, int64_t target_elements) {
    if (p.element_bytes == 0) p.element_bytes = 4;
    const double size = p.element_bytes;
    void *buffers[] = {aligned(source_elements * p.element_bytes), aligned(target_elements * p.element_bytes)};
    memset(buffers[0], 1, (size_t)(source_elements * p.element_bytes));
    int64_t n = 1;
    for (int i = 0; i < p.rank; i++) n *= p.shape[i];
    dlc_launch launch;
    if (!dlc_copy_prepare(dlc_host_isa(), &p, &launch)) exit(1);
    bench_row(name, shape, launch_time(&launch, &p, buffers, 0.05), 0, size * (double)n, size * (double)n);
    free(buffers[0]), free(buffers[1]);
}

/// A batch of planes of elements of `bytes`, turned.
static void bench_planes(const char *shape, int32_t bytes, int64_t batch, int64_t rows, int64_t columns) {
    char name[40];
    snprintf(name, sizeof name, "planes of %d bytes", bytes);
    const int64_t plane = rows * columns;
    bench(name, shape, (dlc_copy){.rank = 3, .element_bytes = bytes, .shape = {batch, rows, columns}, .source_strides = {plane, 1, rows},
          .result_strides = {plane, columns, 1}}, batch * plane, batch * plane);
}

static void bench_pad(dlc_pad_mode mode, const char *shape, dlc_pad p) {
    void *buffers[] = {random_floats(1 << 20), NULL, random_floats(1 << 20)};
    dlc_launch launch;
    p.mode = mode, p.element_bytes = 4;
    double read = 4, written = 4;
    for (int i = 0; i < p.rank; i++) read *= (double)p.shape[i], written *= (double)(p.shape[i] + p.before[i] + p.after[i]);
    const char *const names[] = {"pad constant", "pad edge", "pad reflect", "pad wrap"};
    if (dlc_pad_prepare(dlc_host_isa(), &p, &launch)) bench_row(names[mode], shape, launch_time(&launch, &p, buffers, 0.05), 0, read, written);
    free(buffers[0]), free(buffers[2]);
}

static void bench_nearest(const char *shape, dlc_type type, int64_t channels, int64_t from, int64_t to) {
    const float scale = (float)to / (float)from;
    dlc_resize p = {.type = type, .mode = DLC_RESIZE_NEAREST, .coordinates = DLC_RESIZE_ASYMMETRIC, .rounding = DLC_RESIZE_FLOOR, .rank = 3,
                    .x_extent = {channels, from, from}, .y_extent = {channels, to, to}, .scale = {1, scale, scale}};
    dlc_launch launch;
    if (!dlc_resize_prepare(dlc_host_isa(), &p, &launch)) exit(1);
    const double size = type == DLC_F32 ? 4 : 1, read = size * (double)(channels * from * from), written = size * (double)(channels * to * to);
    void *buffers[] = {random_floats(channels * from * from), random_floats(channels * to * to), aligned(dlc_resize_table_bytes(&p))};
    dlc_resize_tables(&p, buffers[2]);
    bench_row("nearest", shape, launch_time(&launch, &p, buffers, 0.05), 0, read, written);
    for (int i = 0; i < 3; i++) free(buffers[i]);
}

/// A gather or a scatter of 1000 × 256 elements by as many indices, or of one row by another.
static void bench_elements(const char *name, bool scatters, int32_t axis, int64_t rows, int64_t columns, int64_t updates) {
    const int64_t n = rows * columns, count = axis == 0 ? updates * columns : rows * updates, extent = axis == 0 ? rows : columns;
    int64_t *indices = aligned(8 * count);
    for (int64_t i = 0; i < count; i++) indices[i] = random_below(extent);
    void *data = random_floats(n), *other = random_floats(count), *result = random_floats(scatters ? n : count);
    int64_t shape[2] = {rows, columns}, index_shape[2] = {axis == 0 ? updates : rows, axis == 0 ? columns : updates};
    dlc_launch launch;
    char text[40];
    snprintf(text, sizeof text, "%lldx%lld by %lld", (long long)rows, (long long)columns, (long long)updates);
    if (scatters) {
        dlc_scatter_elements p = {.type = DLC_F32, .rank = 2, .axis = axis, .index_bytes = 8};
        memcpy(p.data_shape, shape, sizeof shape), memcpy(p.index_shape, index_shape, sizeof shape);
        if (!dlc_scatter_elements_prepare(dlc_host_isa(), &p, &launch)) exit(1);
        void *buffers[] = {result, indices, other, result, NULL};
        bench_row(name, text, launch_time(&launch, &p, buffers, 0.05), 0, 12.0 * (double)count, 4.0 * (double)count);
    } else {
        dlc_gather_elements p = {.rank = 2, .axis = axis, .element_bytes = 4, .index_bytes = 8};
        memcpy(p.data_shape, shape, sizeof shape), memcpy(p.index_shape, index_shape, sizeof shape);
        if (!dlc_gather_elements_prepare(dlc_host_isa(), &p, &launch)) exit(1);
        void *buffers[] = {data, indices, result, NULL};
        bench_row(name, text, launch_time(&launch, &p, buffers, 0.05), 0, 12.0 * (double)count, 4.0 * (double)count);
    }
    free(indices), free(data), free(other), free(result);
}

static void bench_columns(const char *shape, int64_t images, int64_t extent, int64_t kernel, int64_t stride, int64_t pad) {
    const int64_t windows = (extent + 2 * pad - kernel) / stride + 1;
    const int64_t from = images * kernel * kernel * windows * windows, to = images * extent * extent;
    dlc_columns p = {.type = DLC_F32, .images = images, .extent = {1, extent, extent}, .windows = {1, windows, windows},
                     .kernel = {1, kernel, kernel}, .stride = {1, stride, stride}, .dilation = {1, 1, 1}, .pad = {0, pad, pad}};
    void *buffers[] = {random_floats(from), random_floats(to)};
    dlc_launch launch;
    if (!dlc_columns_prepare(dlc_host_isa(), &p, &launch)) exit(1);
    bench_row("columns to image", shape, launch_time(&launch, &p, buffers, 0.05), (double)from, 4.0 * (double)from, 4.0 * (double)to);
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
    for (int32_t bytes = 1; bytes <= 8; bytes *= 2) {
        bench_planes("64x56x56 first to last", bytes, 1, 3136, 64);
        bench_planes("64x56x56 last to first", bytes, 1, 64, 3136);
        bench_planes("3x224x224 first to last", bytes, 1, 50176, 3);
        bench_planes("3x224x224 last to first", bytes, 1, 3, 50176);
        bench_planes("512x7x7 last to first", bytes, 1, 512, 49);
        bench_planes("12 of 128x64", bytes, 12, 64, 128);
        bench_planes("1000x1000", bytes, 1, 1000, 1000);
    }
    for (int32_t bytes = 1; bytes <= 4; bytes *= 2)
        bench(bytes == 1 ? "heads of 1 byte" : bytes == 2 ? "heads of 2 bytes" : "heads of 4 bytes", "128x12x64", (dlc_copy){.rank = 3, .element_bytes = bytes,
              .shape = {12, 128, 64}, .source_strides = {64, 768, 1}, .result_strides = {8192, 64, 1}}, 98304, 98304);
    bench("tiles", "64x28x28 by 2x2", (dlc_copy){.rank = 5, .shape = {64, 2, 28, 2, 28}, .source_strides = {784, 0, 28, 0, 1},
          .result_strides = {3136, 1568, 56, 28, 1}}, 50176, 200704);
    for (dlc_pad_mode mode = DLC_PAD_CONSTANT; mode <= DLC_PAD_WRAP; mode++)
        bench_pad(mode, "64x56x56 by 3", (dlc_pad){.rank = 3, .shape = {64, 56, 56}, .before = {0, 3, 3}, .after = {0, 3, 3}});
    bench_nearest("3x224x224 to 448", DLC_F32, 3, 224, 448);
    bench_nearest("64x28x28 to 56", DLC_F32, 64, 28, 56);
    bench_nearest("64x28x28 to 37", DLC_F32, 64, 28, 37);
    bench_nearest("256x16x16 to 64", DLC_F32, 256, 16, 64);
    bench_nearest("256x56x56 to 28", DLC_F32, 256, 56, 28);
    bench_nearest("3x640x640 to 224", DLC_F32, 3, 640, 224);
    bench_nearest("3x224x224 to 448, u8", DLC_U8, 3, 224, 448);
    for (int32_t axis = 0; axis < 2; axis++) {
        bench_elements(axis ? "gather elements, rows" : "gather elements, columns", false, axis, 1000, 256, axis ? 256 : 1000);
        bench_elements(axis ? "scatter elements, rows" : "scatter elements, columns", true, axis, 1000, 256, axis ? 256 : 1000);
    }
    bench_elements("scatter elements, one row", true, 1, 1, 200704, 50176);
    bench_elements("gather elements, 4 of a row", false, 1, 10000, 16, 4);
    bench_columns("64x56x56, 3x3", 64, 56, 3, 1, 1);
    bench_columns("3x224x224, 16x16 apart", 3, 224, 16, 16, 0);
    bench_columns("16x112x112, 4x4 by 2", 16, 112, 4, 2, 1);
}
