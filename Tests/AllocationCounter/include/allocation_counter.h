/// Counts heap allocations of a thread, by standing in front of the C library's allocator.
#ifndef ALLOCATION_COUNTER_H
#define ALLOCATION_COUNTER_H

#include <stdbool.h>
#include <stdint.h>

/// Allocations of the calling thread since it began (other tests run beside it); -1 where the system's allocator cannot be counted.
int64_t allocation_count(void);

/// Those of them that the calling thread has not freed, less what it has freed of others; -1 as above, and sometimes.
int64_t allocations_alive(void);

#endif
