/// Allocation of tensor and arena memory, and mapping of memory ahead of its use.
#ifndef DLC_MEMORY_H
#define DLC_MEMORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/// Zeroed memory aligned to 64 bytes, or null. Zero bytes give a valid pointer.
void *_Nullable dlc_allocate_zeroed(int64_t bytes);

/// Memory aligned to 64 bytes whose contents are undefined, or null; pages are touched only when used.
void *_Nullable dlc_allocate_arena(int64_t bytes);

/// Frees what the two above gave.
void dlc_free(void *_Nullable pointer);

/// A piece of memory that will soon be read, or written where `written` is set.
typedef struct {
    const void *_Nonnull start;
    int64_t bytes;
    bool written;
} dlc_extent;

typedef struct dlc_prefault dlc_prefault;

/// Starts a thread that has the system map the extents' pages, in order, so that a run that follows meets fewer page
/// faults; contents stay as they are. The thread ends when it is done. Null where that cannot help: for less than
/// 1 MB, on a single processor, on systems that cannot.
dlc_prefault *_Nullable dlc_prefault_start(const dlc_extent *_Nonnull extents, int64_t count);

/// Ends the thread and frees what it needed; the extents may go away thereafter. Null is allowed.
void dlc_prefault_finish(dlc_prefault *_Nullable work);

#endif
