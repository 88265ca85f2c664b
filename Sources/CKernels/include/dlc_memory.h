/// Allocation of tensor and arena memory.
#ifndef DLC_MEMORY_H
#define DLC_MEMORY_H

#include <stddef.h>
#include <stdint.h>

/// Zeroed memory aligned to 64 bytes, or null. Zero bytes give a valid pointer.
void *_Nullable dlc_allocate_zeroed(int64_t bytes);

/// Memory aligned to 64 bytes whose contents are undefined, or null; pages are touched only when used.
void *_Nullable dlc_allocate_arena(int64_t bytes);

/// Frees what the two above gave.
void dlc_free(void *_Nullable pointer);

#endif
