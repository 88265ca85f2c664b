/// Runs prepared steps over a pool of threads.
#ifndef DLC_EXECUTOR_H
#define DLC_EXECUTOR_H

#include "dlc_common.h"

/// A prepared step with its memory.
typedef struct {
    dlc_launch launch;
    const void *_Nullable params;
    void *_Nullable *_Nullable buffers;
    void *_Nullable shared;
    void *_Nullable scratch;  ///< scratch of thread t starts at `scratch + t * launch.scratch_bytes` rounded up to 64
    int32_t most_threads;     ///< threads that are worth starting for so little work; 0 for any number
    bool flushes;             ///< numbers below the normal ones are taken and given as zeros
} dlc_step;

typedef struct dlc_threads dlc_threads;

/// A pool of `threads` (the caller is one of them), or null where threads cannot be had. Its threads wait for work
/// without using the processor, after some tens of microseconds of looking.
dlc_threads *_Nullable dlc_threads_create(int32_t threads);

/// Lets the runs to come use no more than `threads` threads of the pool, the caller among them. Null is allowed.
void dlc_threads_limit(dlc_threads *_Nullable pool, int32_t threads);

/// Threads of the pool, the caller among them; 1 for null.
int32_t dlc_threads_count(const dlc_threads *_Nullable pool);

/// Ends the threads and frees the pool. Null is allowed.
void dlc_threads_destroy(dlc_threads *_Nullable pool);

/// Runs steps in order. `pool` may be null: everything then runs on the caller. Which thread computes which task
/// depends on how fast each gets on; a pool serves one caller at a time.
void dlc_run(dlc_threads *_Nullable pool, const dlc_step *_Nonnull steps, int64_t count);

#endif
