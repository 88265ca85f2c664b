/// The loops that measure the machine, one per instruction set.
#ifndef DLC_MACHINE_INTERNAL_H
#define DLC_MACHINE_INTERNAL_H

#include "include/dlc_machine.h"

typedef enum { DLC_PROBE_MULTIPLY_ADD, DLC_PROBE_READ, DLC_PROBE_COPY } dlc_probe_kind;

/// Floats that a round of the loops takes, so that slices need no tails.
enum { DLC_PROBE_ROUND = 256 };

/// Task t works on its own slice, `floats` long, of `memory`; a copy's destination lies behind all sources.
typedef struct {
    dlc_probe_kind kind;
    int64_t repeats, floats, tasks;
    float *memory;
    float *sinks;       ///< a cache line per task, so that nothing is computed in vain
} dlc_probe;

extern const int64_t dlc_probe_operations_portable, dlc_probe_operations_avx2, dlc_probe_operations_avx512, dlc_probe_operations_neon;

void dlc_probe_portable(const dlc_call *call);
void dlc_probe_avx2(const dlc_call *call);
void dlc_probe_avx512(const dlc_call *call);
void dlc_probe_neon(const dlc_call *call);

#endif
