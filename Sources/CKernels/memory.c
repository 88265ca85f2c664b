#define _GNU_SOURCE
#include "dlc_memory.h"

#include "dlc_system.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/mman.h>

enum { alignment = 64, huge_page = 2 << 20 };

void *dlc_allocate_arena(int64_t bytes) {
    if (bytes < 0 || (uint64_t)bytes > SIZE_MAX - huge_page) return NULL;
    size_t size = bytes == 0 ? alignment : (size_t)bytes;
    void *pointer = NULL;
    size_t step = size >= huge_page ? huge_page : alignment;
    if (posix_memalign(&pointer, step, size) != 0) return NULL;
#if defined(__linux__)
    // Fewer page faults and TLB misses for arenas and large tensors.
    if (size >= huge_page) madvise(pointer, size, MADV_HUGEPAGE);
#endif
    return pointer;
}

void *dlc_allocate_zeroed(int64_t bytes) {
    void *pointer = dlc_allocate_arena(bytes);
    if (pointer) memset(pointer, 0, bytes == 0 ? alignment : (size_t)bytes);
    return pointer;
}

void dlc_free(void *pointer) { free(pointer); }

static size_t mapped_bytes(int64_t bytes) { return bytes == 0 ? alignment : (size_t)bytes; }

void *dlc_map_zeroed(int64_t bytes) {
    if (bytes < 0) return NULL;
    const size_t size = mapped_bytes(bytes);
    void *pointer = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANON, -1, 0);
    if (pointer == MAP_FAILED) return NULL;
#if defined(__linux__)
    if (size >= huge_page) madvise(pointer, size, MADV_HUGEPAGE);
#endif
    return pointer;
}

void dlc_unmap(void *pointer, int64_t bytes) {
    if (pointer) munmap(pointer, mapped_bytes(bytes));
}

void dlc_copy_initial(void *target, const void *source, int64_t bytes, bool mapped) {
    const int64_t page = sysconf(_SC_PAGESIZE), piece = 2 * huge_page;
    for (int64_t at = 0; at < bytes; at += piece) {
        const int64_t count = bytes - at < piece ? bytes - at : piece;
        memcpy((char *)target + at, (const char *)source + at, (size_t)count);
        if (!mapped) continue;
        const uintptr_t begin = ((uintptr_t)source + (uintptr_t)at + (uintptr_t)page - 1) / (uintptr_t)page * (uintptr_t)page;
        const uintptr_t end = ((uintptr_t)source + (uintptr_t)(at + count)) / (uintptr_t)page * (uintptr_t)page;
        if (begin < end) madvise((void *)begin, end - begin, MADV_DONTNEED);
    }
}

void dlc_fill_memory(void *target, int64_t bytes, const void *element, int64_t size) {
    if (bytes < size || size <= 0) return;
    memcpy(target, element, (size_t)size);
    for (int64_t done = size; done < bytes;) {
        const int64_t count = done < bytes - done ? done : bytes - done;
        memcpy((char *)target + done, target, (size_t)count);
        done += count;
    }
}

#if defined(MADV_POPULATE_READ) && defined(MADV_POPULATE_WRITE)

struct dlc_prefault {
    pthread_t thread;
    atomic_bool ends;
    int64_t count;
    dlc_extent extents[];
};

/// Asks for whole pages, a few at a time, so that `ends` is soon obeyed. The system may be too old (before Linux 5.14)
/// or short of memory: then pages come one by one when they are touched, as they would anyway.
static void *populate(void *argument) {
    dlc_prefault *work = argument;
    const uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE), piece = 2 * huge_page;
    for (int64_t i = 0; i < work->count; i++) {
        const dlc_extent *extent = &work->extents[i];
        const uintptr_t end = ((uintptr_t)extent->start + (uintptr_t)extent->bytes) / page * page;
        for (uintptr_t at = ((uintptr_t)extent->start + page - 1) / page * page; at < end;) {
            if (atomic_load_explicit(&work->ends, memory_order_relaxed)) return NULL;
            const uintptr_t next = at / piece * piece + piece, stop = next < end ? next : end;
            if (madvise((void *)at, stop - at, extent->written ? MADV_POPULATE_WRITE : MADV_POPULATE_READ) != 0) return NULL;
            at = stop;
        }
    }
    return NULL;
}

dlc_prefault *dlc_prefault_start(const dlc_extent *extents, int64_t count) {
    enum { least_bytes = 1 << 20 };
    int64_t bytes = 0;
    for (int64_t i = 0; i < count; i++) bytes += extents[i].bytes;
    if (bytes < least_bytes || dlc_available_processors() < 2) return NULL;
    dlc_prefault *work = malloc(sizeof *work + (size_t)count * sizeof *extents);
    if (!work) return NULL;
    atomic_init(&work->ends, false);
    work->count = count;
    memcpy(work->extents, extents, (size_t)count * sizeof *extents);
    if (pthread_create(&work->thread, NULL, populate, work) == 0) return work;
    free(work);
    return NULL;
}

void dlc_prefault_finish(dlc_prefault *work) {
    if (!work) return;
    atomic_store_explicit(&work->ends, true, memory_order_relaxed);
    pthread_join(work->thread, NULL);
    free(work);
}

#else

dlc_prefault *dlc_prefault_start(const dlc_extent *extents, int64_t count) {
    (void)extents, (void)count;
    return NULL;
}

void dlc_prefault_finish(dlc_prefault *work) { (void)work; }

#endif
