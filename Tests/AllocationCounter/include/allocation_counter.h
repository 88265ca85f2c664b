/// Counts heap allocations of the whole process, by standing in front of the C library's allocator.
#ifndef ALLOCATION_COUNTER_H
#define ALLOCATION_COUNTER_H

#include <stdbool.h>
#include <stdint.h>

/// Allocations since the process began; -1 where the system's allocator cannot be counted.
int64_t allocation_count(void);

#endif
