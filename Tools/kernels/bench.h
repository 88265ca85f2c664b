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

/// Prints what took `time` seconds for `operations` (multiply-adds counted as two) on `read` and `written` bytes.
/// The last columns are the share of the roofline, the greater of the time for the arithmetic and the time for the
/// bytes from the caches that hold them over the time taken, and which of the two it is.
static inline void bench_row(const char *name, const char *shape, double time, double operations, double read, double written) {
    const double arithmetic = operations / machine()->flops, traffic = dlc_machine_seconds(machine(), read, written, read + written);
    const double roof = arithmetic > traffic ? arithmetic : traffic;
    printf("%-28s %-28s %10.4f ms %7.1f GFLOP/s %7.1f GB/s %6.1f %% of %s\n", name, shape, time * 1e3, operations / time * 1e-9,
           (read + written) / time * 1e-9, 100 * roof / time, arithmetic >= traffic ? "peak" : "bandwidth");
    fflush(stdout);
}
#endif
