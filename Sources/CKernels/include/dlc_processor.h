/// What the choice of kernels asks about a processor.
#ifndef DLC_PROCESSOR_H
#define DLC_PROCESSOR_H

#include "dlc_common.h"

typedef struct {
    double fma;                ///< fused multiply-adds of whole vectors per cycle of a core
    double l2, l3;             ///< bytes of the second-level and of the last cache
    bool pairs;                ///< whether it multiplies pairs of bfloat16 at the rate of multiply-adds
    bool amx;                  ///< whether it does so in tiles, at sixteen times that rate, and system and process let it
} dlc_processor;

/// A processor as they usually are of those that have `isa`.
dlc_processor dlc_processor_typical(dlc_isa isa);

/// The processor that runs this program, when it uses `isa`; what cannot be read is as in a typical one.
dlc_processor dlc_processor_host(dlc_isa isa);

/// A name for the processor that runs this program: the same on machines with the same model, never longer
/// than `capacity - 1` bytes of ASCII without control characters, quotes or backslashes.
void dlc_processor_name(char *_Nonnull name, int64_t capacity);

#endif
