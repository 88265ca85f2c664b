/// Allocation of tensor and arena memory.
#ifndef DLC_MEMORY_H
#define DLC_MEMORY_H

#include <stddef.h>
#include <stdint.h>

/// Zeroed memory aligned to 64 bytes, or null. Zero bytes give a valid pointer.
void *_Nullable dlc_allocate_zeroed(int64_t bytes);

/// Frees what `dlc_allocate_zeroed` gave.
void dlc_free(void *_Nullable pointer);

#endif
