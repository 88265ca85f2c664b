/// What the operating system grants and tells.
#ifndef DLC_SYSTEM_H
#define DLC_SYSTEM_H

#include <stdbool.h>
#include <stdint.h>

/// Processors that this process may use: those of its affinity mask, at most what its control groups' quotas allow.
int32_t dlc_available_processors(void);

/// The least quota among the control groups of a process and their parents, in processors, rounded up; 0 where
/// none is set. `memberships` is a file like /proc/self/cgroup, `mount` a folder like /sys/fs/cgroup; version 1,
/// version 2 and both together (with version 2 under `unified`) are understood.
int32_t dlc_cgroup_processors(const char *_Nonnull memberships, const char *_Nonnull mount);

/// Nanoseconds of a monotonic clock.
int64_t dlc_nanoseconds(void);

/// Nanoseconds of processor time that this process has used, its threads together.
int64_t dlc_processor_nanoseconds(void);

/// The largest resident size this process has had, in bytes; 0 where the system does not tell.
int64_t dlc_peak_resident_bytes(void);

/// Calls `body` on a thread of its own with at least `stack_bytes` of stack and waits for its end; false where there is
/// no such thread. For recursion that could be deeper than the caller's stack, of which nobody knows the size.
bool dlc_call_on_stack(int64_t stack_bytes, void (*_Nonnull body)(void *_Nullable), void *_Nullable context);

#endif
