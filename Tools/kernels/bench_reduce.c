/// Reductions and selections along short and long rows, on one thread.
#include "bench.h"
#include "dlc_reduce.h"

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

int main(void) {
    bench_header("reductions");
    static const char *names[] = {"sum", "mean", "max", "min", "prod", "l1", "l2", "sum of squares", "log of sum", "log of sum of exp"};
    for (int kind = 0; kind <= DLC_REDUCE_LOG_SUM_EXP; kind++) {
        for (int64_t n = 2; n <= 2000; n = n * 4 - n / 2) reduce(names[kind], DLC_F32, (dlc_reduce_kind)kind, 1, 400000 / n, n, 4);
        reduce(names[kind], DLC_F32, (dlc_reduce_kind)kind, 1, 1, 1000000, 4);
        reduce(names[kind], DLC_F32, (dlc_reduce_kind)kind, 64, 56, 28, 5);
        reduce(names[kind], DLC_F64, (dlc_reduce_kind)kind, 1, 1000, 1000, 4);
    }
}
