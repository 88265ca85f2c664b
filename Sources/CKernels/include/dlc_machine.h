/// What this machine can do at best: the ceilings that profiles and benchmarks hold kernels against.
#ifndef DLC_MACHINE_H
#define DLC_MACHINE_H

#include "dlc_common.h"
#include "dlc_executor.h"

/// Sizes of memory that are measured: from what a second-level cache holds to what no cache does.
enum { DLC_MACHINE_LEVELS = 5 };

/// Rates of all threads together.
typedef struct {
    double flops;                           ///< fused multiply-adds in registers, each counted as two, per second
    int64_t bytes[DLC_MACHINE_LEVELS];      ///< sizes of memory, ascending, all threads together
    double read[DLC_MACHINE_LEVELS];        ///< bytes per second of reading that many bytes again and again
    double copy[DLC_MACHINE_LEVELS];        ///< bytes read plus bytes written per second of a copy within that many bytes
} dlc_machine;

/// Measures with the instructions of `isa`, which the processor must have, on the threads of `pool` (null: the
/// caller alone). Takes about a tenth of a second and 64 MB. False where there is no memory.
bool dlc_machine_measure(dlc_isa isa, dlc_threads *_Nullable pool, int32_t threads, dlc_machine *_Nonnull out);

/// The least seconds in which `read` bytes are read and `written` bytes are written, where they stem from memory
/// of `footprint` bytes: pairs of a byte read and a byte written at the speed of a copy, what is left of reads at
/// that of reading.
double dlc_machine_seconds(const dlc_machine *_Nonnull machine, double read, double written, double footprint);

#endif
