/// The form of the benchmarks: a row per shape with its time, speed and share of what the machine can do at best.
#ifndef DLC_BENCH_H
#define DLC_BENCH_H
#include "dlc_machine.h"
#include "harness.h"

/// The host's ceilings on this thread, measured once.
static inline const dlc_machine *machine(void) {
    static dlc_machine measured;
    if (measured.flops == 0 && !dlc_machine_measure(dlc_host_isa(), NULL, 1, &measured)) exit(1);
    return &measured;
}

/// One line that names the columns and the ceilings.
static inline void bench_header(const char *kernel) {
    const dlc_machine *m = machine();
    printf("%s, %s: at most %.1f GFLOP/s; reading ", kernel, isa_names[dlc_host_isa()], m->flops * 1e-9);
    for (int i = 0; i < DLC_MACHINE_LEVELS; i++) printf("%s%.0f", i ? ", " : "", m->read[i] * 1e-9);
    printf(" GB/s of %lld KB to %lld MB\n", (long long)m->bytes[0] >> 10, (long long)m->bytes[DLC_MACHINE_LEVELS - 1] >> 20);
}

/// What a shape costs: operations (multiply-adds counted as two) and bytes, weights apart from what else is read.
typedef struct {
    double operations, weights, read, written;
} bench_cost;

/// The least seconds of `cost` with weights from memory of `footprint` bytes, and whether arithmetic takes longer.
static inline double bench_roofline(bench_cost cost, double footprint, bool *is_arithmetic) {
    const double arithmetic = cost.operations / machine()->flops;
    const double traffic = dlc_machine_seconds(machine(), cost.read, cost.written, cost.read + cost.written)
                         + dlc_machine_seconds(machine(), cost.weights, 0, footprint);
    *is_arithmetic = arithmetic >= traffic;
    return *is_arithmetic ? arithmetic : traffic;
}

/// Prints what took `time` seconds: its speed and its share of the roofline, the greater of the time for the arithmetic
/// and that for the bytes from the caches that hold them, over the time taken, and which of the two it is.
static inline void bench_print(const char *name, const char *shape, double time, bench_cost cost) {
    bool is_arithmetic;
    const double bytes = cost.weights + cost.read + cost.written, roof = bench_roofline(cost, cost.weights, &is_arithmetic);
    printf("%-28s %-28s %10.4f ms %7.1f GFLOP/s %7.1f GB/s %6.1f %% of %s", name, shape, time * 1e3, cost.operations / time * 1e-9,
           bytes / time * 1e-9, 100 * roof / time, is_arithmetic ? "peak" : "bandwidth");
}

/// Prints a row for a step without weights.
static inline void bench_row(const char *name, const char *shape, double time, double operations, double read, double written) {
    bench_print(name, shape, time, (bench_cost){operations, 0, read, written});
    printf("\n");
    fflush(stdout);
}

/// Measures a step twice and prints both: with its weights, buffer 1, in cache from the run before, and with weights
/// that come from memory, as in a network larger than the cache.
static inline void bench_weights(const char *name, const char *shape, const dlc_launch *launch, const void *params, void **buffers, bench_cost cost) {
    enum : int64_t { beyond_cache = 96 << 20 };
    bench_print(name, shape, launch_time(launch, params, buffers, 0.06), cost);
    const int64_t bytes = ((int64_t)cost.weights + 63) / 64 * 64, copies = bytes > 0 ? beyond_cache / bytes + 2 : 0;
    uint8_t *const packed = buffers[1], *const all = aligned(bytes * copies);
    for (int64_t i = 0; i < copies; i++) memcpy(all + i * bytes, packed, (size_t)cost.weights);
    void *const shared = aligned(launch->shared_bytes), *const scratch = aligned(launch->scratch_bytes);
    double best = 1e9;
    for (int64_t i = 0; i < copies && i < 200; i++) {
        buffers[1] = all + i * bytes;
        const double start = seconds();
        for (int32_t phase = 0; phase < launch->phases; phase++)
            launch->run(&(dlc_call){params, buffers, shared, scratch, 0, launch->tasks, phase});
        const double t = seconds() - start;
        if (t < best) best = t;
    }
    free(shared), free(scratch), free(all);
    buffers[1] = packed;
    bool is_arithmetic;
    const double roof = bench_roofline(cost, beyond_cache, &is_arithmetic);
    printf("; weights from memory %10.4f ms %6.1f %%\n", best * 1e3, 100 * roof / best);
    fflush(stdout);
}
#endif
