#include "machine.h"

#include <string.h>

#include "include/dlc_memory.h"
#include "include/dlc_system.h"

typedef struct {
    dlc_kernel run;
    int64_t operations; ///< of one repeat of DLC_PROBE_MULTIPLY_ADD
} probe_functions;

static probe_functions functions_of(dlc_isa isa) {
    switch (isa) {
#if defined(__x86_64__)
    case DLC_ISA_AVX2: return (probe_functions){dlc_probe_avx2, dlc_probe_operations_avx2};
    case DLC_ISA_AVX512: return (probe_functions){dlc_probe_avx512, dlc_probe_operations_avx512};
#elif defined(__aarch64__)
    case DLC_ISA_NEON: return (probe_functions){dlc_probe_neon, dlc_probe_operations_neon};
#endif
    default: return (probe_functions){dlc_probe_portable, dlc_probe_operations_portable};
    }
}

/// Raises `rate` to what the best run reaches, `work` done in each: runs for `budget` nanoseconds, at least two.
static void raise_rate(double *rate, double work, dlc_threads *pool, dlc_kernel run, const dlc_probe *probe, int64_t budget) {
    const dlc_step step = {.launch = {.run = run, .tasks = probe->tasks, .phases = 1}, .params = probe};
    const int64_t end = dlc_nanoseconds() + budget;
    for (int i = 0; i < 2 || dlc_nanoseconds() < end; i++) {
        const int64_t start = dlc_nanoseconds();
        dlc_run(pool, &step, 1);
        const double time = (double)(dlc_nanoseconds() - start);
        if (time > 0 && 1e9 * work / time > *rate) *rate = 1e9 * work / time;
    }
}

enum : int64_t { budget = 1500000 }; ///< nanoseconds of a probe in a pass

/// The probe of multiply-adds.
static void multiply_add(dlc_machine *out, const probe_functions *functions, dlc_threads *pool, int32_t threads, float *sinks) {
    const dlc_probe probe = {.kind = DLC_PROBE_MULTIPLY_ADD, .repeats = 20000, .tasks = threads, .memory = sinks, .sinks = sinks};
    raise_rate(&out->flops, (double)(probe.repeats * functions->operations * threads), pool, functions->run, &probe, 2 * budget);
}

/// Every probe once. `memory` holds the bytes of the largest level.
static void pass(dlc_machine *out, const probe_functions *functions, dlc_threads *pool, int32_t threads, float *memory, float *sinks) {
    // A run moves 4 MB or more, so that starting the threads does not count.
    enum : int64_t { least_moved = 1 << 22 };
    multiply_add(out, functions, pool, threads, sinks);
    dlc_probe probe = {.tasks = threads, .memory = memory, .sinks = sinks};
    for (int level = 0; level < DLC_MACHINE_LEVELS; level++) {
        const int64_t bytes = out->bytes[level];
        for (dlc_probe_kind kind = DLC_PROBE_READ; kind <= DLC_PROBE_COPY; kind++) {
            const int64_t parts = (kind == DLC_PROBE_COPY ? 2 : 1) * (int64_t)threads;
            probe.kind = kind;
            const int64_t rounds = bytes / 4 / parts / DLC_PROBE_ROUND;
            probe.floats = (rounds > 0 ? rounds : 1) * DLC_PROBE_ROUND;
            probe.repeats = bytes < least_moved ? least_moved / bytes : 1;
            double *rate = &(kind == DLC_PROBE_COPY ? out->copy : out->read)[level];
            raise_rate(rate, 4.0 * (double)(probe.repeats * probe.floats * parts), pool, functions->run, &probe, budget);
        }
    }
}

bool dlc_machine_measure(dlc_isa isa, dlc_threads *pool, int32_t threads, dlc_machine *out) {
    enum : int64_t { smallest = 1 << 18, largest = smallest << (2 * (DLC_MACHINE_LEVELS - 1)) };
    if (threads < 1 || threads > 256) return false;
    float *memory = dlc_allocate_arena(largest), *sinks = dlc_allocate_zeroed(64 * (int64_t)threads);
    const bool fine = memory && sinks;
    if (fine) {
        memset(memory, 0, (size_t)largest);
        memset(out, 0, sizeof *out);
        for (int level = 0; level < DLC_MACHINE_LEVELS; level++) out->bytes[level] = smallest << (2 * level);
        const probe_functions functions = functions_of(isa);
        dlc_machine alone = *out;
        multiply_add(&alone, &functions, NULL, 1, sinks);
        // Passes, so that what else the machine does for a while slows no probe in all of them; more while threads
        // share a core, until the scheduler has spread them.
        for (int i = 0; i < 3 || (i < 12 && out->flops < 0.9 * threads * alone.flops); i++)
            pass(out, &functions, pool, threads, memory, sinks);
    }
    dlc_free(memory);
    dlc_free(sinks);
    return fine;
}

double dlc_machine_seconds(const dlc_machine *machine, double read, double written, double footprint) {
    int level = 0;
    // The nearest size by ratio: the boundary is twice the size of a level, whose next is four times as large.
    while (level < DLC_MACHINE_LEVELS - 1 && footprint > 2 * (double)machine->bytes[level]) level++;
    const double copied = read < written ? read + written : 2 * written, alone = read > written ? read - written : 0;
    return copied / machine->copy[level] + alone / machine->read[level];
}
