#include "dlc_memory.h"

#include <stdlib.h>
#include <string.h>
#if defined(__linux__)
#include <sys/mman.h>
#endif

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
