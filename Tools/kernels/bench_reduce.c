/// Reductions and selections along short and long rows, on one thread.
#include "bench.h"
#include "dlc_misc.h"
#include "dlc_reduce.h"
#include "dlc_softmax.h"

static void reduce(const char *name, dlc_type type, dlc_reduce_kind kind, int64_t a, int64_t b, int64_t c, int axes) {
    dlc_reduce r = {.type = type, .kind = kind, .rank = 3, .extent = {a, b, c}, .stride = {b * c, c, 1}};
    int64_t results = 1;
    for (int d = 0; d < 3; d++) {
        r.reduced[d] = axes >> d & 1;
        if (!r.reduced[d]) results *= r.extent[d];
    }
    dlc_launch launch;
    if (!dlc_reduce_prepare(dlc_host_isa(), &r, &launch)) { printf("%s: refused\n", name); return; }
    void *buffers[] = {random_floats(a * b * c * 2), aligned(results * 8)};
    char shape[64];
    snprintf(shape, sizeof shape, "%lld x %lld x %lld", (long long)a, (long long)b, (long long)c);
    const double n = (double)(a * b * c), bytes = type == DLC_F64 ? 8 : 4;
    bench_row(name, shape, launch_time(&launch, &r, buffers, 0.05), n, bytes * n, bytes * (double)results);
    free(buffers[0]), free(buffers[1]);
}

/// `params` over [rows, n] of f32 (or i64), with two results of at most as many elements of 8 bytes.
static void rows(const char *name, bool prepared, const dlc_launch *launch, const void *params, int64_t rows, int64_t n) {
    if (!prepared) { printf("%s: refused\n", name); return; }
    void *buffers[] = {random_floats(rows * n * 2), aligned(rows * n * 8), aligned(rows * n * 8)};
    char shape[64];
    snprintf(shape, sizeof shape, "%lld x %lld", (long long)rows, (long long)n);
    bench_row(name, shape, launch_time(launch, params, buffers, 0.05), (double)(rows * n), 4.0 * (double)(rows * n), 0);
    for (int i = 0; i < 3; i++) free(buffers[i]);
}

static void selections(void) {
    dlc_launch launch;
    static const int64_t tops[][3] = {{64, 1000, 1}, {64, 1000, 5}, {1, 100000, 100}, {1, 20000, 1000}, {1000, 8, 2}, {4096, 64, 8}};
    for (int i = 0; i < 6; i++) {
        dlc_topk t = {.largest = true, .outer = tops[i][0], .axis = tops[i][1], .inner = 1, .k = tops[i][2]};
        rows("top k", dlc_topk_prepare(dlc_host_isa(), &t, &launch), &launch, &t, t.outer, t.axis);
    }
    static const int64_t shapes[7][2] = {{3584, 56}, {64, 1000}, {100000, 2}, {5000, 7}, {1000, 12}, {1536, 128}, {2364, 197}};
    for (int i = 0; i < 7; i++) {
        dlc_argminmax a = {.largest = true, .outer = shapes[i][0], .axis = shapes[i][1], .inner = 1};
        rows("arg max", dlc_argminmax_prepare(dlc_host_isa(), &a, &launch), &launch, &a, a.outer, a.axis);
        for (int kind = DLC_SOFTMAX; kind <= DLC_HARDMAX; kind++) {
            dlc_softmax s = {.kind = (dlc_softmax_kind)kind, .outer = shapes[i][0], .axis = shapes[i][1], .inner = 1};
            static const char *names[] = {"softmax", "log softmax", "hardmax"};
            rows(names[kind], dlc_softmax_prepare(dlc_host_isa(), &s, &launch), &launch, &s, s.outer, s.axis);
        }
    }
    dlc_cumsum c = {.type = DLC_I64, .outer = 1, .axis = 100000, .inner = 1};
    rows("cumulative sum of i64", dlc_cumsum_prepare(dlc_host_isa(), &c, &launch), &launch, &c, 1, 100000);
    c = (dlc_cumsum){.type = DLC_F32, .outer = 1, .axis = 1000, .inner = 256};
    rows("cumulative sum of columns", dlc_cumsum_prepare(dlc_host_isa(), &c, &launch), &launch, &c, 1000, 256);
}

int main(void) {
    bench_header("reductions");
    selections();
    static const char *names[] = {"sum", "mean", "max", "min", "prod", "l1", "l2", "sum of squares", "log of sum", "log of sum of exp"};
    for (int kind = 0; kind <= DLC_REDUCE_LOG_SUM_EXP; kind++) {
        for (int64_t n = 2; n <= 2000; n = n * 4 - n / 2) reduce(names[kind], DLC_F32, (dlc_reduce_kind)kind, 1, 400000 / n, n, 4);
        reduce(names[kind], DLC_F32, (dlc_reduce_kind)kind, 1, 1, 1000000, 4);
        reduce(names[kind], DLC_F32, (dlc_reduce_kind)kind, 64, 56, 28, 5);
        reduce(names[kind], DLC_F64, (dlc_reduce_kind)kind, 1, 1000, 1000, 4);
    }
}
