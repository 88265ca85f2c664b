/// Runs prepared launches as the executor does, with canaries around workspaces, and helps with data.
#ifndef DLC_HARNESS_H
#define DLC_HARNESS_H
#include "../../Sources/CKernels/float16.h"
#include "dlc_compute.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static inline double seconds(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/// How many times fewer cases are run where they are slow: Tools/kernels/run sets it for emulators and sanitizers.
#ifndef CHECK_SHARE
#define CHECK_SHARE 1
#endif

static uint64_t random_state = 88172645463325252ull;
static inline uint64_t random_bits(void) {
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    return random_state ^= random_state << 17;
}
static inline int64_t random_below(int64_t n) { return (int64_t)(random_bits() % (uint64_t)n); }
static inline float random_float(void) { return (float)(int32_t)(random_bits() >> 32) * 0x1p-31f; }

/// Exactly as many bytes as are asked for: the address sanitizer sees the first one beyond.
static inline void *aligned(int64_t bytes) {
    void *p = NULL;
    return posix_memalign(&p, 64, (size_t)bytes) ? NULL : p;
}
static inline float *random_floats(int64_t n) {
    float *p = aligned(4 * n);
    for (int64_t i = 0; i < n; i++) p[i] = random_float();
    return p;
}

/// Weights as a convolution reads them, and a matrix packed for products.
static inline void pack_conv(dlc_isa isa, const dlc_conv *p, const void *weights, void *out) {
    if (p->algorithm == DLC_CONV_DIRECT) memcpy(out, weights, (size_t)dlc_conv_packed_bytes(isa, p));
    else dlc_pack_run(isa, dlc_conv_packing(p), weights, out);
}
static inline void pack_matrix(dlc_isa isa, dlc_pack_form form, const float *b, int64_t row_stride, int64_t column_stride, int64_t k,
                               int64_t n, float *out) {
    dlc_pack_run(isa, dlc_matrix_packing(form, k, n, row_stride, column_stride), b, out);
}

/// The product of two numbers as kernels over bfloat16 have it, of one part each or of two: by AMX without the product of both second
/// ones, else of the first number itself.
static inline double product_of_parts(int parts, bool by_amx, float x, float y) {
    uint16_t a[2] = {dlc_bfloat_of_float(x)}, b[2] = {dlc_bfloat_of_float(y)};
    if (parts == 2) dlc_split_float(x, a), dlc_split_float(y, b);
    if (parts == 2 && !by_amx) return (double)x * ((double)dlc_float_of_bfloat(b[0]) + (double)dlc_float_of_bfloat(b[1]));
    const double a0 = dlc_float_of_bfloat(a[0]), a1 = dlc_float_of_bfloat(a[1]), b0 = dlc_float_of_bfloat(b[0]), b1 = dlc_float_of_bfloat(b[1]);
    return a0 * b0 + (a0 * b1 + a1 * b0);
}

enum { CANARY = 64 };
/// A workspace of NaNs with canaries behind it.
static inline uint8_t *workspace(int64_t bytes) {
    uint8_t *p = aligned(bytes + CANARY);
    memset(p, 0xff, (size_t)bytes);
    memset(p + bytes, 0xa5, CANARY);
    return p;
}
static inline bool canary_lives(const uint8_t *p, int64_t bytes) {
    for (int i = 0; i < CANARY; i++)
        if (p[bytes + i] != 0xa5) return false;
    return true;
}

/// Every phase, its tasks one by one, all at once where there are no more than `step`, or in ranges of random lengths up to twice that,
/// as threads that help one another cut them, each with fresh scratch. False where a workspace overran.
static inline bool launch_run(const dlc_launch *launch, const void *params, void *const *buffers, int64_t step) {
    uint8_t *shared = workspace(launch->shared_bytes), *scratch = workspace(launch->scratch_bytes);
    for (int32_t phase = 0; phase < launch->phases; phase++)
        for (int64_t i = 0, end; i < launch->tasks; i = end) {
            const int64_t length = step == 1 ? 1 : step >= launch->tasks ? launch->tasks : 1 + random_below(2 * step);
            end = i + length < launch->tasks ? i + length : launch->tasks;
            dlc_call call = {params, buffers, shared, scratch, i, end, phase};
            memset(scratch, 0xff, (size_t)launch->scratch_bytes);
            launch->run(&call);
        }
    bool fine = canary_lives(shared, launch->shared_bytes) && canary_lives(scratch, launch->scratch_bytes);
    free(shared);
    free(scratch);
    return fine;
}

/// The best time of one run on this thread.
static inline double launch_time(const dlc_launch *launch, const void *params, void *const *buffers, double budget) {
    void *shared = aligned(launch->shared_bytes), *scratch = aligned(launch->scratch_bytes);
    double best = 1e9, start = seconds();
    for (int i = 0; i < 3 || seconds() - start < budget; i++) {
        double t = seconds();
        for (int32_t phase = 0; phase < launch->phases; phase++) {
            dlc_call call = {params, buffers, shared, scratch, 0, launch->tasks, phase};
            launch->run(&call);
        }
        t = seconds() - t;
        if (t < best) best = t;
    }
    free(shared);
    free(scratch);
    return best;
}

static const char *const isa_names[] = {"portable", "avx2", "avx512", "neon"};
#endif
