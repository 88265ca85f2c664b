#include "allocation_counter.h"

#include <stddef.h>

#if defined(__linux__) && defined(__GLIBC__) && !defined(__SANITIZE_THREAD__) && !__has_feature(thread_sanitizer)
#include <errno.h>

static _Thread_local long long count, freed;

extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t number, size_t size);
extern void *__libc_realloc(void *pointer, size_t size);
extern void *__libc_memalign(size_t alignment, size_t size);
extern void __libc_free(void *pointer);

static void note(void) { count++; }

void *malloc(size_t size) {
    note();
    return __libc_malloc(size);
}

void *calloc(size_t number, size_t size) {
    note();
    return __libc_calloc(number, size);
}

void *realloc(void *pointer, size_t size) {
    note();
    freed += pointer != NULL;
    return __libc_realloc(pointer, size);
}

int posix_memalign(void **pointer, size_t alignment, size_t size) {
    note();
    *pointer = __libc_memalign(alignment, size);
    return *pointer ? 0 : ENOMEM;
}

void *aligned_alloc(size_t alignment, size_t size) {
    note();
    return __libc_memalign(alignment, size);
}

void free(void *pointer) {
    freed += pointer != NULL;
    __libc_free(pointer);
}

int64_t allocation_count(void) { return count; }
int64_t allocations_alive(void) { return count - freed; }
#else
int64_t allocation_count(void) { return -1; }
int64_t allocations_alive(void) { return -1; }
#endif
