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

/// Zeroed memory from the system, aligned to a page, or null; pages are touched only when used. Zero bytes give a valid
/// pointer.
void *_Nullable dlc_map_zeroed(int64_t bytes);

/// Gives back what `dlc_map_zeroed` gave for as many bytes.
void dlc_unmap(void *_Nullable pointer, int64_t bytes);

/// Copies `bytes` bytes. Where `mapped` says that the source is a mapped file, its whole pages are let go behind the copy,
/// so that the process never holds both in full.
void dlc_copy_initial(void *_Nullable target, const void *_Nullable source, int64_t bytes, bool mapped);

/// Fills memory with an element of `size` bytes, 1, 2, 4 or 8; what is left over at the end stays.
void dlc_fill_memory(void *_Nullable target, int64_t bytes, const void *_Nullable element, int64_t size);

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
