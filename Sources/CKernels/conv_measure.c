/// The time of a convolution by itself, for the choice of its algorithm.
#include "conv.h"
#include "dlc_memory.h"
#include <stdlib.h>
#include <string.h>
#include <time.h>

static double seconds(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/// Small values of both signs: no denormals, no infinities.
static void fill(float *values, int64_t count) {
    uint32_t state = 1;
    for (int64_t i = 0; i < count; i++) {
        state = state * 1664525u + 1013904223u;
        values[i] = (float)(int32_t)state * 0x1p-32f;
    }
}

/// Reads memory, a number from every cache line, and so brings it nearer and sends other memory away.
static float sweep(const float *values, int64_t bytes) {
    float sum = 0;
    for (int64_t i = 0; i < bytes / 4; i += 16) sum += values[i];
    return sum;
}

static double best_run(const dlc_launch *launch, const dlc_conv *p, void **buffers, int64_t x_bytes, const float *other,
                       int64_t other_bytes, double budget) {
    void *shared = dlc_allocate_zeroed(launch->shared_bytes), *scratch = dlc_allocate_zeroed(launch->scratch_bytes);
    double best = __builtin_inf(), spent = 0;
    volatile float kept;
    for (int i = 0; shared && scratch && (i < 3 || (spent < budget && i < 1000)); i++) {
        // As in a network: other layers' weights went through the caches, the input was just written.
        kept = sweep(other, other_bytes) + sweep(buffers[DLC_CONV_X], x_bytes);
        if (buffers[DLC_CONV_RESIDUAL]) kept = sweep(buffers[DLC_CONV_RESIDUAL], 4 * dlc_conv_pixels(p) * p->residual_ld);
        const double start = seconds();
        for (int32_t phase = 0; phase < launch->phases; phase++) {
            const dlc_call call = {p, buffers, shared, scratch, 0, launch->tasks, phase};
            launch->run(&call);
        }
        const double took = seconds() - start;
        spent += took;
        if (i > 0 && took < best) best = took; // the first run touches memory and wakes the wide units
    }
    (void)kept;
    dlc_free(shared), dlc_free(scratch);
    return best;
}

double dlc_conv_measure(dlc_isa isa, const dlc_conv *conv, bool residual, int64_t other_bytes, double budget) {
    dlc_conv p = *conv;
    dlc_launch launch;
    if (p.type != DLC_F32 || !dlc_host_has(isa) || !dlc_conv_prepare(isa, &p, &launch)) return __builtin_inf();
    const int64_t most = (int64_t)1 << 32, pixels = dlc_conv_pixels(&p);
    const int64_t x = 4 * p.n * p.d * p.h * p.w * p.x_ld, y = 4 * pixels * p.y_ld, r = residual ? 4 * pixels * p.residual_ld : 0;
    const int64_t weights = dlc_conv_packed_bytes(isa, &p);
    if (x > most || y > most || r > most || weights > most || launch.shared_bytes > most || launch.scratch_bytes > most) return __builtin_inf();
    const int64_t sizes[] = {x, weights, 4 * p.oc, r, 4 * p.oc, y};
    void *buffers[6] = {0};
    float *other = dlc_allocate_zeroed(other_bytes);
    bool complete = other != 0;
    for (int i = 0; i < 6; i++) {
        if (i == DLC_CONV_RESIDUAL && !residual) continue;
        buffers[i] = dlc_allocate_arena(sizes[i]);
        if (!buffers[i]) complete = false;
        else fill(buffers[i], sizes[i] / 4);
    }
    const double best = complete ? best_run(&launch, &p, buffers, x, other, other_bytes, budget) : __builtin_inf();
    for (int i = 0; i < 6; i++) dlc_free(buffers[i]);
    dlc_free(other);
    return best;
}
