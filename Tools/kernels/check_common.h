// What the check programs of element kernels share: random numbers and the count of failures.
#include "../../Sources/CKernels/program.h"
#include "../../Sources/CKernels/include/dlc_convert.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/// How many times fewer cases are run where they are slow: Tools/kernels/run sets it for emulators and sanitizers.
#ifndef CHECK_SHARE
#define CHECK_SHARE 1
#endif

static int failures = 0;
static uint64_t state = 88172645463325252u;

static uint64_t next_random(void) {
    state ^= state << 13, state ^= state >> 7, state ^= state << 17;
    return state;
}
__attribute__((unused)) static int64_t below(int64_t n) { return (int64_t)(next_random() % (uint64_t)n); }

#define FAIL(...) do { if (failures++ < 20) { printf("FAIL: " __VA_ARGS__); printf("\n"); } } while (0)

__attribute__((unused)) static const char *isa_names[] = { "portable", "avx2", "avx512", "neon" };

__attribute__((unused)) static bool is_float(dlc_type t) { return t <= DLC_BF16; }
